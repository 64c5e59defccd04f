"""Migrations lead from nothing to exactly the schema that the queries are written for."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Column, Connection, Integer, MetaData, create_engine, inspect
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app.adapters.database import postgres as server
from app.adapters.database import sqlite
from app.adapters.database.engine import SqlDatabase
from app.adapters.database.migrating import upgrade
from app.adapters.database.tables import metadata
from tests.contract.repositories.factories import ANNE, add_consultation, add_photo, find
from tests.support import postgres


@pytest.fixture(params=["sqlite", "postgresql"])
async def empty(request: pytest.FixtureRequest, tmp_path: Path) -> str | Path:
    """A database without tables."""
    if request.param == "postgresql":
        return await postgres.empty_database()
    return tmp_path / "new" / "capture.sqlite"


async def ask(location: str | Path, question: Callable[[Connection], Any]) -> Any:
    """Ask the database through SQLAlchemy's own inspection."""
    if isinstance(location, Path):
        engine = create_engine("sqlite://", creator=lambda: sqlite.connect(location), poolclass=NullPool)
        with engine.connect() as connection:
            return question(connection)
    remote = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: server.connect(location), poolclass=NullPool
    )
    async with remote.connect() as connection:
        return await connection.run_sync(question)


def differences(expected: MetaData) -> Callable[[Connection], list[Any]]:
    """What Alembic would still have to change."""

    def compare(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found: list[Any] = compare_metadata(context, expected)
        return found

    return compare


async def migrate(location: str | Path) -> None:
    """Open, migrate, close."""
    database = await SqlDatabase.open(location)
    await database.migrate()
    await database.close()


async def test_migrations_from_nothing_lead_to_the_schema_of_the_queries(empty: str | Path) -> None:
    """Nothing is left to change."""
    await migrate(empty)

    assert await ask(empty, differences(metadata)) == []


async def test_a_schema_that_differs_is_noticed(empty: str | Path) -> None:
    """The control: one column and one index more than the migrations make."""
    await migrate(empty)
    other = MetaData(naming_convention=metadata.naming_convention)
    for table in metadata.tables.values():
        table.to_metadata(other)
    other.tables["photos"].append_column(Column("forgotten", Integer, index=True))

    found = {difference[0] for difference in await ask(empty, differences(other))}

    assert found == {"add_column", "add_index"}


async def test_the_checks_of_the_schema_are_in_the_database(empty: str | Path) -> None:
    """Alembic compares no CHECK, so they are compared by name here."""
    await migrate(empty)
    names = {
        str(constraint.name)
        for table in metadata.tables.values()
        for constraint in table.constraints
        if constraint.__visit_name__ in ("check_constraint", "table_or_column_check_constraint")
    }

    def checks(connection: Connection) -> set[str]:
        inspector = inspect(connection)
        return {
            str(check["name"])
            for table in inspector.get_table_names()
            for check in inspector.get_check_constraints(table)
        }

    assert len(names) == 12
    assert await ask(empty, checks) == names


async def test_migrating_again_changes_nothing(empty: str | Path) -> None:
    """What is in the database stays."""
    await migrate(empty)
    database = await SqlDatabase.open(empty)
    row = await add_photo(database, await add_consultation(database, ANNE))

    await database.migrate()

    assert await find(database, row.photo_id) == row
    await database.close()


async def test_two_programs_that_start_at_once_migrate_once(empty: str | Path) -> None:
    """The second waits for the first and finds everything done."""
    await asyncio.gather(migrate(empty), migrate(empty), migrate(empty))

    assert await ask(empty, differences(metadata)) == []


async def test_the_history_of_current_consultations_begins_with_what_is_current(
    tmp_path: Path,
) -> None:
    """A database from before it: the chosen one, else the unfiled one; nothing earlier is guessed."""
    path = tmp_path / "old.sqlite"
    rows = [("anna", "a-unfiled", "unfiled"), ("anna", "a-current", "visit"), ("ben", "b-unfiled", "unfiled")]

    def old(connection: Connection) -> None:
        upgrade(connection, "0002")
        for owner in ("anna", "ben"):
            connection.exec_driver_sql("INSERT INTO users VALUES (?, 0)", (owner,))
        for owner, one, kind in rows:
            values = (one, owner, kind, one, "", 0, 0)
            connection.exec_driver_sql(_OLD_CONSULTATION, values)
        connection.exec_driver_sql("INSERT INTO current_choices VALUES ('anna', 'a-current')")

    engine = create_engine("sqlite://", creator=lambda: sqlite.connect(path), poolclass=NullPool)
    with engine.begin() as connection:
        old(connection)
    await migrate(path)

    def begun(connection: Connection) -> list[tuple[str, str]]:
        found = connection.exec_driver_sql(
            "SELECT owner, consultation_id FROM current_history ORDER BY owner"
        )
        return [(owner, one) for owner, one in found]

    assert await ask(path, begun) == [("anna", "a-current"), ("ben", "b-unfiled")]


_OLD_CONSULTATION = (
    "INSERT INTO consultations (consultation_id, owner, kind, label, notes, opened_at, rev) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)"
)
