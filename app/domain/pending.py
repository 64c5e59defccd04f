"""How many photos of one person may be on their way at once: a bound on what one sign-in can pile up.

A phone holds 20 signed URLs at most, so nobody who sends photos comes near it. What never arrived stops
counting after a day: a lost phone's photos must not keep the next phone from sending.
"""

from datetime import datetime, timedelta
from typing import Protocol

from app.domain.errors import TooManyRequests

MOST_PENDING = 2_000
COUNTED_FOR = timedelta(days=1)
COME_BACK_S = 60
MOST_USERS = 10_000


class CountsPending(Protocol):
    """The one question that this asks of the database."""

    async def count_pending(self, owner: str, since: datetime) -> int:
        """A user's photos that are pending since after a moment."""
        ...


class TooManyPending(TooManyRequests):
    """The photo waits on the phone until others have arrived; nothing is lost."""

    sentence = (
        "Too many photos of this account have begun to be sent and have not arrived. They come first; "
        "this one is kept on the phone and sent later."
    )

    def __init__(self) -> None:
        super().__init__(retry_after=COME_BACK_S)


class PendingRoom:
    """Says whether more photos may begin, and asks the database only when its own tally runs high.

    The tally counts up and never down, so it errs on the careful side until the next count. Each server
    process has its own, which loosens the bound and no more.
    """

    def __init__(self, most: int = MOST_PENDING) -> None:
        self._most = most
        self._at_most: dict[str, int] = {}

    async def take(self, records: CountsPending, user: str, photos: int, now: datetime) -> bool:
        """Whether so many photos may be added to what is pending for a user."""
        known = self._at_most.pop(user, self._most)
        if known + photos > self._most:
            known = await records.count_pending(user, now - COUNTED_FOR)
        fits = known + photos <= self._most
        self._at_most[user] = known + photos if fits else known
        if len(self._at_most) > MOST_USERS:
            del self._at_most[next(iter(self._at_most))]  # whoever has not asked for longest
        return fits
