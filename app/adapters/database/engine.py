"""The database behind the ``Database`` port: SQLite in a file or PostgreSQL at an address."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

import structlog
from sqlalchemy import literal, select

from app.adapters.database import migrating
from app.adapters.database.postgres import PostgresPool
from app.adapters.database.records import SqlRecords
from app.adapters.database.sqlite import BUSY_TIMEOUT_MS, SqliteConnection
from app.adapters.database.statements import Connection, Statement

_ANSWER = Statement(select(literal(1)))
_SYNCHRONOUS = ("OFF", "NORMAL", "FULL", "EXTRA")


class _Driver(Protocol):
    def transaction(self) -> AbstractAsyncContextManager[Connection]: ...

    async def close(self) -> None: ...


class SqlDatabase:
    """Transactions with everything the domain and the local accounts can read and write."""

    def __init__(self, location: str | Path, driver: _Driver) -> None:
        self._location = location
        self._driver = driver

    @classmethod
    async def open(cls, location: str | Path, *, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> "SqlDatabase":
        """Open ``postgresql://…`` or the SQLite file at a path, which is created when missing.

        A lock held by somebody else for longer than ``busy_timeout_ms`` raises ``DatabaseBusy``.
        """
        log = structlog.get_logger("clinicpro")
        if _is_address(location):
            pool = await PostgresPool.open(str(location), busy_timeout_ms)
            log.info("database.opened", edition="postgresql")
            return cls(str(location), pool)
        connection = await SqliteConnection.open(Path(location), busy_timeout_ms)
        log.info(
            "database.opened",
            edition="sqlite",
            sqlite=sqlite3.sqlite_version,
            journal=str(connection.pragma("journal_mode")).upper(),
            synchronous=_SYNCHRONOUS[int(connection.pragma("synchronous"))],
        )
        return cls(Path(location), connection)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[SqlRecords]:
        """See ``Database.transaction``. For database work only: on SQLite everybody else waits."""
        async with self._driver.transaction() as connection:
            yield SqlRecords(connection)

    async def check(self) -> None:
        """See ``Database.check``."""
        async with self._driver.transaction() as connection:
            await connection.fetch(_ANSWER)

    async def migrate(self) -> None:
        """Bring the schema up to date; nothing happens when it is. Raises ``DatabaseBusy``."""
        await migrating.migrate(self._location)

    async def close(self) -> None:
        """Let what is under way finish, then let go of every connection."""
        await self._driver.close()


def _is_address(location: str | Path) -> bool:
    return str(location).startswith(("postgresql://", "postgres://"))
