"""SQLite alone: how it reaches the disk, what shares a commit, and what a full disk or a kill leaves."""

import asyncio
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from app.adapters.database import sqlite
from app.adapters.database.batches import MOST_JOINED
from app.adapters.database.engine import SqlDatabase
from app.adapters.database.sqlite import Durability, SqliteConnection, durability
from app.domain.errors import DatabaseBusy, StorageFull
from campaigns.powerloss.shim import built
from tests.contract.repositories.factories import ANNE, add_consultation, ensure_user, find, new_photo

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    """A migrated file."""
    path = tmp_path / "data" / "capture.sqlite"
    database = await SqlDatabase.open(path)
    await database.migrate()
    await database.close()
    return path


@pytest.fixture
async def database(path: Path) -> AsyncIterator[SqlDatabase]:
    """The open file."""
    database = await SqlDatabase.open(path, busy_timeout_ms=500)
    yield database
    await database.close()


def connection(database: SqlDatabase) -> sqlite3.Connection:
    """The one connection behind a database."""
    driver: Any = database._driver
    assert isinstance(driver, SqliteConnection)
    return driver._connection


@pytest.mark.parametrize(
    ("version", "journal"),
    [
        ((3, 40, 1), "TRUNCATE"),
        ((3, 44, 5), "TRUNCATE"),
        ((3, 44, 6), "WAL"),
        ((3, 45, 9), "TRUNCATE"),
        ((3, 50, 6), "TRUNCATE"),
        ((3, 50, 7), "WAL"),
        ((3, 51, 2), "TRUNCATE"),
        ((3, 51, 3), "WAL"),
        ((3, 52, 0), "WAL"),
        ((4, 0, 0), "WAL"),
    ],
)
def test_wal_is_used_only_where_it_cannot_corrupt(version: tuple[int, int, int], journal: str) -> None:
    """Everything else keeps a rollback journal; both wait for the disk."""
    assert durability(version) == Durability(journal, "FULL")


async def test_what_was_decided_is_what_sqlite_does_and_what_the_log_says(path: Path) -> None:
    """Asked of SQLite itself, not of our own settings."""
    decided = durability(sqlite3.sqlite_version_info[:3])

    with capture_logs() as lines:
        database = await SqlDatabase.open(path)
    settings = {
        name: connection(database).execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "foreign_keys", "cache_spill")
    }
    await database.close()

    journal = decided.journal
    assert settings == {
        "journal_mode": journal.lower(),
        "synchronous": 2,
        "foreign_keys": 1,
        "cache_spill": 0,
    }
    assert lines == [
        {
            "event": "database.opened",
            "log_level": "info",
            "edition": "sqlite",
            "sqlite": sqlite3.sqlite_version,
            "journal": journal,
            "synchronous": "FULL",
        }
    ]


def test_no_other_account_can_read_the_file(path: Path) -> None:
    """Labels and notes are for no other account of this machine."""
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_requests_that_meet_share_one_commit(database: SqlDatabase) -> None:
    """Sixteen at once wait for the disk once or twice, not sixteen times; one by one they each wait."""
    commits: list[str] = []
    connection(database).set_trace_callback(lambda text: commits.append(text) if text == "COMMIT" else None)

    await asyncio.gather(*(ensure_user(database, f"user_{place}") for place in range(16)))
    together = len(commits)
    for place in range(16, 20):
        await ensure_user(database, f"user_{place}")

    assert together <= 2
    assert len(commits) - together == 4


async def test_a_request_on_its_way_joins_the_commit_of_the_one_before(database: SqlDatabase) -> None:
    """What the loop reads in its next turn shares the commit; none waits for later ones without end."""
    commits: list[str] = []
    connection(database).set_trace_callback(lambda text: commits.append(text) if text == "COMMIT" else None)

    async def arrive_in_turn(turns: int) -> None:
        for _ in range(turns):
            await asyncio.sleep(0)
        await ensure_user(database, f"user_{turns}")

    await asyncio.gather(*(arrive_in_turn(turns) for turns in range(MOST_JOINED)))
    in_turn = len(commits)
    await asyncio.gather(*(arrive_in_turn(turns) for turns in range(100, 100 + 4 * MOST_JOINED)))

    assert in_turn == 1
    assert len(commits) - in_turn > 1


