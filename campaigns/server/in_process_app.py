"""The whole app in this process, over real disks, with a clock that the campaign moves.

Requests go through the app's ASGI interface; relay and sweeper run only when they are called.
"""

import asyncio
import contextlib
import shutil
import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import structlog
from litestar.types import ASGIApp

from app.config.settings import read_settings
from app.domain.ports.identity import Account
from app.embedded.accounts.logins import open_login, session_id
from app.main import Overrides, create_app
from campaigns.checker.disk import DATABASE, Disk

ORIGIN = "http://localhost:8000"
BEGIN = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
_TABLES = (
    "photos",
    "current_choices",
    "current_history",
    "audit",
    "consultation_audit",
    "outbox",
    "consultations",
    "users",
    "login_sessions",
    "accounts",
)


class Answer(msgspec.Struct, frozen=True):
    """One response."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def data(self) -> Any:
        """The JSON body."""
        return msgspec.json.decode(self.body)

    @property
    def outcome(self) -> tuple[int, str]:
        """Status, and the code of a problem."""
        if self.headers.get("content-type", "").startswith("application/problem+json"):
            return self.status, str(self.data["code"])
        return self.status, ""


class RecordedSignals:
    """Keeps what was published, in front of the real signals."""

    def __init__(self, real: Any) -> None:
        self.real = real
        self.published: list[tuple[str, dict[str, Any]]] = []

    async def publish(self, user: str, message_id: str, payload: Mapping[str, Any]) -> None:
        """Publish and remember."""
        await self.real.publish(user, message_id, payload)
        self.published.append((user, dict(payload)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


class InProcessApp:
    """One app; ``clear`` empties its disks between histories, which is far faster than a new app."""

    def __init__(self, folder: Path, parts: Overrides | None = None) -> None:
        self._logging = structlog.get_config()
        structlog.configure(processors=[_drop])
        self.now = BEGIN
        self.disk = Disk(folder)
        settings = read_settings({"DATA_DIR": str(self.disk.data), "KEY_DIR": str(self.disk.keys)})
        chosen = replace(parts or Overrides(), clock=lambda: self.now, signals=self._record_signals)
        app = create_app(settings, chosen)
        self.app: ASGIApp = app
        self.backends = app.state.backends
        self._loop = asyncio.new_event_loop()
        self._stack = contextlib.AsyncExitStack()
        self._tokens: dict[str, tuple[str, datetime]] = {}
        self.run(self._stack.enter_async_context(self.backends.opened()))

    def _record_signals(self, real: Any) -> Any:
        self.signals = RecordedSignals(real)
        return self.signals

    def run(self, work: Any) -> Any:
        """Run a coroutine to its end."""
        return self._loop.run_until_complete(work)

    def together(self, *work: Any) -> list[Any]:
        """Run several at once."""

        async def all_of_them() -> list[Any]:
            return list(await asyncio.gather(*work))

        return list(self.run(all_of_them()))

    def advance(self, seconds: int) -> None:
        """Move the clock."""
        self.now += timedelta(seconds=seconds)

    def api(self, user: str, method: str, path: str, body: Any = None) -> Answer:
        """One API request of a signed-in page."""
        answer: Answer = self.run(self.ask(user, method, path, body))
        return answer

    async def ask(self, user: str, method: str, path: str, body: Any = None) -> Answer:
        """The same, for several at once."""
        content = b"" if body is None else msgspec.json.encode(body)
        headers = {"authorization": f"Bearer {await self._token(user)}", "origin": ORIGIN, "x-cp-client": "1"}
        if content:
            headers |= {"content-type": "application/json"}
        return await call(self.app, method, ORIGIN + path, headers, content)

    def put(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """A phone's PUT to the store."""
        answer: Answer = self.run(call(self.app, "PUT", url, headers, body))
        return answer

    def clear(self) -> None:
        """Erase everything that users made."""
        with contextlib.closing(sqlite3.connect(self.disk.data / DATABASE)) as database, database:
            for table in _TABLES:
                database.execute(f"DELETE FROM {table}")
        shutil.rmtree(self.disk.data / "objects/photos/consultations", ignore_errors=True)
        self.signals.published.clear()
        self._tokens.clear()
        self.now = BEGIN

    def close(self) -> None:
        """Let go of everything."""
        self.run(self._stack.aclose())
        self._loop.close()
        structlog.configure(**self._logging)

    async def _token(self, user: str) -> str:
        """A session token that is valid now; which password opened the session does not matter here."""
        token, until = self._tokens.get(user, ("", self.now))
        if self.now >= until:
            issuer = self.backends.identity.accounts._issuer
            token = issuer.token(user, await self._login(user), ORIGIN)
            self._tokens[user] = token, self.now + timedelta(seconds=50)
        return token

    async def _login(self, user: str) -> str:
        """The id of a login that is open: tokens of any other are refused."""
        account = Account(user=user, name=user, password_hash="", must_change=False)
        async with self.backends.identity.accounts._database.transaction() as tx:
            await tx.accounts.add(account)
            return session_id(await open_login(tx, user, self.now))


async def call(app: ASGIApp, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """One request through an ASGI app."""
    parts = urlsplit(url)
    sent = {"host": parts.netloc, "content-length": str(len(body))}
    sent |= {name.lower(): value for name, value in headers.items()}
    scope: Any = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": parts.scheme,
        "path": parts.path,
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
        "client": ("127.0.0.1", 50_000),
        "server": (parts.hostname, parts.port),
        "state": {},
    }
    messages = iter([{"type": "http.request", "body": body, "more_body": False}])
    got: list[Any] = []

    async def receive() -> Any:
        return next(messages, {"type": "http.disconnect"})

    async def send(message: Any) -> None:
        got.append(message)

    await app(scope, receive, send)
    return _answer(got)


def _answer(messages: list[Any]) -> Answer:
    headers = {name.decode().lower(): value.decode() for name, value in messages[0]["headers"]}
    return Answer(messages[0]["status"], headers, b"".join(each.get("body", b"") for each in messages[1:]))


def _drop(*_: Any) -> Any:
    raise structlog.DropEvent
