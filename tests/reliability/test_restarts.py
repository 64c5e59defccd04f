"""Restarts under load and a locked database: phones ask again, and nothing else happens (F7, F8)."""

from collections.abc import Callable, Iterator

import pytest

from campaigns.faults.kills import Round
from campaigns.faults.restarts import LOCKS_S, RESTARTS, control, lock_for_long, locks, restarts, through
from campaigns.server.program import ForkServer


@pytest.fixture
def fork_server() -> Iterator[ForkServer]:
    fork_server = ForkServer()
    yield fork_server
    fork_server.close()


def test_restarts_under_load_cost_nothing_but_a_repeated_request(fork_server: ForkServer) -> None:
    """Three phones send while the server is ended by SIGTERM again and again: no 4xx, no 500, no loss."""
    finished = through(fork_server, 0, restarts)

    assert finished.problems == []
    assert finished.verdict().clean, str(finished.verdict())
    assert finished.counts["restarts"] == RESTARTS
    assert finished.phone.answers["no answer"] > 0


def test_a_locked_database_is_a_503_with_a_time_to_retry(fork_server: ForkServer) -> None:
    """Shorter than the busy timeout no phone notices; longer, every phone is asked to wait."""
    finished = through(fork_server, 0, locks)

    refused = {name: count for name, count in finished.phone.answers.items() if name.endswith(" 503")}
    assert finished.problems == []
    assert finished.verdict().clean, str(finished.verdict())
    assert finished.counts["locks"] == len(LOCKS_S)
    assert refused


@pytest.mark.parametrize("live", [restarts, lock_for_long])
def test_a_phone_that_drops_what_fails_is_caught(
    fork_server: ForkServer, live: Callable[[Round], None]
) -> None:
    """The control arm: the same restarts, and a lock, find every photo that it dropped."""
    assert control(fork_server, live).caught == 1
