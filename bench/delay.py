"""A slow link: a TCP proxy that holds every byte back for half a round trip in each direction.

Connections stay open as long as both ends keep them, and nothing is read into what passes. Only the
distance is modelled: there is no limit of bandwidth, no loss, and the handshake is free.

``python -m bench.delay PORT TARGET_PORT ROUND_TRIP_MS``
"""

import asyncio
import contextlib
import sys
from collections import deque
from typing import Any

import uvloop


def main(port: int, target_port: int, round_trip_ms: float) -> None:
    """Serve until killed."""

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Near(target_port, round_trip_ms / 2000), "127.0.0.1", port)
        print("serving", flush=True)
        await server.serve_forever()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner, contextlib.suppress(KeyboardInterrupt):
        runner.run(serve())


class _End(asyncio.Protocol):
    """One end of a link; what it receives is sent at the other end, later."""

    def __init__(self, delay_s: float) -> None:
        self._delay_s = delay_s
        self._loop = asyncio.get_running_loop()
        self._transport: Any = None
        self._early: deque[bytes] = deque()
        self.other: _End | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        while self._early:
            transport.write(self._early.popleft())

    def data_received(self, data: bytes) -> None:
        self._loop.call_later(self._delay_s, self._other.say, data)

    def connection_lost(self, error: Exception | None) -> None:
        self._loop.call_later(self._delay_s, self._other.leave)

    @property
    def _other(self) -> "_End":
        assert self.other is not None
        return self.other

    def say(self, data: bytes) -> None:
        """Send what the other end received half a round trip ago."""
        if self._transport is None:
            self._early.append(data)
        elif not self._transport.is_closing():
            self._transport.write(data)

    def leave(self) -> None:
        """The other end has gone."""
        if self._transport is not None:
            self._transport.close()


class _Near(_End):
    """The end that the browser sees; dials the server when it is connected."""

    def __init__(self, target_port: int, delay_s: float) -> None:
        super().__init__(delay_s)
        self._target_port = target_port
        self.other = _End(delay_s)
        self.other.other = self

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._dialling = self._loop.create_task(self._dial())

    async def _dial(self) -> None:
        try:
            await self._loop.create_connection(lambda: self._other, "127.0.0.1", self._target_port)
        except OSError:
            self.leave()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