async def test_a_full_disk_says_so_and_harms_nothing(database: SqlDatabase) -> None:
    """Each photo answered "done" is stored, each answered "full" is not; with space again all goes on."""
    consultation = await add_consultation(database, ANNE)
    rows = [new_photo(ANNE, consultation.consultation_id) for _ in range(64)]
    pages = connection(database).execute("PRAGMA page_count").fetchone()[0]
    connection(database).execute(f"PRAGMA max_page_count = {pages + 2}")

    answers = await asyncio.gather(*(add(database, row) for row in rows), return_exceptions=True)
    alone = [await asyncio.gather(add(database, row), return_exceptions=True) for row in rows]

    assert {type(answer) for answer in answers} <= {type(None), StorageFull}
    assert StorageFull in {type(answer[0]) for answer in alone}
    for row, first, second in zip(rows, answers, alone, strict=True):
        assert (await find(database, row.photo_id) is not None) == (None in (first, second[0]))
    assert connection(database).execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    connection(database).execute("PRAGMA max_page_count = 1000000")
    await asyncio.gather(*(add(database, row) for row in rows))
    assert await find(database, rows[-1].photo_id) == rows[-1]


async def test_a_commit_waits_for_a_reader_of_another_program(database: SqlDatabase, path: Path) -> None:
    """A backup that reads for a moment costs that moment and nothing else."""
    connection(database).execute("PRAGMA journal_mode = TRUNCATE")
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM users").fetchall()

    request = asyncio.create_task(ensure_user(database, ANNE))
    done, _ = await asyncio.wait({request}, timeout=0.1)
    assert not done
    reader.execute("COMMIT")
    await request

    assert reader.execute("SELECT user_id FROM users").fetchall() == [(ANNE,)]
    reader.close()


async def test_reading_goes_on_beside_a_reader_of_another_program(database: SqlDatabase, path: Path) -> None:
    """A backup, the doctor or a restore drill reads for as long as it likes; no request gets "busy"."""
    connection(database).execute("PRAGMA journal_mode = TRUNCATE")
    consultation = await add_consultation(database, ANNE)
    rows = [new_photo(ANNE, consultation.consultation_id) for _ in range(2)]
    for row in rows:
        await add(database, row)
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM users").fetchall()

    assert await find(database, rows[0].photo_id) == rows[0]
    assert await find(database, rows[1].photo_id) == rows[1]

    reader.execute("COMMIT")
    reader.close()


async def test_a_write_is_seen_as_one_whatever_wrote_it(database: SqlDatabase, path: Path) -> None:
    """An emptied table and rows that fall with their parent count as written, and are kept."""
    for statement in (
        "CREATE TABLE parents (id INTEGER PRIMARY KEY)",
        "CREATE TABLE children (id INTEGER REFERENCES parents ON DELETE CASCADE)",
        "INSERT INTO parents VALUES (1), (2)",
        "INSERT INTO children VALUES (1), (2)",
    ):
        connection(database).execute(statement)

    async with database.transaction():
        connection(database).execute("DELETE FROM parents WHERE id = 1")
    async with database.transaction():
        connection(database).execute("DELETE FROM children")

    with sqlite3.connect(path) as outside:
        assert outside.execute("SELECT id FROM parents").fetchall() == [(2,)]
        assert outside.execute("SELECT id FROM children").fetchall() == []


async def test_a_commit_that_a_reader_holds_up_for_too_long_is_undone(
    database: SqlDatabase, path: Path
) -> None:
    """Every request in the batch gets "busy", and nothing of theirs is stored; later all is well."""
    connection(database).execute("PRAGMA journal_mode = TRUNCATE")
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM users").fetchall()

    answers = await asyncio.gather(
        *(ensure_user(database, f"u{n}") for n in range(4)), return_exceptions=True
    )
    reader.execute("COMMIT")

    assert [type(answer) for answer in answers] == [DatabaseBusy] * 4
    assert reader.execute("SELECT count(*) FROM users").fetchall() == [(0,)]
    reader.close()
    await ensure_user(database, ANNE)


@pytest.mark.parametrize("kill_after", [1, 7, 40, 150])
async def test_what_was_acknowledged_survives_a_kill(path: Path, kill_after: int) -> None:
    """Sixteen writers, killed without warning: each photo that was called stored is there and whole."""
    acknowledged = await asyncio.to_thread(acknowledged_until_killed, path, "after", kill_after)

    assert len(acknowledged) >= kill_after
    assert await lost(path, acknowledged) == []


