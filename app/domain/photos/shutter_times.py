"""When a photo was taken: what a phone says about it is a claim, which the server's own clock bounds.

A phone corrects its time by the server's before it sends; an uncorrected clock may say 1970 or
2099, and such a time must neither be filed nor start or stop an alarm.
"""

from datetime import datetime, timedelta

LEEWAY = timedelta(minutes=2)
# No photo is taken before its consultation is open. A clock that is a few hours off is left as reported,
# so that the two times on the screen still say so.
BEFORE_OPENING = timedelta(days=1)
LONGEST_KEPT = timedelta(days=365)


def is_doubtful(claim: datetime, now: datetime) -> bool:
    """Whether the opening of its consultation must be known to bound this time."""
    return claim < now - BEFORE_OPENING


def bound_capture_time(claim: datetime, now: datetime, opened_at: datetime | None) -> datetime:
    """The claim where it can be true, else the nearest moment that can."""
    if claim > now + LEEWAY:
        return now
    if opened_at is None:
        return now if claim < now - LONGEST_KEPT else claim
    return max(claim, opened_at) if claim < opened_at - BEFORE_OPENING else claim
