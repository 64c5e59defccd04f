"""Our own logic around boto3, on moto: listing, deleting, limits, errors translated at the edge.

What moto does not check (signatures, checksums, policies) is shown on ministack in ``tests/contract``.
"""

import threading
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError
from moto import mock_aws

from app.adapters.s3.store import S3Store, build_client
from app.config.settings import read_settings
from app.domain.errors import StorageFull, StoreRefused, StoreUnavailable, TooLarge

BUCKET = "clinic-photos"


@pytest.fixture
def client() -> Iterator[Any]:
    with mock_aws():
        session = boto3.session.Session("AKIAEXAMPLE", "secret", region_name="eu-west-2")
        opened = build_client(read_settings({"S3_BUCKET": BUCKET}), session)
        where = {"LocationConstraint": "eu-west-2"}
        opened.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
        yield opened
        opened.close()


@pytest.fixture
def store(client: Any) -> Iterator[S3Store]:
    opened = S3Store(client, BUCKET)
    yield opened
    opened.close()


async def test_a_listing_goes_on_behind_the_first_page(store: S3Store, client: Any) -> None:
    """More than a thousand objects, each once and in order."""
    keys = [f"consultations/c/{number:04}.jpg" for number in range(1005)]
    for key in keys:
        client.put_object(Bucket=BUCKET, Key=key, Body=b"x")

    assert [entry.key async for entry in store.keys("consultations/")] == keys


async def test_too_large_is_reported_without_reading(store: S3Store, client: Any) -> None:
    """The length comes with the headers."""
    client.put_object(Bucket=BUCKET, Key="k", Body=b"12345")

    with pytest.raises(TooLarge):
        await store.read("k", 4)
    assert (await store.read("k", 5)) is not None


async def test_what_the_store_says_about_an_object_is_handed_on(store: S3Store, client: Any) -> None:
    """Type, encryption and digest in hexadecimal; absent ones are None."""
    client.put_object(
        Bucket=BUCKET,
        Key="k",
        Body=b"abc",
        ContentType="image/webp",
        ServerSideEncryption="AES256",
        ChecksumAlgorithm="SHA256",
    )

    stored = await store.read("k", 10)

    assert stored is not None
    assert (stored.body, stored.content_type, stored.encryption) == (b"abc", "image/webp", "AES256")
    assert stored.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


async def test_a_missing_bucket_is_no_missing_photo(client: Any) -> None:
    """Both are a 404; only one of them may be taken for "not uploaded yet"."""
    elsewhere = S3Store(client, "another-bucket")

    with pytest.raises(StoreUnavailable):
        await elsewhere.read("k", 10)
    with pytest.raises(StoreUnavailable):
        await elsewhere.check()
    elsewhere.close()


async def test_another_owner_of_the_bucket_is_refused(client: Any) -> None:
    """The owner is named with every call, so a bucket of the same name elsewhere is never used."""
    sent: list[Any] = []
    client.meta.events.register(
        "before-parameter-build.s3", lambda params, **_: sent.append(params.get("ExpectedBucketOwner"))
    )
    store = S3Store(client, BUCKET, "123456789012")

    await store.read("k", 1)
    await store.delete("k")
    await store.check()
    assert [entry async for entry in store.keys("")] == []

    assert sent == ["123456789012"] * 4
    store.close()


class Failing:
    """A client whose every call ends in one way."""

    class exceptions:  # noqa: N801 - boto3's own name
        class NoSuchKey(Exception):
            pass

    def __init__(self, outcome: Any) -> None:
        self._outcome = outcome

    def delete_object(self, **_: Any) -> None:
        self._outcome()

    def close(self) -> None:
        pass


def error(code: str, status: int) -> ClientError:
    answer = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "DeleteObject")


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        (error("AccessDenied", 403), StoreRefused),
        (error("ExpiredToken", 400), StoreRefused),
        (error("NoSuchBucket", 404), StoreRefused),
        (error("PermanentRedirect", 301), StoreRefused),
        (error("KMS.DisabledException", 400), StoreRefused),
        (error("RequestTimeTooSkewed", 403), StoreRefused),
        (error("NeverHeardOf", 405), StoreRefused),
        (error("RequestTimeout", 400), StoreUnavailable),
        (error("SlowDown", 503), StoreUnavailable),
        (error("InternalError", 500), StoreUnavailable),
        (ConnectTimeoutError(endpoint_url="https://s3"), StoreUnavailable),
        (error("XMinioStorageFull", 507), StorageFull),
        (error("", 507), StorageFull),
    ],
)
async def test_an_error_of_the_sdk_becomes_one_of_ours(problem: Exception, expected: type) -> None:
    """Nothing above this file knows boto3."""

    def fail() -> None:
        raise problem

    store = S3Store(Failing(fail), BUCKET)

    with pytest.raises(expected) as raised:
        await store.delete("k")
    store.close()
    assert type(raised.value) is expected


async def test_a_store_that_hangs_is_given_up_in_time() -> None:
    """Our own time limit holds where the SDK's does not."""
    released = threading.Event()
    store = S3Store(Failing(released.wait), BUCKET, call_seconds=0.05)

    with pytest.raises(StoreUnavailable, match="in time"):
        await store.delete("k")
    released.set()
    store.close()
