"""Named points in the program's work at which it can be made to kill itself with SIGKILL.

They are made by wrapping ports, so that the product has no switch for them: ``add_pending.before``,
``add_pending.after`` (inside the transaction), ``add_pending.committed``, ``publish.before`` and so on.
"""

import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

WRITES = (
    "add_consultation",
    "set_current",
    "record_current",
    "add_pending",
    "mark_stored",
    "increment_revision",
    "add_event",
    "mark_deleted",
    "add_audit",
    "file_under",
    "describe",
    "mark_published",
    "settle_erasure",
)
BARRIERS = (
    *(f"{write}.{when}" for write in WRITES for when in ("before", "after", "committed")),
    *(f"{call}.{when}" for call in ("read", "delete", "publish") for when in ("before", "after")),
    "receipt.before",
    "receipt.sent",
)


class Trap:
    """Kills this process the ``nth`` time it is at a barrier."""

    def __init__(self, barrier: str, nth: int) -> None:
        self._barrier = barrier
        self._left = nth

    def at(self, barrier: str) -> None:
        """Pass a barrier, or die at it."""
        if barrier == self._barrier:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


class Part:
    """A port with barriers around some of its calls."""

    def __init__(self, real: Any, trap: Trap, calls: tuple[str, ...]) -> None:
        self._real = real
        self._trap = trap
        self._calls = calls

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._real, name)
        if name not in self._calls:
            return found

        async def guarded(*arguments: Any, **options: Any) -> Any:
            self._trap.at(f"{name}.before")
            answer = await found(*arguments, **options)
            self._trap.at(f"{name}.after")
            return answer

        return guarded


class Transactions(Part):
    """A database whose transactions remember their writes until they are committed."""

    def __init__(self, real: Any, trap: Trap) -> None:
        super().__init__(real, trap, ())

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        """The real transaction."""
        async with self._real.transaction() as records:
            noted = RecordingWrites(records, self._trap, WRITES)
            yield noted
        for write in noted.made:
            self._trap.at(f"{write}.committed")


class RecordingWrites(Part):
    """Records that note which writes were made through them."""

    def __init__(self, real: Any, trap: Trap, calls: tuple[str, ...]) -> None:
        super().__init__(real, trap, calls)
        self.made: dict[str, None] = {}

    def __getattr__(self, name: str) -> Any:
        if name in WRITES:
            self.made[name] = None
        return super().__getattr__(name)


class Door:
    """The app with a barrier before and after the answer to ``complete`` leaves."""

    def __init__(self, app: Any, trap: Trap) -> None:
        self._app = app
        self._trap = trap

    def __getattr__(self, name: str) -> Any:
        return getattr(self._app, name)

    async def __call__(self, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        """One request, as ASGI hands it over."""
        if not str(scope.get("path", "")).endswith("/complete"):
            await self._app(scope, receive, send)
            return

        async def watched(message: Mapping[str, Any]) -> None:
            last = message["type"] == "http.response.body" and not message.get("more_body")
            if last:
                self._trap.at("receipt.before")
            await send(message)
            if last:
                self._trap.at("receipt.sent")

        await self._app(scope, receive, watched)
