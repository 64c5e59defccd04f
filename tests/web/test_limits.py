"""The bucket's arithmetic, with time in the test's hand."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from app.domain.errors import TooManyRequests
from app.web.middleware import rate_limit as limits
from app.web.middleware.rate_limit import Limiter, Rate, Rates


class Watch:
    """Seconds that a test turns."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def asking(user: str) -> Any:
    """A connection that asks for a realtime token."""
    scope = {"method": "GET", "path_template": "/api/realtime/token", "user": SimpleNamespace(id=user)}
    return cast("Any", SimpleNamespace(scope=scope))


def limiter(watch: Watch) -> Limiter:
    return Limiter(Rates(realtime_token=Rate(burst=2, each_second=0.5)), watch)


def test_a_burst_then_a_steady_rate_and_the_honest_wait() -> None:
    """``Retry-After`` is when the next request will pass, not a guess."""
    watch = Watch()
    tested = limiter(watch)

    tested.check(asking("a"))
    tested.check(asking("a"))
    with pytest.raises(TooManyRequests) as refused:
        tested.check(asking("a"))
    assert refused.value.retry_after == 2
    watch.now = 2.0
    tested.check(asking("a"))
    with pytest.raises(TooManyRequests):
        tested.check(asking("a"))


def test_idle_time_never_saves_up_more_than_the_burst() -> None:
    """A night without requests saves up no more."""
    watch = Watch()
    tested = limiter(watch)
    tested.check(asking("a"))
    watch.now = 10_000.0

    tested.check(asking("a"))
    tested.check(asking("a"))
    with pytest.raises(TooManyRequests):
        tested.check(asking("a"))


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The user who has been idle longest is forgotten first."""
    monkeypatch.setattr(limits, "MOST_USERS", 2)
    tested = limiter(Watch())
    for user in ("a", "a", "b", "b", "a"):
        try:
            tested.check(asking(user))
        except TooManyRequests:
            assert user == "a"
    tested.check(asking("c"))

    tested.check(asking("a"))  # forgotten, so full again
