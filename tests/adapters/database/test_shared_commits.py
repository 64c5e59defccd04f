"""The outcomes of requests that share a commit, when the disk or the memory fails one of them."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from app.adapters.database.engine import SqlDatabase
from app.adapters.database.sqlite import SqliteConnection
from app.domain.errors import DatabaseBusy, PhotoNotFound
from tests.contract.repositories.factories import NOW, ensure_user

AT_ONCE_S = 5


class Failing:
    """A connection of which one statement fails ``times`` times."""

    def __init__(self, real: sqlite3.Connection, statement: str, error: Exception, times: int = 1) -> None:
        self._real, self._statement, self._error, self._times = real, statement, error, times

    def execute(self, statement: str, *values: Any) -> Any:
        """As the real one, or the error."""
        if statement == self._statement and self._times:
            self._times -= 1
            raise self._error
        return self._real.execute(statement, *values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqlDatabase]:
    """An open file with its tables."""
    database = await SqlDatabase.open(tmp_path / "capture.sqlite", busy_timeout_ms=200)
    await database.migrate()
    yield database
    await database.close()


def fail(database: SqlDatabase, statement: str, error: Exception, times: int = 1) -> None:
    """Let a statement of the one connection behind the database fail."""
    driver = database._driver
    assert isinstance(driver, SqliteConnection)
    failing: Any = Failing(driver._connection, statement, error, times)
    driver._connection = failing


async def refuse(database: SqlDatabase, owner: str) -> None:
    """Write, then find a reason to undo it."""
    async with database.transaction() as tx:
        await tx.consultations.ensure_user(owner, uuid4(), NOW)
        raise PhotoNotFound


async def ask(database: SqlDatabase) -> None:
    """Be refused for what was read, without having written."""
    async with database.transaction():
        raise PhotoNotFound


async def answers(*requests: Any) -> list[type]:
    """The type of each outcome, all run at once; none may wait without end."""
    async with asyncio.timeout(AT_ONCE_S):
        outcomes = await asyncio.gather(*requests, return_exceptions=True)
    return [type(one) for one in outcomes]


async def users(database: SqlDatabase) -> list[str]:
    """The stored users, read over another connection."""
    driver: Any = database._driver
    path = driver._connection.execute("PRAGMA database_list").fetchone()[2]
    with sqlite3.connect(path) as outside:
        return [row[0] for row in outside.execute("SELECT user_id FROM users ORDER BY user_id")]


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("cannot schedule new futures"), sqlite3.InterfaceError("misuse")]
)
async def test_a_commit_that_fails_for_any_reason_fails_every_request_in_it(
    database: SqlDatabase, error: Exception
) -> None:
    """No request waits without end, nothing of theirs is stored, and the next one is served."""
    fail(database, "COMMIT", error)

    outcomes = await answers(ensure_user(database, "a"), ensure_user(database, "b"))

    assert all(issubclass(one, Exception) for one in outcomes)
    assert await users(database) == []
    assert await answers(ensure_user(database, "c")) == [type(None)]
    assert await users(database) == ["c"]


async def test_where_one_cannot_be_undone_all_are(database: SqlDatabase) -> None:
    """A neighbour never gets "failed" while its row is there, nor "done" while it is not."""
    fail(database, "ROLLBACK TO one", sqlite3.OperationalError("disk I/O error"))

    outcomes = await answers(ensure_user(database, "a"), refuse(database, "b"), ensure_user(database, "c"))

    committed = {owner for owner, one in zip("abc", outcomes, strict=True) if one is type(None)}
    assert outcomes[0] is DatabaseBusy
    assert set(await users(database)) == committed
    assert await answers(ensure_user(database, "d")) == [type(None)]


async def test_what_could_not_be_rolled_back_is_rolled_back_before_the_next(database: SqlDatabase) -> None:
    """Neither the commit nor its undoing worked: the next transaction begins with a clean slate."""
    fail(database, "ROLLBACK", MemoryError())
    fail(database, "COMMIT", MemoryError())

    assert await answers(ensure_user(database, "a")) == [DatabaseBusy]
    assert await answers(ensure_user(database, "b")) == [type(None)]
    assert await users(database) == ["b"]


async def test_a_refusal_is_final_only_once_its_reason_is_on_the_disk(database: SqlDatabase) -> None:
    """One is refused beside a neighbour's change; when that is undone, both are asked to come back."""
    fail(database, "COMMIT", MemoryError())

    assert await answers(ensure_user(database, "a"), ask(database)) == [DatabaseBusy, DatabaseBusy]
    assert await answers(ensure_user(database, "a"), ask(database)) == [type(None), PhotoNotFound]


async def test_a_mistake_in_the_program_is_not_called_busy(database: SqlDatabase) -> None:
    """The log gets its own name, whatever became of the commit beside it."""

    async def mistake() -> None:
        async with database.transaction():
            raise KeyError("a bug")

    fail(database, "COMMIT", MemoryError())

    assert await answers(ensure_user(database, "a"), mistake()) == [DatabaseBusy, KeyError]
