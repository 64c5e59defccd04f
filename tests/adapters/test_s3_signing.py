"""Our signer against boto3's: the same bytes, and nothing left out that must be signed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from app.adapters.s3.credentials import CurrentCredentials
from app.adapters.s3.signer import OriginSigner, origin_signer
from app.adapters.s3.store import bucket_address, build_client, build_signer
from app.config.settings import read_settings
from app.domain.errors import StoreUnavailable
from app.domain.photos.bucket import BucketAccess
from app.domain.photos.model import PhotoRow
from tests.support.pictures import jpeg
from tests.support.stores import now, row

BODY = jpeg(32, 24)
PLACES = {
    "aws": {"S3_REGION": "eu-west-2"},
    "us-east-1": {"S3_REGION": "us-east-1"},
    "china": {"S3_REGION": "cn-north-1"},
    "path": {"S3_ADDRESSING": "path"},
    "dotted": {"S3_BUCKET": "photos.clinic.example"},
    "endpoint": {"S3_ENDPOINT": "https://s3.clinic.example:9000", "S3_ADDRESSING": "path"},
    "endpoint with the bucket as host": {"S3_ENDPOINT": "https://s3.clinic.example"},
    "local": {"S3_ENDPOINT": "http://127.0.0.1:9000", "S3_ADDRESSING": "path"},
    "usual port": {"S3_ENDPOINT": "https://s3.clinic.example:443", "S3_ADDRESSING": "path"},
    "address of six": {"S3_ENDPOINT": "https://[fd00::1]:9000", "S3_ADDRESSING": "path"},
    "owner": {"S3_EXPECTED_OWNER": "123456789012"},
}
KEYS = {
    "fixed": ("AKIAEXAMPLE", "secret/with+signs", None),
    "role": ("ASIAEXAMPLE", "secret", "token/with+signs=="),
}


@pytest.fixture(params=PLACES)
def settings(request: pytest.FixtureRequest) -> Any:
    return read_settings({"S3_BUCKET": "clinic-photos", **PLACES[request.param]})


@pytest.fixture(params=KEYS)
def client(request: pytest.FixtureRequest, settings: Any) -> Iterator[Any]:
    opened = build_client(settings, boto3.session.Session(*KEYS[request.param]))
    yield opened
    opened.close()


def expected_put(client: Any, settings: Any, photo: PhotoRow, checksum: str) -> str:
    owner = {"ExpectedBucketOwner": settings.s3_expected_owner} if settings.s3_expected_owner else {}
    asked = {
        "Bucket": settings.s3_bucket,
        "Key": photo.key,
        "ContentType": photo.content_type,
        "ContentLength": photo.size,
        "ServerSideEncryption": "AES256",
        "ChecksumSHA256": checksum,
        "IfNoneMatch": "*",
        "CacheControl": "private, max-age=31536000, immutable",
        **owner,
    }
    return str(client.generate_presigned_url("put_object", Params=asked, ExpiresIn=300, HttpMethod="PUT"))


def expected_get(client: Any, settings: Any, key: str, name: str, content_type: str) -> str:
    asked = {
        "Bucket": settings.s3_bucket,
        "Key": key,
        "ResponseCacheControl": "private, no-store",
        "ResponseContentDisposition": f'inline; filename="{name}"',
        "ResponseContentType": content_type,
    }
    return str(client.generate_presigned_url("get_object", Params=asked, ExpiresIn=900))


def signed_at(url: str) -> datetime:
    text = parse_qs(urlsplit(url).query)["X-Amz-Date"][0]
    return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def test_an_upload_is_signed_as_boto3_signs_it(client: Any, settings: Any) -> None:
    """Byte for byte, in every place and with every kind of keys."""
    photo = row(BODY)
    signer = build_signer(settings, client, now)
    checksum = signer.sign_put(photo).headers["x-amz-checksum-sha256"]

    theirs = expected_put(client, settings, photo, checksum)
    ours = build_signer(settings, client, lambda: signed_at(theirs)).sign_put(photo)

    assert ours.url == theirs
    assert (ours.method, ours.expires_in) == ("PUT", 300)


def test_a_picture_is_signed_as_boto3_signs_it(client: Any, settings: Any) -> None:
    """Byte for byte at the start of a window, where our floored time is boto3's own."""
    photo = row(BODY)
    signer = build_signer(settings, client, now)

    theirs = expected_get(client, settings, photo.key, f"{photo.photo_id}.jpg", "image/jpeg")
    ours = signer._sign_get(photo.key, photo.content_type, signed_at(theirs))

    assert ours == theirs


def test_a_thumbnail_is_signed_like_its_photo(client: Any, settings: Any, signer: OriginSigner) -> None:
    """Another key, name and type; the same window, lifetime, headers and session."""
    photo, moment = row(BODY), datetime(2026, 11, 22, 10, 43, tzinfo=UTC)
    key = f"consultations/{photo.captured_in}/{photo.photo_id}.thumb.webp"

    theirs = expected_get(client, settings, key, f"{photo.photo_id}.thumb.webp", "image/webp")
    ours = build_signer(settings, client, now)._sign_get(key, "image/webp", signed_at(theirs))

    assert photo.thumbnail_key == key
    assert ours == theirs
    page = signer.for_page("http://localhost:8000", "sess_1")
    shown, small = (
        parse_qs(urlsplit(url).query)
        for url in (page.sign_get(photo, moment), page.sign_thumbnail(photo, moment))
    )
    differing = {name for name in shown if shown[name] != small[name]}
    assert differing == {"X-Amz-Signature", "response-content-disposition", "response-content-type"}
    assert shown.keys() == small.keys()
    assert small["x-cp-session"] == ["sess_1"]


