"""Reads the body of an upload: exactly the announced bytes, within a time, or nothing."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from litestar.types import Receive

from app.embedded.store_answers import Refusal

# Twice what the phone itself allows, so that the phone is always the one to give up.
BODY_SECONDS = 30.0
SLOWEST_BYTES_PER_SECOND = 2_000
_DRAIN_SECONDS = 10.0


class ClientGone(Exception):
    """The connection ended before the body did; there is nobody to answer."""


class Body:
    """The body of one request, read once."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._ended = False

    async def read(self, length: int) -> bytes:
        """Exactly ``length`` bytes; more, less or too slow is a ``Refusal``."""
        body = bytearray()
        try:
            async with asyncio.timeout(BODY_SECONDS + length / SLOWEST_BYTES_PER_SECOND):
                async for chunk in self._chunks():
                    body += chunk
                    if len(body) > length:
                        break
        except TimeoutError:
            raise Refusal(400, "RequestTimeout", "The body came too slowly.") from None
        if len(body) != length:
            raise Refusal(400, "IncompleteBody", "The body has another length than announced.")
        return bytes(body)

    async def drain(self, limit: int) -> None:
        """Take what is still coming, up to a limit.

        A browser that is still sending would see a broken connection instead of the refusal.
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
