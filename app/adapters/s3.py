"""Photos in Amazon S3 or any store that speaks its protocol.

One boto3 client for the process, its calls in threads under our own time limits, its errors
translated here and nowhere else.
"""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from app.adapters.signing import CurrentCredentials, S3Signer
from app.domain.errors import StorageFull, StoreUnavailable, TooLarge
from app.domain.ports import Clock, ObjectSummary, StoredObject
from app.settings import Settings

T = TypeVar("T")

CONNECTIONS = 16
READ_SECONDS = 20.0
CALL_SECONDS = 15.0

_FULL = frozenset({"InsufficientStorage", "XMinioStorageFull", "QuotaExceeded"})


def build_client(settings: Settings, session: Any = None) -> Any:
    """The one client; its keys come from boto3's usual chain (role, profile or environment).

    Raises ``StoreUnavailable`` where the chain itself is wrong, such as a profile that is not there.
    """
    config = Config(
        # boto3's own default would sign with SigV2 in us-east-1 and use the global host elsewhere,
        # whose redirect kills a browser's preflight.
        signature_version="s3v4",
        s3={"addressing_style": settings.s3_addressing},
        connect_timeout=2,
        read_timeout=5,
        retries={"mode": "standard", "total_max_attempts": 2},
        max_pool_connections=CONNECTIONS,
        request_checksum_calculation="when_required",
        response_checksum_validation="when_supported",
    )
    try:
        return (session or boto3.session.Session()).client(
            "s3", region_name=settings.s3_region, endpoint_url=settings.s3_endpoint or None, config=config
        )
    except BotoCoreError as problem:
        raise StoreUnavailable(f"The keys for the bucket cannot be read: {problem}.") from problem


def build_signer(settings: Settings, client: Any, clock: Clock) -> S3Signer:
    """The signer of the client's bucket; raises ``StoreUnavailable`` where no keys are configured."""
    credentials = client._request_signer._credentials
    if credentials is None:
        raise StoreUnavailable("No keys for the bucket: give this server a role, a profile or AWS_* keys.")
    return S3Signer(
        bucket_address(client, settings.s3_bucket),
        settings.s3_region,
        CurrentCredentials(credentials),
        clock,
        settings.s3_expected_owner,
    )


def bucket_address(client: Any, bucket: str) -> str:
    """The URL of a bucket with a slash at its end, as botocore's own endpoint rules make it."""
    url: str = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "x"})
    return url.split("?", 1)[0].removesuffix("x")


class S3Store:
    """Objects in one bucket, by key."""

    def __init__(
        self,
        client: Any,
        bucket: str,
        expected_owner: str = "",
        *,
        read_seconds: float = READ_SECONDS,
        call_seconds: float = CALL_SECONDS,
    ) -> None:
        self._client = client
        self._where = {
            "Bucket": bucket,
            **({"ExpectedBucketOwner": expected_owner} if expected_owner else {}),
        }
        self._read_seconds = read_seconds
        self._call_seconds = call_seconds
        self._threads = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="s3")

    async def read(self, key: str, limit: int) -> StoredObject | None:
        """The whole object in one GET, or None; more than ``limit`` bytes raises ``TooLarge``."""
        return await self._call(self._read_seconds, partial(self._read, key, limit))

    async def delete(self, key: str) -> None:
        """Remove the object; no error when there is none."""
        await self._call(self._call_seconds, partial(self._client.delete_object, Key=key, **self._where))

    async def keys(self, prefix: str) -> AsyncIterator[ObjectSummary]:
        """Every object under a prefix, a page of a thousand at a time."""
        more: dict[str, str] = {}
        while True:
            call = partial(self._client.list_objects_v2, Prefix=prefix, **self._where, **more)
            page = await self._call(self._call_seconds, call)
            for entry in page.get("Contents", ()):
                yield ObjectSummary(key=entry["Key"], size=entry["Size"], modified_at=entry["LastModified"])
            if not page.get("IsTruncated"):
                return
            more = {"ContinuationToken": page["NextContinuationToken"]}

    async def check(self) -> None:
        """Raise ``StoreUnavailable`` unless the store answers now."""
        await self._call(self._call_seconds, partial(self._client.head_bucket, **self._where))

    def close(self) -> None:
        """Let go of the threads and the connections."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._client.close()

    async def _call(self, seconds: float, call: Callable[[], T]) -> T:
        running = asyncio.get_running_loop().run_in_executor(self._threads, call)
        try:
            async with asyncio.timeout(seconds):
                return await running
        except TimeoutError:
            raise StoreUnavailable("The store did not answer in time.") from None
        except ClientError as problem:
            raise _translated(problem) from problem
        except (BotoCoreError, HTTPClientError) as problem:
            raise StoreUnavailable("The store cannot be reached.") from problem

    def _read(self, key: str, limit: int) -> StoredObject | None:
        try:
            answer = self._client.get_object(Key=key, ChecksumMode="ENABLED", **self._where)
        except self._client.exceptions.NoSuchKey:
            return None
        with answer["Body"] as body:
            if answer["ContentLength"] > limit:
                raise TooLarge
            content: bytes = body.read()
        return StoredObject(
            body=content,
            content_type=answer["ContentType"],
            encryption=answer.get("ServerSideEncryption"),
            sha256=_hexadecimal(answer.get("ChecksumSHA256")),
        )


def _translated(problem: ClientError) -> Exception:
    code = problem.response.get("Error", {}).get("Code", "")
    status = problem.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    if code in _FULL or status == 507:
        return StorageFull()
    return StoreUnavailable(f"The store refused the call ({code or status}).")


def _hexadecimal(checksum: str | None) -> str | None:
    # A multipart checksum ends in "-n" and is not the digest of the bytes.
    if checksum is None or "-" in checksum:
        return None
    return base64.b64decode(checksum).hex()