def test_no_upload_is_signed_for_a_thumbnail(signer: OriginSigner) -> None:
    """Of either type of photo: a PUT's key is the photo's."""
    for photo in (row(BODY), row(BODY, "image/webp")):
        path = urlsplit(signer.sign_put(photo).url).path

        assert path == f"/photos/{photo.key}"
        assert path != f"/photos/{photo.thumbnail_key}"


def test_every_header_that_is_sent_is_signed(settings: Any, client: Any) -> None:
    """The phone sends the map unchanged; length and host come by themselves and are signed too."""
    upload = build_signer(settings, client, now).sign_put(row(BODY))

    signed = parse_qs(urlsplit(upload.url).query)["X-Amz-SignedHeaders"][0].split(";")

    assert set(signed) == {name.lower() for name in upload.headers} | {"content-length", "host"}
    assert upload.headers["If-None-Match"] == "*"
    assert upload.headers["x-amz-server-side-encryption"] == "AES256"


@pytest.fixture
def signer() -> OriginSigner:
    access = BucketAccess(bucket="photos", region="local", access_key="k", secret_key="s")
    return origin_signer(access, ["http://localhost:8000", "https://192.168.1.20:8443"], now)


def test_a_picture_keeps_its_address_within_a_window(signer: OriginSigner) -> None:
    """The same for five minutes, so that the browser's cache holds; then another."""
    photo, start = row(BODY), datetime(2026, 11, 22, 10, 40, tzinfo=UTC)

    urls = [signer.sign_get(photo, start + timedelta(seconds=second)) for second in (0, 1, 299)]

    assert len(set(urls)) == 1
    assert "X-Amz-Date=20261122T104000Z" in urls[0]
    assert "X-Amz-Expires=900" in urls[0]
    assert signer.sign_get(photo, start + timedelta(seconds=300)) != urls[0]


def test_the_address_names_the_origin_that_the_page_came_through(signer: OriginSigner) -> None:
    """A phone in the network cannot open localhost."""
    photo = row(BODY)

    lan = signer.for_origin("https://192.168.1.20:8443")

    assert lan.sign_put(photo).url.startswith(f"https://192.168.1.20:8443/photos/{photo.key}?")
    assert lan.sign_get(photo, now()).startswith(f"https://192.168.1.20:8443/photos/{photo.key}?")
    assert signer.sign_put(photo).url.startswith("http://localhost:8000/photos/")
    assert signer.for_origin("https://evil.example.org") is signer


def test_a_new_day_gets_a_new_key(signer: OriginSigner) -> None:
    """The kept key is for one day only: both sides of midnight equal a signer that kept nothing."""
    photo, before = row(BODY), datetime(2026, 11, 22, 23, 59, tzinfo=UTC)
    after = before + timedelta(hours=1)
    access = BucketAccess(bucket="photos", region="local", access_key="k", secret_key="s")

    kept = [signer.sign_get(photo, moment) for moment in (before, after, before)]
    fresh = [
        origin_signer(access, ["http://localhost:8000"], now).sign_get(photo, moment)
        for moment in (before, after, before)
    ]

    assert kept == fresh


def test_a_cloud_store_keeps_its_own_address(client: Any, settings: Any) -> None:
    """Where the store does not follow the page, every origin gets the bucket's address."""
    signer = build_signer(settings, client, now)

    assert signer.for_page("https://capture.clinic.example") is signer
    assert bucket_address(client, settings.s3_bucket).url == signer.address


def test_no_keys_stop_the_start_with_a_sentence() -> None:
    """Rather than an error at the first photo."""
    without_keys = SimpleNamespace(_request_signer=SimpleNamespace(_credentials=None))

    with pytest.raises(StoreUnavailable, match="No keys"):
        build_signer(read_settings({"S3_BUCKET": "clinic-photos"}), without_keys, now)


class RoleKeys:
    """Keys of a role near their end: ``renew`` is what the network call of the real ones does."""

    def __init__(self) -> None:
        self.ending = False
        self.renewals = 0

    def refresh_needed(self) -> bool:
        return self.ending

    def get_frozen_credentials(self) -> str:
        if self.ending:
            self.renewals += 1
            self.ending = False
        return f"keys {self.renewals}"


def test_a_role_is_renewed_beside_the_signing() -> None:
    """The first signature after the keys begin to end does not wait; a later one has the new keys."""
    source = RoleKeys()
    keys = CurrentCredentials(source)
    assert keys() == "keys 0"

    source.ending = True
    assert keys() == "keys 0"
    while keys._renewing.locked():
        pass

    assert keys() == "keys 1"
    assert source.renewals == 1
