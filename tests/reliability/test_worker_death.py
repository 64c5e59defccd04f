"""Kind 5: server processes that die while their database is away are replaced, and the service goes on."""

import signal

import pytest

from e2e.support.cloud import in_own_loop
from tests.reliability.fleet_running import database_and_bucket, processes


def test_a_worker_that_dies_while_the_database_is_away_is_replaced(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """The service goes on, says so in its log, and serves photos' requests again with the database."""
    folder = tmp_path_factory.mktemp("death")
    with (
        database_and_bucket(folder / "world") as (server, bucket),
        processes(folder / "clinic", bucket, server.address) as fleet,
    ):
        fleet.until_served()
        fleet.until(lambda: fleet.database_state() == "ok")
        first = {one.pid for one in fleet.workers()}

        server.end(signal.SIGKILL)
        for one in fleet.workers():
            one.kill()
        fleet.until_served(4)

        assert fleet.get("/health/live").status_code == 200
        assert fleet.database_state() == "down"
        assert {one["pid"] for one in fleet.events("worker.died")} == first
        assert {one["cause"] for one in fleet.events("worker.died")} == {"signal 9"}
        in_own_loop(server.start())
        fleet.until(lambda: fleet.database_state() == "ok")
        assert fleet.end(signal.SIGTERM) == 0