async def test_a_writer_that_answers_before_it_commits_is_caught(path: Path) -> None:
    """The control: the same kill and the same count find every photo lost."""
    acknowledged = await asyncio.to_thread(acknowledged_until_killed, path, "before", 1)

    assert await lost(path, acknowledged) == acknowledged


def acknowledged_until_killed(path: Path, answer: str, kill_after: int) -> list[str]:
    """Ids that the writing program printed before SIGKILL, which comes after ``kill_after`` of them."""
    program = subprocess.Popen(
        [sys.executable, "-m", "tests.adapters.database.writer", str(path), answer],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    with program.stdout as answers:
        lines = [answers.readline() for _ in range(kill_after)]
        os.kill(program.pid, signal.SIGKILL)
        lines += answers.readlines()
    assert program.wait() == -signal.SIGKILL
    return [line.strip() for line in lines]


async def lost(path: Path, acknowledged: list[str]) -> list[str]:
    """Those that a restarted database does not know; the file itself must be whole."""
    database = await SqlDatabase.open(path)
    assert connection(database).execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    missing = [line for line in acknowledged if await find(database, UUID(line)) is None]
    await database.close()
    return missing


async def test_closing_lets_a_waiting_commit_reach_the_disk(path: Path) -> None:
    """A request that has left its transaction's body when the server stops is still stored."""
    database = await SqlDatabase.open(path)
    request = asyncio.create_task(ensure_user(database, ANNE))
    # One turn of the loop: the request has written and waits for its commit.
    await asyncio.sleep(0)
    assert connection(database).in_transaction

    await database.close()
    await request

    with sqlite3.connect(path) as reader:
        assert reader.execute("SELECT user_id FROM users").fetchall() == [(ANNE,)]
    reader.close()


def outcomes(path: Path, first: int, count: int, when: str) -> list[str]:
    """The outcomes of a start and a request while reads of the file fail."""
    asked = [sys.executable, "-m", "tests.adapters.database.reader", str(path), str(first), str(count), when]
    environment = {**os.environ, "LD_PRELOAD": str(built())}
    done = subprocess.run(asked, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, timeout=30)
    assert done.returncode == 0
    return done.stdout.splitlines()


@pytest.mark.parametrize("first", range(5))
async def test_a_disk_that_cannot_be_read_is_never_called_a_damaged_file(path: Path, first: int) -> None:
    """An operator would move a whole file away. Where the reads go on failing, the start says so."""
    [once], [ever] = outcomes(path, first, 1, "start"), outcomes(path, first, 1_000_000, "start")

    assert once == "fine" or once.startswith("DatabaseBusy")
    assert ever.startswith("DatabaseBusy")
    assert "damaged" not in once + ever


async def test_a_disk_that_fails_within_the_file_is_named(path: Path) -> None:
    """SQLite itself would call it damage; the sentence names the disk."""
    assert "disk under DATA_DIR cannot be read" in outcomes(path, 2, 1_000_000, "start")[0]


@pytest.mark.parametrize("first", range(3))
async def test_a_read_that_fails_within_a_request_is_busy(path: Path, first: int) -> None:
    """The phone keeps everything and comes again."""
    assert {line.partition(":")[0] for line in outcomes(path, first, 1, "request")} <= {
        "fine",
        "DatabaseBusy",
    }


@pytest.mark.parametrize(("name", "bad"), [("SQLITE_CORRUPT", 4096), ("SQLITE_NOTADB", 0)])
async def test_what_sqlite_calls_damage_is_busy_within_a_request(
    database: SqlDatabase, path: Path, name: str, bad: int
) -> None:
    """A page that went bad under a running server: the phone keeps everything, the log says why."""
    driver = connection(database)
    driver.execute("PRAGMA cache_size = 0")
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(bad)
        file.write(b"\xff" * (size - bad))
    driver.execute("PRAGMA shrink_memory")

    with capture_logs() as lines, pytest.raises(DatabaseBusy):
        await ensure_user(database, ANNE)

    assert {"event": "database.unreadable", "cause": name, "log_level": "error"} in lines


def test_other_errors_of_sqlite_stay_what_they_are() -> None:
    """Only what waiting or free space can mend is called so."""
    error = sqlite3.OperationalError("no such table")

    assert sqlite._translated(error) is error


async def add(database: SqlDatabase, row: Any) -> None:
    """Add one pending photo."""
    async with database.transaction() as tx:
        await tx.photos.add_pending([row])
