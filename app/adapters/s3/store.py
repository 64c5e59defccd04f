"""Photos in Amazon S3 or any store that speaks its protocol.

One boto3 client for the process, its calls in threads under our own time limits, its errors
translated here and nowhere else.
"""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from hashlib import sha256
from http import HTTPStatus
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConfigParseError,
    HTTPClientError,
    ProfileNotFound,
)
from botocore.parsers import ResponseParserError
from botocore.utils import get_environ_proxies

from app.adapters.outgoing import STORE_CA_VARIABLES, ca_bundle, proxy_for
from app.adapters.s3.bucket_facts import bucket_facts
from app.adapters.s3.credentials import CurrentCredentials
from app.adapters.s3.signer import S3Signer
from app.config.settings import Settings
from app.domain.errors import StorageFull, StoreRefused, StoreUnavailable, TooLarge
from app.domain.photos.bucket import ENCRYPTION, UPLOAD_CACHE_CONTROL, BucketFacts
from app.domain.ports.clock import Clock
from app.domain.ports.storage import ObjectSummary, StoredObject

T = TypeVar("T")

CONNECTIONS = 16
READ_SECONDS = 20.0
CALL_SECONDS = 15.0

# Said of a call that may go well a moment later.
_BUSY = frozenset(
    {
        "RequestTimeout",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequests",
        "RequestLimitExceeded",
    }
)
_REASONS = {
    "AccessDenied": "its role or key lacks a permission, or has ended:",
    "AllAccessDisabled": "the account or the bucket is closed:",
    "AuthorizationHeaderMalformed": "the bucket is in another region than S3_REGION says:",
    "ExpiredToken": "the keys of its role have ended:",
    "InvalidAccessKeyId": "the store does not know its key:",
    "InvalidToken": "the keys of its role are not valid:",
    "KMS.DisabledException": "the encryption key of the bucket cannot be used:",
    "KMS.NotFoundException": "the encryption key of the bucket cannot be used:",
    "NoSuchBucket": "there is no bucket of the name in S3_BUCKET:",
    "PermanentRedirect": "the bucket is in another region than S3_REGION says:",
    "RequestTimeTooSkewed": "the clock of this server is wrong:",
    "SignatureDoesNotMatch": "its secret key is not the one of its key:",
}
_FULL = frozenset({"InsufficientStorage", "XMinioStorageFull", "QuotaExceeded"})
_NO_KEYS = (
    "No keys for the bucket. Give this server a role, a profile (AWS_PROFILE) or AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY, and start again."
)
_NOT_READ = (
    "What AWS_* variables or the AWS configuration file say of the store cannot be read: {}. "
    "Correct it and start again."
)
_NO_ADDRESS = (
    "No address of the bucket follows from S3_BUCKET, S3_REGION, S3_ENDPOINT and the AWS_* variables: {}. "
    "Correct them and start again."
)


class BucketAddress(NamedTuple):
    """Where every presigned URL of a bucket begins, and the region that it is signed for."""

    url: str
    region: str


