"""What the signer and the verifier of uploads must agree on.

One bucket, one region, one pair of keys, and the headers that make an upload exact and write-once.
"""

from collections.abc import Iterable
from uuid import UUID

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

# Objects that test a store lie under a consultation id that cannot exist.
TRIAL_CONSULTATION = UUID(int=0)
TRIAL_PREFIX = f"consultations/{TRIAL_CONSULTATION}/"


def cors_rules(origins: Iterable[str]) -> dict[str, object]:
    """What a bucket must allow to the pages of these origins: what the signer signs, and reading answers."""
    return {
        "CORSRules": [
            {
                "AllowedOrigins": [*origins],
                "AllowedMethods": ["PUT", "GET"],
                "AllowedHeaders": [
                    "content-type",
                    "cache-control",
                    "if-none-match",
                    "x-amz-server-side-encryption",
                    "x-amz-checksum-sha256",
                    "x-amz-expected-bucket-owner",
                ],
                "ExposeHeaders": [
                    "ETag",
                    "x-amz-checksum-sha256",
                    "x-amz-server-side-encryption",
                    "x-amz-version-id",
                ],
                "MaxAgeSeconds": 3000,
            }
        ]
    }


class BucketFacts(msgspec.Struct, kw_only=True, frozen=True):
    """What an account says of a bucket; empty or false where it may not be asked."""

    region: str
    other_owner: bool
    public: bool


class BucketAccess(msgspec.Struct, kw_only=True, frozen=True):
    """A bucket of the built-in store and the keys that open it."""

    bucket: str
    region: str
    access_key: str
    secret_key: str

    def __repr__(self) -> str:
        # A struct shows its fields in every traceback; this one holds a secret.
        return f"BucketAccess(bucket={self.bucket!r}, region={self.region!r})"
