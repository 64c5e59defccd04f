"""Inspects photos with Pillow in worker processes with hard limits, after walking their structure.

A photo that makes its worker run out of time or memory, or crash, is no photo; a worker that ends
for a reason of its own makes the check unavailable for now. Either way a new worker takes its place.
What happens after the verdict, while the thumbnail is made, costs the thumbnail only.
"""

import asyncio
import contextlib
import os
import re
import signal
import struct
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from app.domain.errors import InvalidImage, Unavailable
from app.domain.photos.format import Picture, walk_image
from app.domain.photos.model import MAX_EDGE, THUMBNAIL_EDGE, THUMBNAIL_TYPE
from app.domain.ports.storage import InspectedImage

WORKERS = 2
MEMORY_BYTES = 512 * 1024 * 1024
CPU_SECONDS = 5
ANSWER_SECONDS = 20.0
QUEUE_SECONDS = 30.0
THUMBNAIL_SECONDS = 2.0
END_SECONDS = 2.0
# Far more than a verdict or a thumbnail: a longer answer comes from a broken process.
LONGEST_ANSWER = 500_000

_VERDICT = re.compile(rb"! [ -~]{1,100}|\d{1,5} \d{1,5} (?:JPEG|WEBP)")
# Where Python's own libraries are, on systems that keep them elsewhere.
_NEEDED = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
_SCRIPT = Path(__file__).with_name("decoder.py")
_LENGTH = struct.Struct(">I")
_TYPES = {"JPEG": "image/jpeg", "WEBP": "image/webp"}
# How a process ends when the picture did it: a crash in a decoder, or the CPU limit.
_BY_THE_PICTURE = frozenset(
    {signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGABRT, signal.SIGXCPU}
)


class PillowInspector:
    """Decodes images away from the event loop. ``start`` warms the workers, ``close`` ends them."""

    def __init__(
        self, workers: int = WORKERS, memory: int = MEMORY_BYTES, cpu_seconds: int = CPU_SECONDS
    ) -> None:
        self._limits = (memory, cpu_seconds, MAX_EDGE * MAX_EDGE, THUMBNAIL_EDGE)
        self._workers = [_Worker(self._limits) for _ in range(workers)]
        self._free: asyncio.LifoQueue[_Worker] | None = None

    async def start(self) -> None:
        """Start every worker, so that the first photo does not wait for Python to start."""
        await asyncio.gather(*(worker.start() for worker in self._workers))

    async def inspect(self, body: bytes) -> InspectedImage:
        """Type, size and thumbnail of a clean, fully decoded image; raises ``InvalidImage``."""
        walked = walk_image(body)
        async with self._worker() as worker:
            answer, thumbnail = await worker.ask(body)
        if answer.startswith("!"):
            raise InvalidImage("The stored picture cannot be decoded.")
        width, height, kind = answer.split(" ")
        if walked != Picture(_TYPES[kind], int(width), int(height)):
            raise InvalidImage("The stored picture says two different sizes.")
        return InspectedImage(
            content_type=walked.content_type,
            width=walked.width,
            height=walked.height,
            thumbnail=thumbnail if _is_thumbnail(thumbnail) else None,
        )

    async def close(self) -> None:
        """End the workers and wait until they are gone."""
        await asyncio.gather(*(worker.stop() for worker in self._workers))

    @contextlib.asynccontextmanager
    async def _worker(self) -> "AsyncIterator[_Worker]":
        if self._free is None:
            self._free = asyncio.LifoQueue()
            for worker in self._workers:
                self._free.put_nowait(worker)
        try:
            async with asyncio.timeout(QUEUE_SECONDS):
                worker = await self._free.get()
        except TimeoutError:
            raise Unavailable("Too many photos are being checked at once.") from None
        try:
            yield worker
        finally:
            self._free.put_nowait(worker)


