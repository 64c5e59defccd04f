"""How often one user may send requests, counted in memory: a brake for a runaway page, not a quota.

Behind more than one worker each process counts by itself, which loosens the brake and no more.
"""

import math
import time
from collections.abc import Callable
from typing import Any

import msgspec
from litestar.connection import ASGIConnection

from app.domain.errors import TooManyRequests

MOST_USERS = 10_000


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """``burst`` requests at once, then ``each_second``."""

    burst: float
    each_second: float


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """The limits of the app.

    A presign asks for up to 20 photos: 500 waiting photos take 25 requests in full batches, and 500
    only on links too slow to send more than one photo in a second. Each photo takes one complete, which
    may read and decode it: no link is so fast that more than ten a second come for long. What leaves a
    row behind with each request is bounded as well, far above what a day in a clinic asks for. ``change``
    holds for every other route that changes something: notes, captions, moves, labels and what is to come.
    """

    presign: Rate = Rate(burst=120, each_second=2)
    complete: Rate = Rate(burst=1500, each_second=10)
    delete: Rate = Rate(burst=1000, each_second=5)
    start: Rate = Rate(burst=300, each_second=1)
    upload_session: Rate = Rate(burst=300, each_second=1)
    inventory: Rate = Rate(burst=60, each_second=0.5)
    realtime_token: Rate = Rate(burst=30, each_second=0.5)
    change: Rate = Rate(burst=600, each_second=5)


_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Limiter:
    """A token bucket for each user and each limited route (``METHOD template``).

    A route that changes something is limited without being named, so that none can be forgotten.
    """

    def __init__(self, rates: Rates, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._rates = {
            "POST /api/uploads/presign": rates.presign,
            "POST /api/uploads/{photo_id}/complete": rates.complete,
            "DELETE /api/photos/{photo_id}": rates.delete,
            "POST /api/consultations": rates.start,
            "POST /api/upload-session": rates.upload_session,
            "PUT /api/devices/current/captures": rates.inventory,
            "GET /api/realtime/token": rates.realtime_token,
        }
        self._change = rates.change
        self._buckets: dict[tuple[str, str], tuple[float, float]] = {}

    def check(self, connection: ASGIConnection[Any, Any, Any, Any]) -> None:
        """Raises ``TooManyRequests`` when this user's bucket for this route is empty."""
        scope: Any = connection.scope
        method, user = scope.get("method", "GET"), scope.get("user")
        if user is None:  # signing in and out have a brake of their own, by name and address
            return
        route = f"{method} {scope.get('path_template')}"
        rate = self._rates.get(route) or (None if method in _SAFE else self._change)
        if rate is not None:
            self._take((route, user.id), rate)

    def _take(self, key: tuple[str, str], rate: Rate) -> None:
        now = self._seconds()
        left, at = self._buckets.get(key, (rate.burst, now))
        left = min(rate.burst, left + (now - at) * rate.each_second)
        if left < 1:
            raise TooManyRequests(retry_after=math.ceil((1 - left) / rate.each_second))
        self._buckets.pop(key, None)  # the newest stands last, so that the longest idle goes first
        self._buckets[key] = (left - 1, now)
        if len(self._buckets) > MOST_USERS:
            del self._buckets[next(iter(self._buckets))]
