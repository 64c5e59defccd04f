"""What runs beside the requests: the relay that empties the outbox, the sweeper that finishes uploads.

Both say in the log what they did, and nothing that goes wrong in one round ends the next.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import structlog

from app.domain.relay import Relay
from app.domain.sessions import OpenSessions
from app.domain.sweeper import Sweeper

# Events of another process, or of one that died before it rang, wait no longer than this.
QUIET_LOOK_S = 5.0
LONGEST_PAUSE_S = 30.0
# How long a session that another process has ended is still believed in.
LOOK_S = 1.0

_log = structlog.get_logger("clinicpro")


class Bell:
    """Wakes the relay; rung by services after they committed an event."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def __call__(self) -> None:
        """Ring."""
        self._rung.set()

    async def wait(self, seconds: float) -> None:
        """Until it rings, or until the time is over."""
        try:
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        except TimeoutError:
            return
        finally:
            self._rung.clear()


@asynccontextmanager
async def at_work(relay: Relay, bell: Bell, sweeper: Sweeper, sweep_seconds: int) -> AsyncIterator[None]:
    """Run both until the block is left; the round under way is cut short, which loses nothing."""
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(_relay(relay, bell)),
            group.create_task(_sweep(sweeper, float(sweep_seconds))),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()


async def _relay(relay: Relay, bell: Bell) -> None:
    pause = 0.0
    while True:
        await bell.wait(pause or QUIET_LOOK_S)
        try:
            if published := await relay.drain():
                _log.info("relay.published", published=published)
            pause = 0.0
        except Exception as problem:
            pause = min(max(1.0, pause * 2), LONGEST_PAUSE_S)
            _log.warning("relay.failed", error=type(problem).__name__, age_s=pause)
            # Nobody's ring shortens the pause: a service that is down is not asked for every photo.
            await asyncio.sleep(pause)


async def _sweep(sweeper: Sweeper, seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            report = await sweeper.sweep()
        except Exception as problem:
            _log.warning("sweep.failed", error=type(problem).__name__)
            continue
        found = {name: getattr(report, name) for name in report.__struct_fields__ if getattr(report, name)}
        if found:
            _log.info("sweep.done", **found)


@asynccontextmanager
async def watching_sessions(
    sessions: OpenSessions | None, end_left: Callable[[], Awaitable[None]] | None
) -> AsyncIterator[None]:
    """End what open pages still hear once their session is over, until the block is left."""
    if sessions is None or end_left is None:
        yield
        return
    ended = Bell()
    sessions.listen(ended)
    task = asyncio.create_task(_watch_sessions(ended, end_left))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _watch_sessions(ended: Bell, end_left: Callable[[], Awaitable[None]]) -> None:
    while True:
        await ended.wait(LOOK_S)
        try:
            await end_left()
        except Exception as problem:
            # What pages hear says nothing by itself, and everything else refuses them meanwhile.
            _log.warning("sessions.unknown", error=type(problem).__name__)
