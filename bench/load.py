"""A small HTTP load generator: ready-made requests over a few connections that are kept alive.

It runs in a process of its own on a core of its own, so that its cost is not counted with the
server. It counts the status of every answer.
"""

import asyncio
import os
import re
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any

import msgspec
import uvloop

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: (\d+)")
ANSWER_LIMIT_S = 60


class Fired(msgspec.Struct, frozen=True):
    """What came back: seconds from first to last, statuses with their counts, latencies in ms."""

    seconds: float
    statuses: dict[int, int]
    p50_ms: float
    p99_ms: float

    @property
    def per_second(self) -> float:
        """Requests per second."""
        return sum(self.statuses.values()) / self.seconds


Fire = Callable[[int, Sequence[bytes], int], Fired]


@contextmanager
def generator(core: int) -> Iterator[Fire]:
    """``fire(port, requests, connections)`` in a process that is pinned to one core."""
    with ProcessPoolExecutor(1, get_context("spawn"), _settle_down, (core,)) as pool:
        yield lambda port, requests, connections: pool.submit(fire, port, requests, connections).result()


def request(method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """One HTTP/1.1 request as bytes."""
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    if body:
        lines += ["content-type: application/json", f"content-length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def fire(port: int, requests: Sequence[bytes], connections: int) -> Fired:
    """Send every request once, ``connections`` at a time, each as soon as the one before is answered."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_fire(port, requests, connections))


def _settle_down(core: int) -> None:
    os.sched_setaffinity(0, {core})


async def _fire(port: int, requests: Sequence[bytes], connections: int) -> Fired:
    loop = asyncio.get_running_loop()
    waiting = iter(requests)
    opened = [
        await loop.create_connection(lambda: _Shooter(waiting, loop.create_future()), "127.0.0.1", port)
        for _ in range(connections)
    ]
    shooters = [shooter for _, shooter in opened]
    began = time.perf_counter()
    for shooter in shooters:
        shooter.next()
    async with asyncio.timeout(ANSWER_LIMIT_S):
        await asyncio.gather(*(shooter.done for shooter in shooters))
    seconds = time.perf_counter() - began
    taken = sorted(ms for shooter in shooters for ms in shooter.taken_ms)
    statuses = sum((shooter.statuses for shooter in shooters), Counter[int]())
    return Fired(seconds, dict(statuses), statistics.median(taken), taken[int(len(taken) * 0.99)])


class _Shooter(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self, waiting: Iterator[bytes], done: "asyncio.Future[None]") -> None:
        self.done = done
        self.taken_ms: list[float] = []
        self.statuses: Counter[int] = Counter()
        self._waiting = waiting
        self._answer = bytearray()
        self._whole: int | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the server closed the connection"))

    def next(self) -> None:
        """Send the next request, or end."""
        body = next(self._waiting, None)
        if body is None:
            self.done.set_result(None)
            self._transport.close()
            return
        self._began = time.perf_counter()
        self._transport.write(body)

    def data_received(self, data: bytes) -> None:
        self._answer += data
        if self._whole is None:
            self._whole = _whole_length(self._answer)
        if self._whole is None or len(self._answer) < self._whole:
            return
        self.taken_ms.append((time.perf_counter() - self._began) * 1000)
        self.statuses[int(self._answer[9:12])] += 1
        self._answer.clear()
        self._whole = None
        self.next()


def _whole_length(answer: bytearray) -> int | None:
    """Bytes of head and body, once the head is there."""
    head = answer.find(b"\r\n\r\n")
    if head < 0:
        return None
    length = _LENGTH.search(answer, 0, head)
    return head + 4 + (int(length[1]) if length else 0)
