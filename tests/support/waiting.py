"""Waiting for a state of another program, a page, a file or a database: none has an event to wait for."""

import asyncio
import time
from collections.abc import Awaitable, Callable

PAUSE_S = 0.05


def comes_true(
    state: Callable[[], object], limit_s: float, pause: Callable[[float], object] = time.sleep
) -> bool:
    """Whether a state is reached within the limit; ``pause`` takes seconds, a page's lets the page go on."""
    deadline = time.monotonic() + limit_s
    while not state():
        if time.monotonic() > deadline:
            return False
        pause(PAUSE_S)
    return True


def wait_until(
    state: Callable[[], object],
    what: Callable[[], str] | str,
    limit_s: float = 60.0,
    pause: Callable[[float], object] = time.sleep,
) -> None:
    """Wait for a state; where it never comes, fail with ``what``."""
    assert comes_true(state, limit_s, pause), what() if callable(what) else what


async def wait_until_async(state: Callable[[], Awaitable[object]], limit_s: float = 60.0) -> None:
    """The same in an event loop; ``TimeoutError`` where it never comes."""
    async with asyncio.timeout(limit_s):
        while not await state():  # noqa: ASYNC110 - see above
            await asyncio.sleep(PAUSE_S)
