"""The built-in store over HTTP, for phones and pages with a presigned address: PUT, GET, HEAD.

An ASGI application for everything below ``/{bucket}/``. It answers on the app's own origin, where no
CORS is needed, and on a separate one with CORS for exactly the pages that were named.
"""

import base64
import binascii
import contextlib
import hashlib
from collections.abc import Iterable
from urllib.parse import urlsplit

import structlog
from litestar import asgi
from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope, Send

from app.domain.errors import StorageFull, Unavailable
from app.domain.identity.sessions import SessionCheck
from app.domain.photos.bucket import ENCRYPTION, SESSION_PARAMETER
from app.domain.photos.model import CONTENT_TYPES, MAX_PHOTO_BYTES
from app.domain.ports.clock import Clock
from app.embedded.store.cors import Cors
from app.embedded.store.encryption import StoredFile
from app.embedded.store.request_body import Body, ClientGone, IncomingBodies
from app.embedded.store.responses import (
    StoreError,
    StoreResponse,
    created_response,
    error_response,
    object_response,
)
from app.embedded.store.signature import StoreHosts, StoreRequest, read_request, verify
from app.embedded.store.store import EmbeddedStore, is_key

_LOG = structlog.get_logger("clinicpro")


class StoreHttpHandler:
    """One bucket of the built-in store as S3 clients know it."""

    def __init__(
        self,
        store: EmbeddedStore,
        origins: Iterable[str],
        clock: Clock,
        pages: Iterable[str] = (),
        is_open: SessionCheck | None = None,
        arrivals: IncomingBodies | None = None,
    ) -> None:
        """``origins`` are the store's own addresses; ``pages`` are other origins that may use it.

        Without such pages the store follows the app, which this computer's own names reach as well.
        ``is_open`` returns whether a session has not ended, for addresses that were signed for one.
        """
        self._store = store
        pages = tuple(pages)
        self._hosts = StoreHosts((urlsplit(origin).netloc.lower() for origin in origins), own=not pages)
        self._clock = clock
        self._cors = Cors(pages)
        self._is_open = is_open
        self._arrivals = arrivals or IncomingBodies()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, as ASGI hands it over."""
        request = read_request(scope)
        with contextlib.suppress(ClientGone):
            answer = await self._answer(request, Body(receive))
            await _send(send, request, answer, self._cors.headers(request))

    async def _answer(self, request: StoreRequest, body: Body) -> StoreResponse:
        try:
            return await self._serve(request, body)
        except StoreError as refusal:
            answer = error_response(refusal)
        except StorageFull:
            answer = error_response(
                StoreError(507, "InsufficientStorage", "There is no room left for photos.")
            )
        except Unavailable:
            answer = error_response(StoreError(503, "ServiceUnavailable", "The store cannot be reached now."))
        _LOG.info("store.refused", method=request.method, status=answer.status)
        await body.drain(MAX_PHOTO_BYTES)
        return answer

    async def _serve(self, request: StoreRequest, body: Body) -> StoreResponse:
        if request.method == "OPTIONS":
            return self._cors.preflight(request)
        if request.method not in ("PUT", "GET", "HEAD"):
            raise StoreError(405, "MethodNotAllowed", "The store does not know this method.")
        if request.method == "PUT" and "content-length" not in request.headers:
            raise StoreError(411, "MissingContentLength", "The length of the body must be known.")
        overrides = verify(request, self._store.access, self._hosts, self._clock())
        key = self._key(request)
        if request.method == "PUT":
            return await self._put(request, key, body)
        return await self._get(request, key, overrides)

    def _key(self, request: StoreRequest) -> str:
        _, bucket, key = request.path.split("/", 2) if request.path.count("/") > 1 else ("", "", "")
        if bucket != self._store.access.bucket:
            raise StoreError(404, "NoSuchBucket", "There is no such bucket.")
        if not is_key(key):
            raise StoreError(400, "InvalidArgument", "This cannot be a key.")
        return key

    async def _put(self, request: StoreRequest, key: str, body: Body) -> StoreResponse:
        length, digest = _declared(request)
        content = await body.read(length, self._arrivals, key)
        if hashlib.sha256(content).digest() != digest:
            raise StoreError(400, "BadDigest", "The body is not the one that was announced.")
        kept = StoredFile(
            content_type=request.headers["content-type"],
            cache_control=request.headers["cache-control"],
            sha256=digest.hex(),
            modified_at=self._clock(),
            body=content,
        )
        if not await self._store.put(key, kept):
            raise StoreError(412, "PreconditionFailed", "There is an object under this key already.")
        return created_response(kept, request.headers["x-amz-checksum-sha256"])

    async def _get(self, request: StoreRequest, key: str, overrides: dict[str, str]) -> StoreResponse:
        session = overrides.get(SESSION_PARAMETER, "")
        if session and self._is_open is not None and not await self._is_open(session):
            raise StoreError(403, "AccessDenied", "The session of this address has ended.")
        if overrides.get("response-content-type", "image/jpeg") not in CONTENT_TYPES:
            raise StoreError(400, "InvalidArgument", "The store serves pictures only.")
        kept = await self._store.get(key)
        if kept is None:
            raise StoreError(404, "NoSuchKey", "There is no object under this key.")
        return object_response(kept, request.headers, overrides)


def store_route(handler: StoreHttpHandler, bucket: str) -> ASGIRouteHandler:
    """The handler as a Litestar route for everything below ``/{bucket}/``."""

    @asgi(f"/{bucket}", is_mount=True, copy_scope=True)
    async def store(scope: Scope, receive: Receive, send: Send) -> None:
        await handler(scope, receive, send)

    return store


def _declared(request: StoreRequest) -> tuple[int, bytes]:
    """Length and SHA-256 of the body to come, from headers that were signed."""
    headers = request.headers
    length = headers["content-length"]
    if not length.isascii() or not length.isdigit() or int(length) == 0:
        raise StoreError(400, "InvalidArgument", "The length cannot be read.")
    if int(length) > MAX_PHOTO_BYTES:
        raise StoreError(400, "EntityTooLarge", "The photo is larger than the store accepts.")
    if headers["content-type"] not in CONTENT_TYPES or headers["if-none-match"] != "*":
        raise StoreError(400, "InvalidArgument", "The store takes pictures, and each key once.")
    if headers["x-amz-server-side-encryption"] != ENCRYPTION:
        raise StoreError(400, "InvalidArgument", "The store encrypts with AES256 only.")
    try:
        digest = base64.b64decode(headers["x-amz-checksum-sha256"], validate=True)
    except binascii.Error:
        digest = b""
    if len(digest) != 32 or len(headers["cache-control"]) > 200:
        raise StoreError(400, "InvalidArgument", "A header cannot be read.")
    return int(length), digest


async def _send(send: Send, request: StoreRequest, answer: StoreResponse, cors: dict[str, str]) -> None:
    headers = {**answer.headers, **cors}
    if answer.status != 304:
        headers["content-length"] = str(len(answer.body))
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": pairs})
    body = b"" if request.method == "HEAD" else answer.body
    await send({"type": "http.response.body", "body": body, "more_body": False})
