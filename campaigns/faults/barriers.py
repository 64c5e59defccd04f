"""Named points in the program's work at which it can be made to kill itself with SIGKILL.

They are made by wrapping ports, so that the product has no switch for them: ``photos.add_pending.before``,
``photos.add_pending.after`` (inside the transaction), ``photos.add_pending.committed``, ``publish.before``
and so on.
"""

import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from app.domain.ports.database import Transaction

WRITES = {
    "consultations": ("add", "set_current", "increment_revision"),
    "current_history": ("record",),
    "photos": ("add_pending", "mark_stored", "mark_deleted", "add_audit", "file_under", "describe"),
    "outbox": ("add", "mark_published"),
    "maintenance": ("finish_erasure",),
}
BARRIERS = (
    *(
        f"{repository}.{write}.{when}"
        for repository, writes in WRITES.items()
        for write in writes
        for when in ("before", "after", "committed")
    ),
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
    """A port with barriers around some of its calls; ``made`` holds those that were made."""

    def __init__(self, real: Any, trap: Trap, calls: tuple[str, ...], prefix: str = "") -> None:
        self._real = real
        self._trap = trap
        self._barriers = {call: f"{prefix}{call}" for call in calls}
        self.made: dict[str, None] = {}

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._real, name)
        barrier = self._barriers.get(name)
        if barrier is None:
            return found

        async def guarded(*arguments: Any, **options: Any) -> Any:
            self.made[barrier] = None
            self._trap.at(f"{barrier}.before")
            answer = await found(*arguments, **options)
            self._trap.at(f"{barrier}.after")
            return answer

        return guarded


class Transactions(Part):
    """A database whose transactions remember their writes until they are committed."""

    def __init__(self, real: Any, trap: Trap) -> None:
        super().__init__(real, trap, ())

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """The real transaction with barriers around its writes."""
        async with self._real.transaction() as tx:
            parts = {
                name: Part(getattr(tx, name), self._trap, writes, f"{name}.")
                for name, writes in WRITES.items()
            }
            yield msgspec.structs.replace(tx, **parts)
        for part in parts.values():
            for write in part.made:
                self._trap.at(f"{write}.committed")


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
