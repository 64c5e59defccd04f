"""Whether every part of the program answers, checked once for all clients that ask at that moment.

The route needs no sign-in. Without this cache any client could send any number of requests to the store
and the database.
"""

import asyncio
import time
from collections.abc import Callable, Mapping

import structlog

from app.web.services import Check

CHECK_SECONDS = 2.0
# Shorter than any platform's pause between two probes.
REMEMBERED_S = 3.0


class Readiness:
    """The state of each part, as it was at most three seconds ago."""

    def __init__(self, checks: Mapping[str, Check], seconds: Callable[[], float] = time.monotonic) -> None:
        self._checks = checks
        self._seconds = seconds
        self._asking = asyncio.Lock()
        self._known: tuple[dict[str, str], float] | None = None

    async def parts(self) -> dict[str, str]:
        """``ok`` or ``down`` for each part."""
        async with self._asking:
            if self._known is None or self._seconds() - self._known[1] >= REMEMBERED_S:
                self._known = (await check_parts(self._checks), self._seconds())
            return self._known[0]


async def check_parts(checks: Mapping[str, Check]) -> dict[str, str]:
    """``ok`` or ``down`` for each part, all asked at once and now."""
    states = await asyncio.gather(*(_state(name, check) for name, check in checks.items()))
    return dict(zip(checks, states, strict=True))


async def _state(name: str, check: Check) -> str:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await check()
    except Exception as error:
        structlog.get_logger("clinicpro").warning("part.down", part=name, error=type(error).__name__)
        return "down"
    return "ok"
