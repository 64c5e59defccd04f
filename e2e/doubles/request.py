"""One HTTP request as it passes a link: its head first, its body in pieces."""

import asyncio
import re
from dataclasses import dataclass

HEAD_LIMIT = 65_536


@dataclass
class Request:
    """One request as it passed: method, path, raw bytes; ``length`` of its body, which arrives later."""

    method: str
    path: str
    raw: bytes
    upgrade: bool = False
    length: int = 0
    reader: asyncio.StreamReader | None = None
    missing: int = 0

    async def read(self, count: int | None = None) -> bytes:
        """So many more bytes of the body, or all that are missing."""
        count = self.missing if count is None else min(count, self.missing)
        if self.reader is None or count == 0:
            return b""
        more = await self.reader.readexactly(count)
        self.missing -= count
        self.raw += more
        return more

    @property
    def body(self) -> bytes:
        """What has come of the body so far."""
        return self.raw.partition(b"\r\n\r\n")[2]


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """The head of one request, or None at the end of the connection; its body is read in pieces."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    method, path, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
    found = re.search(rb"(?im)^content-length:\s*(\d+)", head)
    length = int(found.group(1)) if found else 0
    upgrade = b"upgrade: websocket" in head.lower()
    return Request(method, path, head, upgrade, length, reader, missing=length)


def one_shot(raw: bytes) -> bytes:
    """The same request on a connection of its own, so that the answer ends with the stream."""
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
    return b"\r\n".join([*lines, b"connection: close"]) + b"\r\n\r\n" + body