class _Worker:
    """One process, started when needed and started again when it is gone; asked one at a time."""

    def __init__(self, limits: tuple[int, ...]) -> None:
        self._limits = limits
        self._process: asyncio.subprocess.Process | None = None
        self._busy = asyncio.Lock()

    async def start(self) -> None:
        async with self._busy:
            await self._running()

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is not None and self._process.returncode is None:
            return self._process
        # Ended by itself, perhaps long ago: its number may be another process's.
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        self._process = process = await _new_process(self._limits)
        await self._exchange(process, None)
        return process

    async def ask(self, body: bytes) -> tuple[str, bytes]:
        """The verdict, and the thumbnail, which is empty where there is none."""
        try:
            async with self._busy:
                process = await self._running()
                verdict = await self._exchange(process, body)
                if not _VERDICT.fullmatch(verdict):
                    # In other hands: what it says next would be taken for the answer to another photo.
                    await self.stop()
                    raise Unavailable("The photo could not be checked.")
                return verdict.decode(), b"" if verdict[:1] == b"!" else await self._thumbnail(process)
        except asyncio.CancelledError:
            # Its answer would be taken for that of the next picture.
            await self.stop()
            raise

    async def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        # With what it has started, which would keep its output open; it was there a moment ago.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await _end_of(process)
        if process.stdin is not None:
            process.stdin.close()

    async def _thumbnail(self, process: asyncio.subprocess.Process) -> bytes:
        try:
            async with asyncio.timeout(THUMBNAIL_SECONDS):
                return await _receive(process)
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError):
            await self.stop()
            return b""

    async def _exchange(self, process: asyncio.subprocess.Process, body: bytes | None) -> bytes:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await _send_and_receive(process, body)
        except TimeoutError:
            await self.stop()
            raise Unavailable("The photo could not be checked in time.") from None
        except (asyncio.IncompleteReadError, ConnectionError):
            raise await self._ended(process) from None

    async def _ended(self, process: asyncio.subprocess.Process) -> InvalidImage | Unavailable:
        code = await _end_of(process)
        await self.stop()
        if code is not None and -code in _BY_THE_PICTURE:
            return InvalidImage("The stored picture cannot be decoded.")
        return Unavailable("The photo could not be checked.")


async def _end_of(process: asyncio.subprocess.Process) -> int | None:
    """Its exit status; None where it does not end.

    asyncio tells of it once all output was read, also what nobody has asked for.
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(END_SECONDS):
            code, _ = await asyncio.gather(process.wait(), _read_off(process))
            return code
    return None


async def _read_off(process: asyncio.subprocess.Process) -> None:
    # Where another task waits for an answer still, it reads to the end by itself.
    with contextlib.suppress(RuntimeError):
        while process.stdout is not None and await process.stdout.read(LONGEST_ANSWER):
            pass


def _is_thumbnail(body: bytes) -> bool:
    """Whether this is a clean picture of the size that was asked for: a decoder may be in other hands."""
    if not body:
        return False
    try:
        kind, *size = walk_image(body)
    except InvalidImage:
        return False
    return kind == THUMBNAIL_TYPE and max(size) <= THUMBNAIL_EDGE


async def _new_process(limits: tuple[int, ...]) -> asyncio.subprocess.Process:
    try:
        return await asyncio.create_subprocess_exec(
            # Isolated, so that neither the environment nor this folder's modules can shadow anything.
            *(sys.executable, "-I", str(_SCRIPT), *map(str, limits)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            # A file that takes it over finds no keys of the server there.
            env={name: value for name, value in os.environ.items() if name in _NEEDED},
            start_new_session=True,
        )
    except OSError as error:
        # Files, memory or processes have run out, which says nothing about the photo.
        raise Unavailable("The photo could not be checked, since no process can be started.") from error


async def _send_and_receive(process: asyncio.subprocess.Process, body: bytes | None) -> bytes:
    """One request, unless there is none, and one answer; ``ready`` comes unasked."""
    if process.stdin is None:
        raise Unavailable
    if body is not None:
        process.stdin.write(_LENGTH.pack(len(body)) + body)
        await process.stdin.drain()
    return await _receive(process)


async def _receive(process: asyncio.subprocess.Process) -> bytes:
    """One answer; ``ConnectionError`` for one that no worker of ours sends."""
    if process.stdout is None:
        raise Unavailable
    (length,) = _LENGTH.unpack(await process.stdout.readexactly(_LENGTH.size))
    if length > LONGEST_ANSWER:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        raise ConnectionError
    return await process.stdout.readexactly(length)
