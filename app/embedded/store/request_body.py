"""Reads the body of an upload: exactly the declared length, within a time, or nothing."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from litestar.types import Receive

from app.embedded.store.responses import StoreError

# Twice what the phone itself allows, so that the phone is always the one to give up.
BODY_SECONDS = 30.0
SLOWEST_BYTES_PER_SECOND = 2_000
_DRAIN_SECONDS = 10.0
# A body stays in memory until it is whole: sixty of the largest, a thousand of the usual size.
MOST_BYTES = 256_000_000


class ClientGone(Exception):
    """The connection ended before the body did; no client is left to answer."""


class IncomingBody:
    """One body on its way; ``ended`` where it had to make way for another."""

    def __init__(self, length: int) -> None:
        self.length = length
        self.limit = asyncio.timeout(BODY_SECONDS + length / SLOWEST_BYTES_PER_SECOND)
        self.ended = False

    def end(self) -> None:
        """Stop waiting for the rest."""
        self.ended = True
        if not self.limit.expired():
            self.limit.reschedule(asyncio.get_running_loop().time())


class IncomingBodies:
    """The bodies that are on their way, and how much memory they may come to take.

    One address may be used by many connections at once, each of which may take its time: the newest under a
    key ends the one before it, and where memory is short the oldest ends. Its photo is sent again.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._coming: dict[str, IncomingBody] = {}

    @contextlib.asynccontextmanager
    async def track(self, key: str, length: int) -> AsyncIterator[IncomingBody]:
        """A body under way; ``TimeoutError`` where it takes too long, or another one ends it."""
        self._end(key)
        while self._coming and self._length + length > self._most:
            self._end(next(iter(self._coming)))
        arrival = IncomingBody(length)
        async with arrival.limit:
            self._coming[key] = arrival
            try:
                yield arrival
            finally:
                if self._coming.get(key) is arrival:
                    del self._coming[key]

    @property
    def _length(self) -> int:
        return sum(arrival.length for arrival in self._coming.values())

    def _end(self, key: str) -> None:
        if key in self._coming:
            self._coming.pop(key).end()


class Body:
    """The body of one request, read once."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._ended = False

    async def read(self, length: int, arrivals: IncomingBodies, key: str) -> bytes:
        """Exactly ``length`` bytes; more, less, too slow or ended by another body is a ``StoreError``.

        Raises ``ClientGone`` where the connection ends before the body.
        """
        body, arrival = bytearray(), None
        try:
            async with arrivals.track(key, length) as arrival:
                async for chunk in self._chunks():
                    body += chunk
                    if len(body) > length:
                        break
        except TimeoutError:
            if arrival is not None and arrival.ended:
                raise StoreError(503, "SlowDown", "Another upload needed the room.") from None
            raise StoreError(400, "RequestTimeout", "The body came too slowly.") from None
        if len(body) != length:
            raise StoreError(400, "IncompleteBody", "The body has another length than announced.")
        return bytes(body)

    async def drain(self, limit: int) -> None:
        """Take what is still coming, up to a limit.

        A browser that is still sending would see a broken connection instead of the refusal. Raises
        ``ClientGone`` where it has left.
        """
        taken = 0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_SECONDS):
                async for chunk in self._chunks():
                    taken += len(chunk)
                    if taken > limit:
                        return

    async def _chunks(self) -> AsyncIterator[bytes]:
        while not self._ended:
            message = await self._receive()
            if message["type"] != "http.request":
                raise ClientGone
            self._ended = not message.get("more_body", False)
            yield message.get("body", b"")