def build_client(settings: Settings, session: Any = None) -> Any:
    """The one client; its keys come from boto3's usual chain (role, profile or environment).

    Raises ``StoreUnavailable`` where what botocore reads is wrong, such as a profile that is not there.
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
        made = partial(
            (session or boto3.session.Session()).client,
            "s3",
            region_name=settings.s3_region,
            endpoint_url=settings.s3_endpoint or None,
            verify=ca_bundle(names=STORE_CA_VARIABLES),
        )
        client = made(config=config)
        # Only now its address is known; by itself botocore knows neither ALL_PROXY nor networks in NO_PROXY.
        proxy = proxy_for(client.meta.endpoint_url)
        if proxy == get_environ_proxies(client.meta.endpoint_url).get(_scheme(client)):
            return client
        client.close()
        return made(config=config.merge(Config(proxies={"http": proxy, "https": proxy} if proxy else {})))
    except (BotoCoreError, ValueError, AttributeError) as problem:
        # The last two are what botocore makes of an address or a file that it does not understand.
        unread = (ProfileNotFound, ConfigParseError, AttributeError)
        sentence = _NOT_READ if isinstance(problem, unread) else _NO_ADDRESS
        raise StoreUnavailable(sentence.format(str(problem).rstrip("."))) from problem


def certificate_authorities() -> str:
    """The file of certificate authorities that botocore was given (AWS_CA_BUNDLE), or empty."""
    return str(botocore.session.Session().get_config_variable("ca_bundle") or "")


def _scheme(client: Any) -> str:
    return str(urlsplit(client.meta.endpoint_url).scheme)


def build_signer(settings: Settings, client: Any, clock: Clock) -> S3Signer:
    """The signer of the client's bucket; raises ``StoreUnavailable`` where no keys are configured."""
    credentials = client._request_signer._credentials
    if credentials is None:
        raise StoreUnavailable(_NO_KEYS)
    address = bucket_address(client, settings.s3_bucket)
    return S3Signer(
        address.url,
        address.region,
        CurrentCredentials(credentials),
        clock,
        settings.s3_expected_owner,
    )


def bucket_address(client: Any, bucket: str) -> BucketAddress:
    """A bucket's address as botocore's own endpoint rules make it, with all that they read.

    Asked for without keys: fetching a role's keys needs a network, and the address does not.
    """
    regions: list[str] = []

    def unsigned(region_name: str, **_: Any) -> Any:
        regions.append(region_name)
        return UNSIGNED

    events = client.meta.events
    events.register_first("choose-signer.s3.PutObject", unsigned)
    try:
        url: str = client.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "x"})
    except (BotoCoreError, ValueError) as problem:
        raise StoreUnavailable(_NO_ADDRESS.format(str(problem).rstrip("."))) from problem
    finally:
        events.unregister("choose-signer.s3.PutObject", unsigned)
    parts = urlsplit(url)
    if parts.username is not None:
        raise StoreUnavailable(_NO_ADDRESS.format("browsers send no photo to an address with a password"))
    address = f"{parts.scheme}://{parts.netloc.lower()}{parts.path.removesuffix('x')}"
    return BucketAddress(address, regions[-1])


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

    async def write_derived(self, key: str, body: bytes, content_type: str) -> None:
        """Keep what the server made of a photo; what the key already has stays."""
        await self._call(self._call_seconds, partial(self._write_once, key, body, content_type))

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

    async def facts(self) -> BucketFacts:
        """What the account says of the bucket; a mistaken owner does not hide the rest."""
        bucket, owner = self._where["Bucket"], self._where.get("ExpectedBucketOwner", "")
        return await self._call(self._read_seconds, partial(bucket_facts, self._client, bucket, owner))

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
        except ResponseParserError as problem:
            raise StoreUnavailable("What answers at the store's address is no store.") from problem

    def _write_once(self, key: str, body: bytes, content_type: str) -> None:
        """With all that the bucket's policy asks of an upload."""
        try:
            self._client.put_object(
                Key=key,
                Body=body,
                ContentType=content_type,
                CacheControl=UPLOAD_CACHE_CONTROL,
                ServerSideEncryption=ENCRYPTION,
                ChecksumSHA256=base64.b64encode(sha256(body).digest()).decode(),
                IfNoneMatch="*",
                **self._where,
            )
        except ClientError as problem:
            status = problem.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            if status != HTTPStatus.PRECONDITION_FAILED:
                raise

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
    if status is None or status >= HTTPStatus.INTERNAL_SERVER_ERROR or code in _BUSY:
        return StoreUnavailable(f"The store refused the call ({code or status}).")
    why = _REASONS.get(code, "its answer is")
    return StoreRefused(
        f"The photo store refuses this server: {why} {code or status}. "
        "Photos wait on the phones until that is mended."
    )


def _hexadecimal(checksum: str | None) -> str | None:
    # A multipart checksum ends in "-n" and is not the digest of the bytes.
    if checksum is None or "-" in checksum:
        return None
    return base64.b64decode(checksum).hex()
