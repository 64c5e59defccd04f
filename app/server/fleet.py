"""Several server processes on one socket, under a parent that serves nothing itself.

The parent binds the socket, brings the database up to date once for all, starts each process again that
ends unasked, and ends them all. A channel between the two closes when the parent ends, kill -9 included,
and over the same channel a process reports that it serves and that it is still alive.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator

import structlog
from prometheus_client import multiprocess

from app.domain.errors import DatabaseBusy, DatabaseRefused

SERVING, BEAT, GO = b"s", b".", b"g"
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
# A process whose event loop has not turned for so long answers no client; a slow start takes longer.
SILENT_S = 60.0
START_S = 180.0
LONGEST_PAUSE_S = 30.0
# A process that ends within this time is started again later each time.
SETTLED_S = 60.0
STARTS = 5
# Open requests get their seconds first; see ``serving.GOODBYE_S``.
SHUTDOWN_S = 12.0

_log = structlog.get_logger("clinicpro")


class NoWorker(Exception):
    """No server process comes up; the message says so, and the log why."""


class Fleet:
    """The server processes of one program."""

    def __init__(self, workers: int, listening: socket.socket, metrics: str) -> None:
        self._listening = listening
        self._metrics = metrics
        self._workers = [Worker(self) for _ in range(workers)]
        self.prepared = asyncio.Event()
        self.served = False

    async def run(self, prepare: Callable[[], Awaitable[None]]) -> None:
        """Until SIGTERM or Ctrl-C. Raises what ``prepare`` raises, or ``NoWorker``, once all have ended."""
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        tasks = [asyncio.create_task(worker.keep_running()) for worker in self._workers]
        tasks.append(asyncio.create_task(self._prepare(prepare)))
        stopped = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([stopped, *tasks], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (stopped, *tasks):
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.gather(*(worker.end() for worker in self._workers))
        for problem in ended:
            if isinstance(problem, Exception):
                raise problem

    async def _prepare(self, prepare: Callable[[], Awaitable[None]]) -> None:
        """Wait for a database that sleeps; one that refuses, or needs an operator, ends the start."""
        await _retry_until_database_ready(prepare)
        self.prepared.set()
        await asyncio.Event().wait()  # Only a failure ends this task, and with it the program.

    async def spawn(self, channel: socket.socket) -> asyncio.subprocess.Process:
        """A new process that inherits the listening socket and its end of the channel, and nothing else."""
        numbers = self._listening.fileno(), channel.fileno()
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "app.server.worker", *map(str, numbers)),
            pass_fds=numbers,
            env={**os.environ, METRICS_FOLDER: self._metrics},
            # Ctrl-C goes to every process in the terminal's group; the parent decides which ends when.
            start_new_session=True,
        )

    def mark_process_dead(self, pid: int) -> None:
        """Take what a dead process measured of itself out of the metrics; what it counted stays."""
        # prometheus_client types none of its functions for several processes.
        multiprocess.mark_process_dead(pid, self._metrics)  # type: ignore[no-untyped-call]


class Worker:
    """One place in the fleet: its process, or the one that follows it."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._process: asyncio.subprocess.Process | None = None
        self._failed = 0

    async def keep_running(self) -> None:
        """Start a process whenever there is none; later each time, while each ends soon."""
        pause = 0.0
        while True:
            began = time.monotonic()
            served = await self._one_life()
            lived = time.monotonic() - began
            self._failed = 0 if served else self._failed + 1
            if self._failed >= STARTS and not self._fleet.served:
                raise NoWorker("No server process could be started. The lines above say why.")
            pause = 0.0 if lived >= SETTLED_S else min(max(1.0, pause * 2), LONGEST_PAUSE_S)
            await asyncio.sleep(pause)

    async def _one_life(self) -> bool:
        """Whether it ever served; what ends it is in the log."""
        own, its = socket.socketpair()
        with its:
            try:
                self._process = process = await self._fleet.spawn(its)
            except OSError as problem:
                own.close()
                _log.error("worker.not_started", error=type(problem).__name__, cause=problem.strerror)
                return False
        _log.info("worker.started", pid=process.pid)
        reader, writer = await asyncio.open_unix_connection(sock=own)
        going = asyncio.create_task(self._send_go(writer))
        try:
            served = await self._read_beats(process, reader)
            code = await process.wait()
        finally:
            going.cancel()
            writer.close()
        self._process = None
        self._fleet.mark_process_dead(process.pid)
        event = "worker.died" if served else "worker.not_started"
        _log.error(event, pid=process.pid, cause=_cause(code))
        return served

    async def _send_go(self, writer: asyncio.StreamWriter) -> None:
        await self._fleet.prepared.wait()
        writer.write(GO)

    async def _read_beats(self, process: asyncio.subprocess.Process, reader: asyncio.StreamReader) -> bool:
        """Read until its end of the channel closes; a process that falls silent is killed."""
        served = False
        while True:
            try:
                async with asyncio.timeout(SILENT_S if served else START_S):
                    received = await reader.read(64)
            except TimeoutError:
                _log.error("worker.silent", pid=process.pid, age_s=SILENT_S if served else START_S)
                process.kill()
                return served
            except ConnectionError:
                received = b""
            if not received:
                return served
            if SERVING in received and not served:
                served = self._fleet.served = True
                _log.info("worker.serving", pid=process.pid)

    async def end(self) -> None:
        """SIGTERM, and SIGKILL for what has not ended by then."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(SHUTDOWN_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def _retry_until_database_ready(work: Callable[[], Awaitable[None]]) -> None:
    """Do the work as soon as the database takes it; each try that fails is a line in the log."""
    pause, attempt = 1.0, 0
    while True:
        attempt += 1
        try:
            return await work()
        except DatabaseRefused:
            raise
        except DatabaseBusy as problem:
            why = problem.__cause__ or problem
            _log.warning("database.waiting", attempt=attempt, error=type(why).__name__, reason=problem.detail)
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 10.0)


def supervise(workers: int, listening: socket.socket, prepare: Callable[[], Awaitable[None]]) -> None:
    """Serve with so many processes until a signal; see ``Fleet.run``."""
    with _metrics_folder() as metrics:
        asyncio.run(_supervised(workers, listening, metrics, prepare))


async def _supervised(
    workers: int, listening: socket.socket, metrics: str, prepare: Callable[[], Awaitable[None]]
) -> None:
    await Fleet(workers, listening, metrics).run(prepare)


@contextlib.contextmanager
def _metrics_folder() -> Iterator[str]:
    """Where the processes count, so that each can answer for all; gone with the parent."""
    folder = tempfile.mkdtemp(prefix="clinicpro-metrics-")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _cause(code: int) -> str:
    return f"exit {code}" if code >= 0 else f"signal {-code}"
