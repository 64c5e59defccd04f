"""What runs beside the requests: the relay that empties the outbox, the sweeper that finishes uploads.

Both log what they did, and nothing that goes wrong in one round ends the next.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import structlog

from app.domain.identity.sessions import OpenSessions
from app.domain.maintenance.relay import Relay
from app.domain.maintenance.sweeper import Sweeper

# Events of another process, or of one that died before its wake-up, wait no longer than this.
IDLE_CHECK_S = 5.0
LONGEST_PAUSE_S = 30.0
# How long a session that another process has ended may still count as open: that process waits it out.
SESSION_CHECK_S = 1.0

_log = structlog.get_logger("clinicpro")


class WakeUpEvent:
    """Wakes the relay; services call it after they committed an event."""

    def __init__(self) -> None:
        self._called = asyncio.Event()

    def __call__(self) -> None:
        """Wake the waiting task."""
        self._called.set()

    async def wait(self, seconds: float) -> None:
        """Until it is called, or until the time is over."""
        try:
            async with asyncio.timeout(seconds):
                await self._called.wait()
        except TimeoutError:
            return
        finally:
            self._called.clear()


@asynccontextmanager
async def run_background_tasks(
    relay: Relay, wake_up: WakeUpEvent, sweeper: Sweeper, sweep_seconds: int
) -> AsyncIterator[None]:
    """Run both until the block is left; the round under way is cut short, which loses nothing."""
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(_relay(relay, wake_up)),
            group.create_task(_sweep(sweeper, float(sweep_seconds))),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()


async def _relay(relay: Relay, wake_up: WakeUpEvent) -> None:
    pause = 0.0
    while True:
        await wake_up.wait(pause or IDLE_CHECK_S)
        try:
            if published := await relay.drain():
                _log.info("relay.published", published=published)
            pause = 0.0
        except Exception as problem:
            pause = min(max(1.0, pause * 2), LONGEST_PAUSE_S)
            _log.warning("relay.failed", error=type(problem).__name__, age_s=pause)
            # No wake-up shortens the pause: a service that is down is not asked for every photo.
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
    """End the signals of open pages once their session is over, until the block is left."""
    if sessions is None or end_left is None:
        yield
        return
    ended = WakeUpEvent()
    sessions.add_listener(ended)
    task = asyncio.create_task(_watch_sessions(ended, end_left))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _watch_sessions(ended: WakeUpEvent, end_left: Callable[[], Awaitable[None]]) -> None:
    while True:
        await ended.wait(SESSION_CHECK_S)
        try:
            await end_left()
        except Exception as problem:
            # A notification has no content of its own, and everything else refuses the pages meanwhile.
            _log.warning("sessions.unknown", error=type(problem).__name__)
