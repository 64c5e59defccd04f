"""Both stores behind real HTTP, for contract tests: the built-in one under uvicorn, and ministack."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import uvicorn
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from litestar import Litestar

from app.adapters.s3.signer import S3Signer, origin_signer
from app.adapters.s3.store import S3Store, build_client, build_signer
from app.config.settings import read_settings
from app.domain.photos.model import PhotoRow, PhotoState
from app.embedded.store.http import StoreHttpHandler, store_route
from app.embedded.store.store import EmbeddedStore, open_store
from app.server.connection_limits import BoundedHttp
from tests.support.ministack import BUCKET, Ministack, running_ministack
from tests.support.ports import free_port


def now() -> datetime:
    """The time, aware and in UTC."""
    return datetime.now(UTC)


def row(body: bytes, content_type: str = "image/jpeg", **changes: Any) -> PhotoRow:
    """A pending row whose declared bytes are ``body``."""
    consultation = uuid4()
    fields = {
        "photo_id": uuid7(),
        "owner": "dr_a",
        "captured_in": consultation,
        "filed_in": consultation,
        "state": PhotoState.PENDING,
        "content_type": content_type,
        "size": len(body),
        "sha256": sha256(body).hexdigest(),
        "width": 800,
        "height": 600,
        "captured_at": now(),
        "created_at": now(),
    }
    return PhotoRow(**{**fields, **changes})


def uuid7() -> UUID:
    """A version 7 id whose time is not of interest."""
    return UUID(int=(uuid4().int & ~(0xF << 76)) | (7 << 76))


class Door:
    """A store as a phone meets it: an address, a signer with any clock, and the same keys bare."""

    def __init__(
        self,
        name: str,
        address: str,
        region: str,
        keys: tuple[str, str],
        signer: Callable[[Callable[[], datetime]], S3Signer],
        open_port: Callable[[], EmbeddedStore | S3Store],
    ) -> None:
        self.name = name
        self.address = address
        self.region = region
        self.keys = keys
        self.open_port = open_port
        self._signer = signer
        self.client = httpx.Client(trust_env=False, timeout=20)

    def signer(self, ahead: timedelta = timedelta()) -> S3Signer:
        """The app's own signer with a clock that runs ahead (or behind)."""
        return self._signer(lambda: now() + ahead)

    def put(self, photo: PhotoRow, body: bytes) -> httpx.Response:
        """The upload exactly as the phone does it."""
        upload = self.signer().sign_put(photo)
        return self.client.put(upload.url, content=body, headers=upload.headers)

    def get(self, photo: PhotoRow) -> httpx.Response:
        """The picture as a page fetches it."""
        return self.client.get(self.signer().sign_get(photo, now()))

    def presign(
        self,
        method: str,
        photo: PhotoRow,
        headers: dict[str, str],
        expires: int = 300,
        query: str = "",
        **keys: str,
    ) -> str:
        """Any URL at all, signed by botocore itself with these or other keys."""
        credentials = Credentials(keys.get("access_key", self.keys[0]), keys.get("secret_key", self.keys[1]))
        auth = S3SigV4QueryAuth(credentials, "s3", keys.get("region", self.region), expires=expires)
        request = AWSRequest(method, self.address + photo.key + query, headers)
        auth.add_auth(request)
        return str(request.url)


@contextlib.contextmanager
def embedded_door(folder: Path) -> Iterator[Door]:
    """The built-in store, served by uvicorn on a free loopback port."""
    store = open_store(folder / "data", folder / "keys", BUCKET)
    with bound_socket() as listening:
        origin = f"http://127.0.0.1:{listening.getsockname()[1]}"
        route = store_route(StoreHttpHandler(store, [origin], now), BUCKET)
        with serving(Litestar([route], openapi_config=None, logging_config=None), listening):
            access = store.access
            door = Door(
                "embedded",
                f"{origin}/{BUCKET}/",
                access.region,
                (access.access_key, access.secret_key),
                lambda clock: origin_signer(access, [origin], clock),
                lambda: EmbeddedStore(store._root, access, store._cipher),
            )
            yield door
            door.client.close()
    store.close()


@contextlib.contextmanager
def ministack_door(folder: Path) -> Iterator[Door]:
    """ministack with the app's IAM user, through the app's own client and signer."""
    with running_ministack(folder) as server:
        settings = read_settings(server.environment())
        client = build_client(settings, server.session())
        door = Door(
            "ministack",
            f"{server.endpoint}/{BUCKET}/",
            settings.s3_region,
            (server.access_key, server.secret_key),
            lambda clock: build_signer(settings, client, clock),
            lambda: _own_store(server),
        )
        yield door
        door.client.close()
        client.close()


def _own_store(server: Ministack) -> S3Store:
    settings = read_settings(server.environment())
    return S3Store(build_client(settings, server.session()), settings.s3_bucket)


@contextlib.contextmanager
def bound_socket() -> Iterator[socket.socket]:
    """A listening socket on a free loopback port."""
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", free_port()))
        yield listening


@contextlib.contextmanager
def serving(app: Any, listening: socket.socket) -> Iterator[uvicorn.Server]:
    """``app`` under uvicorn in a thread of its own."""
    config = uvicorn.Config(app, log_level="warning", ws="none", loop="uvloop", http=BoundedHttp)
    with serving_with(config, listening) as server:
        yield server


@contextlib.contextmanager
def serving_with(config: uvicorn.Config, listening: socket.socket) -> Iterator[uvicorn.Server]:
    """The app of ``config`` in a thread of its own."""
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        while not server.started and thread.is_alive():
            thread.join(0.01)
        yield server
    finally:
        server.should_exit = True
        thread.join(10)
