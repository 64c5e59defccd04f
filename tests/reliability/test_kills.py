"""The real program killed at its writes: nothing lost, doubled, misfiled, stuck or leaked (G3)."""

import pytest

from campaigns.faults.kills import CONTROLS, KILLS, POINTS, Round, control, one_round, points
from campaigns.server.program import ForkServer, installation


@pytest.mark.parametrize("seed", range(4))
def test_kills_before_and_after_a_write_cost_nothing(seed: int) -> None:
    """Ten kills on one installation; the phone asks again, and the checker reads the disk each time."""
    with installation() as program:
        finished = one_round(Round(program, seed), points(seed))

    assert finished.verdict().clean, str(finished.verdict())
    assert finished.problems == []
    assert finished.counts["kills at their point"] >= KILLS - 1


def test_neighbouring_seeds_go_through_every_point() -> None:
    """So that the full campaign leaves none out."""
    passed = {point.name for seed in range(len(POINTS) // KILLS + 1) for point in points(seed)}

    assert passed == {point.name for point in POINTS}


@pytest.mark.parametrize("build", CONTROLS)
def test_a_faulty_build_is_caught_by_the_same_kills(build: str) -> None:
    """The control arms: a receipt before its commit, and an object that is written in place."""
    fork_server = ForkServer()

    found = control(fork_server, build, trials=1)
    fork_server.close()

    assert found.caught == 1
