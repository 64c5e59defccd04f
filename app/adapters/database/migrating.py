"""Brings a database of any age to the present schema, in one transaction, one process at a time."""

import asyncio
from pathlib import Path
from uuid import uuid4

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app.adapters.database import postgres, sqlite
from app.domain.errors import DatabaseBusy

_LOCK = 0x0C11_71C5


async def migrate(location: str | Path) -> None:
    """Upgrade the database at ``postgresql://…`` or in a SQLite file to the newest revision."""
    try:
        if isinstance(location, Path):
            await asyncio.to_thread(_migrate_file, location)
        else:
            await _migrate_server(location)
    except DBAPIError as error:
        if isinstance(error.orig, Exception) and "locked" in str(error.orig):
            raise DatabaseBusy from error
        raise


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run what is missing up to a revision, inside the connection's transaction."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _migrate_file(path: Path) -> None:
    engine = create_engine("sqlite://", creator=lambda: sqlite.connect(path), poolclass=NullPool)
    # The driver starts no transaction before CREATE TABLE, so this does, and takes the lock.
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    with engine.begin() as connection:
        upgrade(connection)


async def _migrate_server(url: str) -> None:
    engine = create_async_engine(
        "postgresql+asyncpg://",
        connect_args={
            "async_creator_fn": lambda **_: postgres.connect(url),
            # Two clients of a pooler must not meet under one name on the connection that they share.
            "prepared_statement_name_func": lambda: f"migrate_{uuid4().hex}",
        },
        poolclass=NullPool,
    )
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            await connection.run_sync(upgrade)
    finally:
        await engine.dispose()
