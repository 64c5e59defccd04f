"""A hub behind a real web server on a free port, and a real ably-js client that subscribes to it."""

import asyncio
import json
import shutil
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn
from litestar import Litestar, MediaType, get

from app.embedded.hub import Hub, HubKey, HubLimits, new_hub_key
from tests.support.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"
PAGE = "<!doctype html><title>home</title>"


def utc_now() -> datetime:
    """The real clock."""
    return datetime.now(UTC)


@get("/", media_type=MediaType.HTML)
async def home() -> str:
    """A page where the hub's WebSocket also lives."""
    return PAGE


class ReadyServer(uvicorn.Server):
    """Sets ``ready`` once it listens, and leaves process signals alone."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then set ``ready``."""
        await super().startup(sockets=sockets)
        self.ready.set()


class RunningHub:
    """A hub that can be stopped and started again on the same port, with or without its key."""

    def __init__(self, key: HubKey | None = None, limits: HubLimits | None = None) -> None:
        self.key = key or new_hub_key()
        self.limits = limits
        self.port = 0
        self.hub: Hub | None = None
        self._on_stop: list[Callable[[], None]] = []
        self._listening: socket.socket
        self._server: ReadyServer | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> "RunningHub":
        """Listen; the first start chooses the port."""
        self._bind()
        self.hub = Hub(self.key, utc_now, (f"http://localhost:{self.port}",), self.limits)
        app = Litestar(
            [home, *self.hub.route_handlers()],
            openapi_config=None,
            logging_config=None,
            on_shutdown=[self.hub.close],
        )
        config = uvicorn.Config(app, log_config=None, log_level="info", timeout_graceful_shutdown=2)
        self._server = ReadyServer(config)
        self._task = asyncio.create_task(self._server.serve(sockets=[self._listening]))
        async with asyncio.timeout(10):
            await self._server.ready.wait()
        return self

    def on_stop(self, call: Callable[[], None]) -> None:
        """Call this whenever the hub is stopped."""
        self._on_stop.append(call)

    def _bind(self) -> None:
        self._listening = socket.socket()
        self._listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.port = self.port or free_port()
        self._listening.bind((HOST, self.port))

    async def stop(self) -> None:
        """Stop as the operator would; connected clients are disconnected."""
        for call in self._on_stop:
            call()
        if self._server and self._task:
            self._server.should_exit = True
            await self._task
            self._server = None
            self._listening.close()


class Listener:
    """One ably-js client; ``events`` is everything it has reported so far."""

    def __init__(self, process: asyncio.subprocess.Process, token: Callable[[], dict[str, Any]]) -> None:
        self.events: list[dict[str, Any]] = []
        self._process = process
        self._token = token
        self._news = asyncio.Event()
        self._task = asyncio.create_task(self._read())

    async def until(self, wanted: Callable[[dict[str, Any]], bool], seconds: float = 10) -> dict[str, Any]:
        """The first event that fits, waiting for it if need be."""
        seen = 0
        async with asyncio.timeout(seconds):
            while True:
                for event in self.events[seen:]:
                    seen += 1
                    if wanted(event):
                        return event
                self._news.clear()
                await self._news.wait()

    async def until_attached(self) -> dict[str, Any]:
        """The client listens to its channel."""
        return await self.until(lambda event: event["event"] == "channel" and event["state"] == "attached")

    async def until_message(self, message_id: str) -> dict[str, Any]:
        """The message with this id has arrived."""
        return await self.until(lambda event: event["event"] == "message" and event["id"] == message_id)

    def count(self, kind: str, **fields: object) -> int:
        """How many events of a kind carry these fields."""
        wanted = {"event": kind, **fields}
        return sum(1 for event in self.events if wanted.items() <= event.items())

    def send(self, **command: object) -> None:
        """One command to the client."""
        assert self._process.stdin
        self._process.stdin.write(f"{json.dumps(command)}\n".encode())

    async def close(self) -> None:
        """End the process, whatever state it is in."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._task
        assert self._process.stdin
        self._process.stdin.close()

    async def _read(self) -> None:
        assert self._process.stdout
        async for line in self._process.stdout:
            event = json.loads(line)
            self.events.append(event)
            self._news.set()
            if event["event"] == "token-wanted":
                self.send(**self._token())


@asynccontextmanager
async def listening(
    port: int, token: Callable[[], str] | Callable[[], dict[str, Any]], channel: str, *, binary: bool = False
) -> AsyncIterator[Listener]:
    """An ably-js client on ``channel``; ``token`` gives a token, or a whole answer, at each request."""

    def answer() -> dict[str, Any]:
        found = token()
        return found if isinstance(found, dict) else {"token": found}

    options = {"endpoint": HOST, "port": port, "channel": channel, "binary": binary}
    process = await asyncio.create_subprocess_exec(
        shutil.which("node") or "node",
        "tests/js/page/hub-client.mjs",
        json.dumps(options),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    listener = Listener(process, answer)
    try:
        yield listener
    finally:
        await listener.close()
