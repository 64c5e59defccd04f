"""What whoever signs uploads and whoever verifies them must agree on.

One bucket, one region, one pair of keys, and the headers that make an upload exact and write-once.
"""

import msgspec

ENCRYPTION = "AES256"
UPLOAD_SECONDS = 300
UPLOAD_CACHE_CONTROL = "private, max-age=31536000, immutable"
SHOW_SECONDS = 900
SHOW_WINDOW_SECONDS = 300
# Nothing of a patient stays in a browser's cache, on whichever store the picture lies.
SHOW_CACHE_CONTROL = "private, no-store"

# In the signed address of a picture of the built-in store: the session with which it ends.
SESSION_PARAMETER = "x-cp-session"

UPLOAD_HEADERS = frozenset(
    {
        "content-type",
        "content-length",
        "x-amz-server-side-encryption",
        "x-amz-checksum-sha256",
        "if-none-match",
        "cache-control",
    }
)


class BucketAccess(msgspec.Struct, kw_only=True, frozen=True):
    """A bucket of the built-in store and the keys that open it."""

    bucket: str
    region: str
    access_key: str
    secret_key: str

    def __repr__(self) -> str:
        # A struct shows its fields in every traceback; this one holds a secret.
        return f"BucketAccess(bucket={self.bucket!r}, region={self.region!r})"
