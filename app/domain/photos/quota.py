"""How much one user may have on its way, and send in a day: bounds on what one sign-in can pile up.

A phone holds 20 signed URLs at most, so ordinary use does not come near them. What never arrived stops
counting after a day: a lost phone's photos must not keep the next phone from sending.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from app.domain.errors import TooManyRequests

MOST_PENDING = 2_000
# The largest photos of a hundred phones with all their URLs in use would come to 8 GB; 20 phones' fit.
MOST_PENDING_BYTES = 1_600_000_000
# Twenty thousand photos of the usual size, or two thousand of the largest.
MOST_BYTES_A_DAY = 8_000_000_000
COUNTED_FOR = timedelta(days=1)
COME_BACK_S = 60
COME_BACK_NEXT_DAY_S = 600
MOST_USERS = 10_000


class PendingLoad(msgspec.Struct, frozen=True, kw_only=True):
    """Photos that are on their way, and their bytes."""

    photos: int
    size: int


class CountsPending(Protocol):
    """The one question that this asks of the database."""

    async def count_pending(self, owner: str, since: datetime) -> PendingLoad:
        """A user's photos that are pending since after a moment."""
        ...


class TooManyPending(TooManyRequests):
    """The photo waits on the phone until others have arrived; nothing is lost."""

    sentence = (
        "Too many photos of this account have begun to be sent and have not arrived. They come first; "
        "this one is kept on the phone and sent later."
    )

    def __init__(self, detail: str | None = None, retry_after: int = COME_BACK_S) -> None:
        super().__init__(detail, retry_after=retry_after)


class TooMuchToday(TooManyPending):
    """The photo waits on the phone until the account may send more; nothing is lost."""

    sentence = (
        "This account has sent as much as one account may in a day. "
        "This photo is kept on the phone and sent later."
    )

    def __init__(self) -> None:
        super().__init__(retry_after=COME_BACK_NEXT_DAY_S)


class PendingUploadQuota:
    """Says whether more photos may begin, and asks the database only when its own tally runs high.

    The tally counts up and never down, so it errs on the careful side until the next count. Each server
    process has its own, which loosens the bounds and no more.
    """

    def __init__(
        self,
        most: int = MOST_PENDING,
        most_bytes: int = MOST_PENDING_BYTES,
        bytes_a_day: int = MOST_BYTES_A_DAY,
    ) -> None:
        self._most = PendingLoad(photos=most, size=most_bytes)
        self._at_most: dict[str, PendingLoad] = {}
        self._today = DailyBytes(bytes_a_day)

    async def refusal(
        self, photos: CountsPending, user: str, sizes: Sequence[int], now: datetime
    ) -> TooManyPending | None:
        """Why photos of these sizes may not be added to what is pending for a user; None if they may."""
        known = self._at_most.pop(user, self._most)
        if not self._fits(known, sizes):
            known = await photos.count_pending(user, now - COUNTED_FOR)
        refused = None if self._fits(known, sizes) else TooManyPending()
        if refused is None and not self._today.take(user, sum(sizes), now):
            refused = TooMuchToday()
        self._at_most[user] = known if refused else _sum(known, sizes)
        if len(self._at_most) > MOST_USERS:
            del self._at_most[next(iter(self._at_most))]  # the longest without a request
        return refused

    def _fits(self, known: PendingLoad, sizes: Sequence[int]) -> bool:
        load = _sum(known, sizes)
        return load.photos <= self._most.photos and load.size <= self._most.size


class DailyBytes:
    """How many bytes each user may begin to send in a day; what was not used today is not added up."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._left: dict[str, tuple[float, datetime]] = {}

    def take(self, user: str, size: int, now: datetime) -> bool:
        """Whether so many bytes may begin; they count if so."""
        left, at = self._left.pop(user, (float(self._most), now))
        left = min(self._most, left + max(now - at, timedelta(0)) / COUNTED_FOR * self._most)
        fits = size <= left
        self._left[user] = (left - size if fits else left, now)
        if len(self._left) > MOST_USERS:
            del self._left[next(iter(self._left))]
        return fits


def _sum(load: PendingLoad, sizes: Sequence[int]) -> PendingLoad:
    return PendingLoad(photos=load.photos + len(sizes), size=load.size + sum(sizes))
