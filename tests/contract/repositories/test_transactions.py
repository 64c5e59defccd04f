"""Transactions: whole or not at all, whatever ends them, and a clear answer when there is none."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from app.adapters.database.engine import SqlDatabase
from app.domain.errors import DatabaseBusy
from tests.contract.repositories.factories import (
    ANNE,
    NOW,
    add_consultation,
    add_photo,
    ensure_user,
    find,
    new_photo,
    store,
)


@asynccontextmanager
async def locked(location: str | Path) -> AsyncIterator[None]:
    """Another connection holds the write lock, as a backup or a second program would."""
    if isinstance(location, Path):
        other = sqlite3.connect(location, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.close()
    else:
        server = await asyncpg.connect(location)
        try:
            async with server.transaction():
                await server.execute("LOCK TABLE users, photos IN ACCESS EXCLUSIVE MODE")
                yield
        finally:
            await server.close()


@pytest.fixture
async def hasty(location: str | Path) -> AsyncIterator[SqlDatabase]:
    """The database with a short limit for locks."""
    database = await SqlDatabase.open(location, busy_timeout_ms=200)
    yield database
    await database.close()


async def test_a_database_locked_for_too_long_is_busy(hasty: SqlDatabase, location: str | Path) -> None:
    """And works again as soon as the lock is gone."""
    async with locked(location):
        with pytest.raises(DatabaseBusy):
            await ensure_user(hasty, ANNE)

    await ensure_user(hasty, ANNE)


async def test_every_request_that_waits_for_a_lock_gets_its_error_in_time(
    hasty: SqlDatabase, location: str | Path
) -> None:
    """Ten requests wait side by side, not one after the other, and the event loop stays free."""
    loop = asyncio.get_running_loop()
    async with locked(location):
        start = loop.time()
        answers = await asyncio.gather(*(ensure_user(hasty, ANNE) for _ in range(10)), return_exceptions=True)

        assert loop.time() - start < 1.5
        assert [type(answer) for answer in answers] == [DatabaseBusy] * 10


async def test_a_lock_that_ends_in_time_is_waited_for(database: SqlDatabase, location: str | Path) -> None:
    """No request gets an error."""
    async with locked(location):
        waiting = asyncio.create_task(ensure_user(database, ANNE))
        done, _ = await asyncio.wait({waiting}, timeout=0.2)
        assert not done

    await waiting


async def test_an_answering_database_passes_its_check(database: SqlDatabase) -> None:
    """No error, no rows needed."""
    await database.check()


@pytest.mark.parametrize("make", [lambda: ZeroDivisionError(), lambda: asyncio.CancelledError()])
async def test_any_exception_rolls_everything_back(
    database: SqlDatabase, make: Callable[[], BaseException]
) -> None:
    """Neither the first nor the last statement stays, and the next transaction works."""
    consultation = await add_consultation(database, ANNE)
    row = new_photo(ANNE, consultation.consultation_id)

    async def fail() -> None:
        async with database.transaction() as tx:
            await tx.photos.add_pending([row])
            await tx.consultations.increment_revision(consultation.consultation_id)
            raise make()

    with pytest.raises((ZeroDivisionError, asyncio.CancelledError)):
        await fail()

    async with database.transaction() as tx:
        assert await tx.photos.by_ids([row.photo_id]) == {}
        assert await tx.consultations.get(ANNE, consultation.consultation_id) == consultation


async def test_a_rolled_back_transaction_never_returns_success(database: SqlDatabase) -> None:
    """Code may ignore a statement that failed; what it wrote before is stored, or it gets an error."""
    first = await add_consultation(database, ANNE)
    row = new_photo(ANNE, first.consultation_id)

    async def ignore_failure() -> None:
        async with database.transaction() as tx:
            await tx.photos.add_pending([row])
            with suppress(Exception):
                await tx.consultations.add(first)  # there is one of this id

    [outcome] = await asyncio.gather(ignore_failure(), return_exceptions=True)

    assert outcome is None or isinstance(outcome, DatabaseBusy)
    assert (await find(database, row.photo_id) is not None) == (outcome is None)
    await store(database, await add_photo(database, first))


async def test_cancelled_requests_roll_back_and_give_their_connection_back(database: SqlDatabase) -> None:
    """More of them than there are connections."""
    consultation = await add_consultation(database, ANNE)
    rows = [new_photo(ANNE, consultation.consultation_id) for _ in range(40)]

    async def hang(row_index: int, reached: asyncio.Event) -> None:
        async with database.transaction() as tx:
            await tx.photos.add_pending([rows[row_index]])
            reached.set()
            await asyncio.Event().wait()

    for place in range(len(rows)):
        reached = asyncio.Event()
        request = asyncio.create_task(hang(place, reached))
        await reached.wait()
        request.cancel()
        await asyncio.wait({request})
        assert request.cancelled()

    async with database.transaction() as tx:
        assert await tx.photos.by_ids([row.photo_id for row in rows]) == {}
    await store(database, await add_photo(database, consultation))


async def test_requests_cancelled_at_any_step_leave_a_whole_database(database: SqlDatabase) -> None:
    """Photo and event are both there or both not, after 60 requests cancelled a little later each time."""
    consultation = await add_consultation(database, ANNE)
    rows = [new_photo(ANNE, consultation.consultation_id) for _ in range(60)]

    async def request(place: int) -> None:
        async with database.transaction() as tx:
            await tx.photos.add_pending([rows[place]])
            await tx.outbox.add(rows[place].photo_id, ANNE, {}, NOW)

    for place in range(len(rows)):
        running = [
            asyncio.create_task(request(place)),
            asyncio.create_task(ensure_user(database, f"u{place}")),
        ]
        for _ in range(place % 20):
            await asyncio.sleep(0)
        running[0].cancel()
        await asyncio.wait(running)
        running[1].result()

    async with database.transaction() as tx:
        there = set(await tx.photos.by_ids([row.photo_id for row in rows]))
        events = {event.event_id for event in await tx.outbox.list_unpublished(100)}
    assert there == events


async def test_one_failing_among_many_at_once_fails_no_other(database: SqlDatabase) -> None:
    """The others are stored, the failing one is not."""
    consultation = await add_consultation(database, ANNE)
    rows = [new_photo(ANNE, consultation.consultation_id) for _ in range(20)]

    async def request(place: int) -> None:
        async with database.transaction() as tx:
            await tx.photos.add_pending([rows[place]])
            if place % 5 == 0:
                raise ZeroDivisionError

    answers = await asyncio.gather(*(request(place) for place in range(20)), return_exceptions=True)

    failed = [place for place, answer in enumerate(answers) if answer is not None]
    assert failed == [0, 5, 10, 15]
    for place, row in enumerate(rows):
        assert (await find(database, row.photo_id) is None) == (place in failed)


async def test_what_is_left_is_there_after_reopening(database: SqlDatabase, location: str | Path) -> None:
    """A second opening sees what the first has committed."""
    row = await add_photo(database, await add_consultation(database, ANNE))
    await database.close()

    reopened = await SqlDatabase.open(location)
    assert await find(reopened, row.photo_id) == row
    await reopened.close()


async def test_reading_and_then_writing_never_conflicts(location: str | Path) -> None:
    """Two programs on one database, both reading before they write, fifty times each."""
    databases = [await SqlDatabase.open(location) for _ in range(2)]
    consultation = await add_consultation(databases[0], ANNE)

    async def work(database: SqlDatabase) -> None:
        for _ in range(50):
            async with database.transaction() as tx:
                await tx.consultations.get(ANNE, consultation.consultation_id)
                await tx.consultations.increment_revision(consultation.consultation_id)

    await asyncio.gather(*(work(database) for database in databases))

    async with databases[0].transaction() as tx:
        found = await tx.consultations.get(ANNE, consultation.consultation_id)
    assert found is not None
    assert found.rev == 100
    for database in databases:
        await database.close()


async def test_a_database_that_is_not_there_is_busy(tmp_path: Path) -> None:
    """No server at the address; no folder where the file should be."""
    absent = await SqlDatabase.open(f"postgresql://nobody@/nothing?host={tmp_path}")
    calls: list[Callable[[], Awaitable[object]]] = [absent.check, absent.migrate]
    for call in calls:
        with pytest.raises(DatabaseBusy):
            await call()
    await absent.close()

    (tmp_path / "capture.sqlite").mkdir()
    with pytest.raises(DatabaseBusy):
        await SqlDatabase.open(tmp_path / "capture.sqlite")


async def test_a_server_that_cuts_connections_is_busy_and_then_works_again(database: SqlDatabase) -> None:
    """What was cut is not lent again: with sixteen connections, sixteen attempts at most may fail."""
    await asyncio.gather(*(ensure_user(database, f"user_{place}") for place in range(16)))
    if isinstance(database._location, str):
        killer = await asyncpg.connect(database._location)
        await killer.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await killer.close()

    answers = [await attempt(database) for _ in range(17)]

    assert set(answers[:-1]) <= {None, DatabaseBusy}
    assert answers[-1] is None


async def attempt(database: SqlDatabase) -> type[Exception] | None:
    """The kind of error that a write ends with, if any."""
    try:
        await ensure_user(database, f"user_{uuid4().hex}")
    except Exception as error:
        return type(error)
    return None
