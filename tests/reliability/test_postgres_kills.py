"""PostgreSQL killed or stopped at once under sixteen writers: what was committed stays (G4)."""

import asyncio

from campaigns.faults.postgres_kills import cluster, control, cycles, prepare


def test_what_postgresql_committed_survives_its_kill() -> None:
    """Six cycles on one cluster, through one pool that must go on by itself."""
    with cluster() as server:
        history, lost = asyncio.run(cycles(server, asyncio.run(prepare(server)), range(6)))

    assert lost == []
    assert history.broken == []
    assert history.counts["SIGKILL"] == 3
    assert history.counts["immediate stop"] == 3
    assert history.counts["refused for now"] > 0


def test_commits_that_do_not_wait_for_the_log_are_caught() -> None:
    """The control arm: the same kill, and some acknowledged rows are gone."""
    assert control(trials=2).caught > 0
