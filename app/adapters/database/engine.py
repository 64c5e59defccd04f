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
from app.domain.errors import DatabaseBusy

_ANSWER = Statement(select(literal(1)))
_SYNCHRONOUS = ("OFF", "NORMAL", "FULL", "EXTRA")


class _Driver(Protocol):
    def transaction(self) -> AbstractAsyncContextManager[Connection]: ...

    async def close(self) -> None: ...


class SqlDatabase:
    """Transactions with everything the domain and the local accounts can read and write."""

    def __init__(self, location: str | Path, *, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> None:
        """``postgresql://…``, or the path of a SQLite file, which is created when missing.

        A lock held by somebody else for longer than ``busy_timeout_ms`` raises ``DatabaseBusy``.
        """
        self._location = location
        self._busy_timeout_ms = busy_timeout_ms
        self._opened: _Driver | None = None

    @classmethod
    async def open(cls, location: str | Path, *, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> "SqlDatabase":
        """A database that is open already."""
        database = cls(location, busy_timeout_ms=busy_timeout_ms)
        await database.start()
        return database

    async def start(self) -> None:
        """Open it in the running event loop, and say in the log how."""
        log = structlog.get_logger("clinicpro")
        if _is_address(self._location):
            self._opened = await PostgresPool.open(str(self._location), self._busy_timeout_ms)
            log.info("database.opened", edition="postgresql")
            return
        connection = await SqliteConnection.open(Path(self._location), self._busy_timeout_ms)
        self._opened = connection
        log.info(
            "database.opened",
            edition="sqlite",
            sqlite=sqlite3.sqlite_version,
            journal=str(connection.pragma("journal_mode")).upper(),
            synchronous=_SYNCHRONOUS[int(connection.pragma("synchronous"))],
        )

    @property
    def _driver(self) -> _Driver:
        if self._opened is None:
            raise DatabaseBusy("The database is not open yet.")
        return self._opened

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
        location = str(self._location) if _is_address(self._location) else Path(self._location)
        await migrating.migrate(location)

    async def close(self) -> None:
        """Let what is under way finish, then let go of every connection."""
        await self._driver.close()


def _is_address(location: str | Path) -> bool:
    return str(location).startswith(("postgresql://", "postgres://"))
