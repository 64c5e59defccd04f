"""A link that can be made to fail: an HTTP proxy in front of the clinic that follows rules.

It forwards one request per upstream connection, so that a fault hits exactly the request that a
rule names. The vocabulary is that of toxiproxy: latency, bandwidth, reset, timeout (black hole),
limit_data, down; beside it lost answers, captive portals, and WebSockets that end while pages still load.
"""

import asyncio
import contextlib
import re
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from e2e.doubles.request import HEAD_LIMIT, Request, one_shot, read_request

Writer = asyncio.StreamWriter
SOON_S = 0.1


@dataclass
class Fault:
    """What happens to requests that match; ``times`` counts down, None means no limit."""

    method: str
    path: re.Pattern[str]
    act: "Action"
    times: int | None = None
    hits: int = 0
    early: bool = False

    def takes(self, request: Request) -> bool:
        """Whether this fault is for this request and has not run out."""
        spent = self.times is not None and self.hits >= self.times
        return not spent and self.method in ("*", request.method) and bool(self.path.search(request.path))


Action = Callable[["Proxy", Request, Writer], Awaitable[None]]


@dataclass
class Proxy:
    """The link; started in a thread of its own."""

    target_port: int
    port: int = 0
    faults: list[Fault] = field(default_factory=list)
    seen: list[Request] = field(default_factory=list)
    answered: list[tuple[Request, int]] = field(default_factory=list)
    bytes_per_s: float | None = None
    uplink_bytes_per_s: float | None = None
    latency_s: float = 0.0
    down: bool = False
    sockets_down: bool = False
    _open: dict["asyncio.Task[Any]", Writer] = field(default_factory=dict)

    async def drop_connections(self) -> None:
        """End every connection there is."""
        tasks = list(self._open)
        for task in tasks:
            reset(self._open[task])
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def fault(
        self, method: str, path: str, act: Action, times: int | None = None, early: bool = False
    ) -> Fault:
        """Add a rule in front of the others; an ``early`` one acts before the body has come.

        An early action either ends the connection or leaves the request to go on.
        """
        fault = Fault(method, re.compile(path), act, times, early=early)
        self.faults.insert(0, fault)
        return fault

    def heal(self) -> None:
        """A good link again."""
        self.faults.clear()
        self.down = self.sockets_down = False
        self.bytes_per_s, self.uplink_bytes_per_s, self.latency_s = None, None, 0.0

    def count(self, method: str, path: str) -> int:
        """How many requests of this kind came."""
        return sum(1 for one in self.seen if one.method == method and re.search(path, one.path))

    async def handle(self, reader: asyncio.StreamReader, writer: Writer) -> None:
        """One client connection: its requests one after the other."""
        task = asyncio.current_task()
        assert task is not None
        self._open[task] = writer
        task.add_done_callback(lambda done: self._open.pop(done, None))
        try:
            while not self.down and (request := await read_request(reader)):
                self.seen.append(request)
                if request.upgrade:
                    if not self.sockets_down:
                        await self._tunnel(request, reader, writer)
                    break
                await self._serve(request, writer)
                if writer.is_closing():
                    break
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            # Cancelled by drop_connections, which does not use the result.
            pass
        finally:
            reset(writer) if self.down else writer.close()

    async def _serve(self, request: Request, writer: Writer) -> None:
        await self._act(request, writer, early=True)
        if writer.is_closing():
            return
        await self._receive(request)
        if await self._act(request, writer, early=False):
            return
        await asyncio.sleep(self.latency_s)
        await self.send(writer, await self.upstream(request))

    async def _act(self, request: Request, writer: Writer, early: bool) -> bool:
        for fault in self.faults:
            if fault.early == early and fault.takes(request):
                fault.hits += 1
                await fault.act(self, request, writer)
                return True
        return False

    async def _upgrade(self, request: Request, reader: asyncio.StreamReader, writer: Writer) -> None:
        if not await self._act(request, writer, early=False):
            await self._tunnel(request, reader, writer)

    async def _receive(self, request: Request) -> None:
        """The rest of the body, at the link's speed."""
        if self.uplink_bytes_per_s is None:
            await request.read()
        while self.uplink_bytes_per_s is not None and request.missing:
            await request.read(max(1, int(self.uplink_bytes_per_s / 20)))
            await asyncio.sleep(0.05)

    async def upstream(self, request: Request) -> bytes:
        """The clinic's whole answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.target_port)
        writer.write(one_shot(request.raw))
        await writer.drain()
        answer = await reader.read(-1)
        writer.close()
        status = re.match(rb"HTTP/1\.\d (\d{3})", answer)
        self.answered.append((request, int(status.group(1)) if status else 0))
        return answer

    async def send(self, writer: Writer, answer: bytes) -> None:
        """Send an answer at the link's speed; the connection ends with it."""
        step = max(1, len(answer) if self.bytes_per_s is None else int(self.bytes_per_s / 20))
        for start in range(0, len(answer), step):
            writer.write(answer[start : start + step])
            await writer.drain()
            if self.bytes_per_s is not None:
                await asyncio.sleep(0.05)
        writer.close()

    async def _tunnel(self, request: Request, reader: asyncio.StreamReader, writer: Writer) -> None:
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.target_port)
        up_writer.write(request.raw)
        ways = (pipe(reader, up_writer), pipe(up_reader, writer))
        tasks = [asyncio.create_task(way) for way in ways]
        while not self.sockets_down and not any(task.done() for task in tasks):
            await asyncio.wait(tasks, timeout=SOON_S, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        up_writer.close()


async def lose_answer(proxy: Proxy, request: Request, writer: Writer) -> None:
    """The clinic does its work, and its answer is lost."""
    await proxy.upstream(request)
    reset(writer)


async def reset_connection(_: Proxy, __: Request, writer: Writer) -> None:
    """The request never arrives; the phone sees a reset."""
    reset(writer)


async def black_hole(_: Proxy, __: Request, writer: Writer) -> None:
    """No answer ever comes, and no error either."""
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


def answer_with(status: int, body: str = "", headers: str = "content-type: text/html") -> Action:
    """A canned answer in front of the clinic, e.g. a captive portal's page or a store's 503."""

    async def act(proxy: Proxy, _: Request, writer: Writer) -> None:
        content = body.encode()
        head = f"HTTP/1.1 {status} Canned\r\n{headers}\r\ncontent-length: {len(content)}\r\n"
        await proxy.send(writer, f"{head}connection: close\r\n\r\n".encode() + content)

    return act


async def pipe(reader: asyncio.StreamReader, writer: Writer) -> None:
    """Bytes one way, until either end closes."""
    with contextlib.suppress(ConnectionError):
        while chunk := await reader.read(HEAD_LIMIT):
            writer.write(chunk)
            await writer.drain()


def reset(writer: Writer) -> None:
    """End a connection with RST where the platform lets us."""
    writer.transport.abort()


@contextlib.contextmanager
def open_proxy(target_port: int, port: int = 0) -> Iterator[Proxy]:
    """A running proxy on loopback; gone with all its connections at the end."""
    proxy = Proxy(target_port)
    ready = threading.Event()
    ends: list[Callable[[], object]] = []

    async def serve() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        ends.append(lambda: loop.call_soon_threadsafe(stop.set))
        server = await asyncio.start_server(proxy.handle, "127.0.0.1", port, limit=HEAD_LIMIT)
        proxy.port = server.sockets[0].getsockname()[1]
        ready.set()
        await stop.wait()
        server.close()
        await proxy.drop_connections()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield proxy
    finally:
        ends[0]()
        thread.join(10)
