"""Our signatures against those of botocore, for any photo at any moment; Amazon's published example."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.s3.signer import S3Signer
from app.adapters.s3.sigv4 import FixedKeys, UnsignedRequest, presign
from app.domain.photos.model import CONTENT_TYPES, PhotoRow
from tests.support.stores import row

OWNER = "123456789012"
ADDRESSES = (
    "http://localhost:8000/photos/",
    "https://clinic-photos.s3.eu-west-2.amazonaws.com/",
    "https://s3.clinic.example:443/photos.of.100%25/",
    "https://[fd00::1]:9000/photos/",
)
SECRETS = st.text("abcXYZ019/+=%()", min_size=1, max_size=40)

photos = st.builds(
    lambda ids, size, digest, content_type: row(
        b"", content_type, photo_id=ids[0], captured_in=ids[1], size=size, sha256=digest.hex()
    ),
    st.tuples(st.uuids(), st.uuids()),
    st.integers(1, 4_000_000),
    st.binary(min_size=32, max_size=32),
    st.sampled_from(sorted(CONTENT_TYPES)),
)
keys = st.builds(Credentials, SECRETS, SECRETS, st.none() | SECRETS)
moments = st.integers(0, 4_000_000_000).map(lambda second: datetime.fromtimestamp(second, UTC))


class Bucket:
    """A signer whose clock and credentials are whatever the example says, and botocore beside it."""

    def __init__(self, address: str) -> None:
        self._address = address
        self.credentials = Credentials("a", "b")
        self.moment = datetime(2026, 11, 22, tzinfo=UTC)
        self.signer = S3Signer(address, "eu-west-2", lambda: self.credentials, lambda: self.moment, OWNER)

    def expected(self, method: str, photo: PhotoRow, query: str, headers: dict[str, str], life: int) -> str:
        """botocore's own steps, with nothing kept from one request to the next."""
        auth = S3SigV4QueryAuth(self.credentials, "s3", "eu-west-2", expires=life)
        request: Any = AWSRequest(method, self._address + photo.key + query, headers)
        request.context["timestamp"] = self.moment.strftime("%Y%m%dT%H%M%SZ")
        auth._modify_request_before_signing(request)
        text = auth.string_to_sign(request, auth.canonical_request(request))
        auth._inject_signature_to_request(request, auth.signature(text, request))
        return str(request.url)


BUCKETS = [Bucket(address) for address in ADDRESSES]
examples = given(
    bucket=st.sampled_from(BUCKETS), photo=photos, credentials=st.sampled_from([None]) | keys, moment=moments
)


@examples
def test_any_upload_is_signed_as_botocore_signs_it(
    bucket: Bucket, photo: PhotoRow, credentials: Credentials | None, moment: datetime
) -> None:
    """Photo, moment and credentials change in any order; the day's key is kept from example to example."""
    bucket.credentials, bucket.moment = credentials or bucket.credentials, moment

    upload = bucket.signer.sign_put(photo)

    headers = {**upload.headers, "Content-Length": str(photo.size)}
    assert upload.url == bucket.expected("PUT", photo, "", headers, 300)


@examples
def test_any_picture_is_signed_as_botocore_signs_it(
    bucket: Bucket, photo: PhotoRow, credentials: Credentials | None, moment: datetime
) -> None:
    """The file name and the overrides of the answer's headers are in the query, encoded and signed."""
    bucket.credentials, bucket.moment = credentials or bucket.credentials, moment

    url = bucket.signer._sign_get(photo.key, photo.content_type, moment)

    name = f"{photo.photo_id}.{CONTENT_TYPES[photo.content_type]}"
    query = (
        "?response-cache-control=private%2C%20no-store"
        f"&response-content-disposition=inline%3B%20filename%3D%22{name}%22"
        f"&response-content-type={photo.content_type.replace('/', '%2F')}"
    )
    assert url == bucket.expected("GET", photo, query, {}, 900)


def test_the_published_example_has_its_published_signature() -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html"""
    keys = FixedKeys("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    request = UnsignedRequest("GET", "https://examplebucket.s3.amazonaws.com/test.txt", {}, {}, 86_400)

    url = presign(request, keys, "us-east-1", datetime(2013, 5, 24, tzinfo=UTC))

    assert url == (
        "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
        "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
        "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    )


def test_two_photos_share_nothing() -> None:
    """The values of the photo before are never in the address of the next one."""
    bucket, first, second = Bucket(ADDRESSES[0]), row(b"one"), row(b"another")

    bucket.signer.sign_put(first)
    url = bucket.signer.sign_put(second).url

    assert str(second.photo_id) in url
    assert not any(str(known) in url for known in (first.photo_id, first.captured_in))


def test_a_renewed_role_signs_with_its_new_token() -> None:
    """What was kept for the credentials before is not used again."""
    bucket, photo = Bucket(ADDRESSES[1]), row(b"one", photo_id=UUID(int=7), captured_in=uuid4())
    bucket.credentials = Credentials("ASIAOLD", "old", "old-token")
    bucket.signer.sign_put(photo)

    bucket.credentials = Credentials("ASIANEW", "new", "new-token")
    upload = bucket.signer.sign_put(photo)

    assert "ASIANEW" in upload.url
    assert "X-Amz-Security-Token=new-token" in upload.url
    headers = {**upload.headers, "Content-Length": str(photo.size)}
    assert upload.url == bucket.expected("PUT", photo, "", headers, 300)
