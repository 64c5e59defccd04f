"""A Litestar WebSocket as the hub's connections use it: text or bytes, and ``EOFError`` at the end."""

import asyncio
from typing import Any

from litestar import WebSocket
from litestar.exceptions import WebSocketDisconnect

from app.embedded.hub.errors import bad_frame

_CLOSE_SECONDS = 1.0


class PageSocket:
    """One accepted WebSocket; frames over ``limit`` bytes are refused unread."""

    def __init__(self, socket: WebSocket[Any, Any, Any], limit: int) -> None:
        self._socket = socket
        self._limit = limit

    async def receive(self) -> str | bytes:
        """The next frame; raises ``EOFError`` when the page is gone."""
        try:
            event: Any = await self._socket.receive()
        except WebSocketDisconnect:
            raise EOFError from None
        if event["type"] != "websocket.receive":
            raise EOFError
        data: str | bytes = event["text"] if event.get("text") is not None else event.get("bytes") or b""
        if len(data) > self._limit:
            raise bad_frame()
        return data

    async def send(self, data: str | bytes) -> None:
        """Hand a frame over; raises ``EOFError`` or ``OSError`` when the page is gone."""
        try:
            await (self._socket.send_text(data) if isinstance(data, str) else self._socket.send_bytes(data))
        except (WebSocketDisconnect, RuntimeError):
            raise EOFError from None

    async def close(self) -> None:
        """End it from this side, unless the other side did; never waits for a reader that is stuck."""
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._socket.close()
        except (WebSocketDisconnect, RuntimeError, OSError, TimeoutError):
            return
