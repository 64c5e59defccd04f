"""The disk full or broken at the n-th change of a real program's day, and of its start (F9)."""

from collections.abc import Iterator

import pytest

from campaigns.faults.disk import CHANGES, STRIDE, control, live_through, trouble
from campaigns.faults.kills import Round
from campaigns.server.program import ForkServer, installation


@pytest.fixture
def fork_server() -> Iterator[ForkServer]:
    fork_server = ForkServer()
    yield fork_server
    fork_server.close()


@pytest.mark.parametrize("seeds", [range(8), range(8, 16)], ids=["near", "far"])
def test_a_disk_in_trouble_gets_clean_answers_and_the_service_recovers(
    seeds: range, fork_server: ForkServer
) -> None:
    """503 or 507 with Retry-After, a sentence where it cannot start, whole files, nothing lost."""
    with installation(fork_server) as program:
        finished = live_through(Round(program, seeds.start), seeds)

    assert finished.problems == []
    assert finished.verdict().clean, str(finished.verdict())
    assert finished.counts["troubles"] == len(seeds)
    assert finished.counts["days with a refusal"] > 0


def test_the_full_campaign_begins_trouble_at_every_change() -> None:
    """For every n: the stride leaves none out."""
    begun = {trouble(seed).fault.first for seed in range(0, 4 * CHANGES, 4)}

    assert begun == set(range(CHANGES))
    assert STRIDE > 1


def test_a_store_that_writes_in_place_is_caught(fork_server: ForkServer) -> None:
    """The control arm."""
    assert control(fork_server, trials=1).caught == 1
