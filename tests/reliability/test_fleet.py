"""Kind 5: several server processes outlive their database, each other and nothing else.

Real processes over a real PostgreSQL, which is killed and started again, and a bucket.
"""

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from campaigns.faults.postgres_kills import Cluster
from e2e.support.cloud import in_own_loop
from tests.reliability.fleet_running import Processes, command, database_and_bucket, holders, processes
from tests.support.ministack import Ministack
from tests.support.waiting import wait_until_async

World = tuple[Cluster, Ministack]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with database_and_bucket(tmp_path_factory.mktemp("fleet") / "world") as made:
        yield made


@pytest.fixture
def fleet(world: World, tmp_path: Path) -> Iterator[Processes]:
    server, bucket = world
    in_own_loop(server.start())
    with processes(tmp_path / "clinic", bucket, server.address) as clinic:
        yield clinic


def test_workers_start_beside_a_sleeping_database_and_wait(world: World, tmp_path: Path) -> None:
    """503 until it is there, a line in the log for each try; then one migration and one first account."""
    server, bucket = world
    in_own_loop(server.start())
    server.end(signal.SIGKILL)
    with processes(tmp_path / "clinic", bucket, server.address) as clinic:
        clinic.until_served()
        clinic.until(lambda: len(clinic.events("database.waiting")) >= 2)

        assert clinic.get("/health/live").status_code == 200
        assert clinic.database_state() == "down"
        assert clinic.get("/health/ready").status_code == 503
        refused = httpx.post(
            f"{clinic.url}/api/session",
            json={"name": "anna", "password": "x"},
            headers={"origin": clinic.url, "x-cp-client": "1"},
            trust_env=False,
        )
        assert (refused.status_code, refused.json()["code"]) == (503, "database-busy")
        assert [one["attempt"] for one in clinic.events("database.waiting")][:2] == [1, 2]

        in_own_loop(server.start())
        clinic.until(lambda: clinic.database_state() == "ok")
        clinic.until(lambda: any(line.startswith("Sign in: ") for line in clinic.log))
        assert len([line for line in clinic.log if line.startswith("Sign in: ")]) == 1
        assert [row["name"] for row in clinic.rows("SELECT name FROM accounts")] == ["clinician"]


def test_sigterm_ends_the_wait_for_a_database_at_once(world: World, tmp_path: Path) -> None:
    """The end was requested, so it is no failure."""
    server, bucket = world
    server.end(signal.SIGKILL)
    with processes(tmp_path / "clinic", bucket, server.address) as clinic:
        clinic.until(lambda: clinic.events("database.waiting"))

        assert clinic.end(signal.SIGTERM) == 0
    in_own_loop(server.start())


def test_sigterm_ends_a_program_whose_migration_waits(world: World, tmp_path: Path) -> None:
    """Another machine holds the lock of the migrations."""
    server, bucket = world
    in_own_loop(server.start())

    async def wait_and_end(clinic: Processes) -> int:
        import asyncpg

        from app.adapters.database.migrating import _LOCK

        holder = await asyncpg.connect(server.address)
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        try:
            await holder.execute("SELECT pg_advisory_lock($1)".replace("$1", str(_LOCK)))
            clinic.begin()
            await wait_until_async(lambda: holder.fetchval(waiting))
            return await asyncio.to_thread(clinic.end, signal.SIGTERM)
        finally:
            await holder.close()

    for settings in ({}, {"WORKERS": "1"}):
        clinic = Processes(tmp_path / f"clinic{len(settings)}", bucket, server.address)
        clinic.settings |= settings
        assert in_own_loop(wait_and_end(clinic)) == 0
        assert [line for line in clinic.log if "Traceback" in line] == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_outlives_the_parent(fleet: Processes, number: signal.Signals) -> None:
    """Server processes and image decoders end with it, and the port is free."""
    fleet.until_served()
    family = fleet.parent.children(recursive=True)
    # The parent has decoders of its own while it tries the services.
    theirs = [one for worker in fleet.workers() for one in worker.children()]
    assert len([one for one in theirs if "decoder.py" in " ".join(command(one))]) == 4

    fleet.end(number)

    _, alive = psutil.wait_procs(family, timeout=60)
    assert alive == []
    assert holders(fleet.port) == set()


def test_only_the_parent_and_its_workers_hold_the_port(fleet: Processes) -> None:
    """An image decoder with the socket would keep the port after every other process has ended."""
    fleet.until_served()
    expected = {fleet.parent.pid, *(one.pid for one in fleet.workers())}

    # A new process has its parent's sockets for a moment.
    fleet.until(lambda: holders(fleet.port) == expected)


def test_metrics_add_up_all_workers(fleet: Processes) -> None:
    """Forty answers are forty whichever process is asked, and the counts of a dead one stay."""
    fleet.until_served()
    for _ in range(40):
        assert fleet.get("/health/live").status_code == 200

    def counted() -> set[float]:
        return {_live_answers(fleet.get("/metrics").text) for _ in range(6)}

    assert counted() == {40.0}
    fleet.workers()[0].kill()
    fleet.until_served(3)
    assert counted() == {40.0}
    assert {_value(fleet.get("/metrics").text, "capture_pending") for _ in range(6)} == {0.0}


def test_what_cannot_start_ends_with_an_error(world: World, tmp_path: Path) -> None:
    """Workers that never come up: named in the log, and no success."""
    server, bucket = world
    in_own_loop(server.start())
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "sitecustomize.py").write_text(
        "import os, sys\nif 'app.server.worker' in ' '.join(sys.orig_argv):\n    os._exit(3)\n"
    )
    with processes(tmp_path / "clinic", bucket, server.address, PYTHONPATH=str(broken)) as clinic:
        assert clinic.exit_code() == 1
        assert {one["cause"] for one in clinic.events("worker.not_started")} == {"exit 3"}
        assert clinic.log[-1].startswith("clinicpro-capture: No server process could be started.")


def test_an_unknown_address_is_a_sentence_and_no_success(world: World, tmp_path: Path) -> None:
    """Waiting would not cure it: the program ends and says which setting."""
    _, bucket = world
    with processes(tmp_path / "clinic", bucket, "postgresql://nobody.invalid/x") as clinic:
        assert clinic.exit_code() == 1
        assert "DATABASE_URL" in clinic.log[-1]
        assert clinic.log[-1].startswith("clinicpro-capture: ")


def _live_answers(text: str) -> float:
    return _value(text, 'capture_requests_total{method="GET",route="/health/live",status="200"}')


def _value(text: str, name: str) -> float:
    return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(f"{name} "))
