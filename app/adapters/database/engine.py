"""The database behind the ``Database`` port: SQLite in a file or PostgreSQL at an address."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol

import structlog
from alembic.util import CommandError
from asyncpg import PostgresError
from sqlalchemy import literal, select
from sqlalchemy.exc import DBAPIError

from app.adapters.database import migrating
from app.adapters.database.postgres import PostgresPool
from app.adapters.database.postgres_errors import translated
from app.adapters.database.repositories.transaction import transaction_on
from app.adapters.database.sqlite import BUSY_TIMEOUT_MS, DAMAGE_CODES, SqliteConnection
from app.adapters.database.statements import Connection, Statement
from app.domain.errors import DatabaseBusy, DatabaseRefused
from app.domain.ports.database import Transaction

_ANSWER = Statement(select(literal(1)))
_DAMAGED = (
    "The database file in DATA_DIR is damaged. Put it back from its backup, or move it away to begin "
    "with an empty one, and start again."
)
_UNREADABLE = (
    "The disk under DATA_DIR cannot be read right now, so that nothing can be said about the database file. "
    "Check the disk, leave the file where it is, and start again."
)
_NEWER = "The database was last used by a newer version of the app. Start that version, or a newer one."
_REFUSED = "The database refused to be brought up to date ({}). Check DATABASE_URL and its user's rights."
_PIECE = 1_048_576
_SYNCHRONOUS = ("OFF", "NORMAL", "FULL", "EXTRA")


class UnusableDatabase(Exception):
    """The database cannot be used as it is; the message says why and what to do."""


class _Driver(Protocol):
    def transaction(self) -> AbstractAsyncContextManager[Connection]: ...

    async def close(self) -> None: ...


class SqlDatabase:
    """Transactions with everything the domain and the local accounts can read and write."""

    def __init__(self, location: str | Path, *, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> None:
        """``postgresql://…``, or the path of a SQLite file, which is created when missing.

        A lock that another connection keeps for longer than ``busy_timeout_ms`` raises ``DatabaseBusy``.
        """
        self._location = location
        self._busy_timeout_ms = busy_timeout_ms
        self._opened: _Driver | None = None
        self._last: tuple[Connection, Transaction] | None = None
        # False while another process still brings it up to date.
        self.ready = True

    @classmethod
    async def open(cls, location: str | Path, *, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> "SqlDatabase":
        """A database that is open already."""
        database = cls(location, busy_timeout_ms=busy_timeout_ms)
        await database.start()
        return database

    async def start(self) -> None:
        """Open it in the running event loop, and say in the log how. Raises ``UnusableDatabase``."""
        log = structlog.get_logger("clinicpro")
        if _is_address(self._location):
            self._opened = await PostgresPool.open(str(self._location), self._busy_timeout_ms)
            log.info("database.opened", edition="postgresql")
            return
        self._opened = connection = await self._open_file(Path(self._location))
        log.info(
            "database.opened",
            edition="sqlite",
            sqlite=sqlite3.sqlite_version,
            journal=str(connection.pragma("journal_mode")).upper(),
            synchronous=_SYNCHRONOUS[int(connection.pragma("synchronous"))],
        )

    async def _open_file(self, path: Path) -> SqliteConnection:
        """Open it; only what fails again once every byte was read is called damaged."""
        try:
            return await SqliteConnection.open(path, self._busy_timeout_ms)
        except (sqlite3.DatabaseError, DatabaseBusy) as problem:
            if not _called_damage(problem):
                raise
        await _read_through(path)
        try:
            return await SqliteConnection.open(path, self._busy_timeout_ms)
        except (sqlite3.DatabaseError, DatabaseBusy) as problem:
            if not _called_damage(problem):
                raise
            raise UnusableDatabase(_DAMAGED) from None

    @property
    def _driver(self) -> _Driver:
        if self._opened is None or not self.ready:
            raise DatabaseBusy("The database is not ready yet. Nothing was lost; it is tried again.")
        return self._opened

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """See ``Database.transaction``. For database work only: on SQLite all others wait."""
        return _OpenTransaction(self._driver.transaction(), self._queries_on)

    def _queries_on(self, connection: Connection) -> Transaction:
        """SQLite has one connection, so that its queries need not be put together for each transaction."""
        if self._last is None or self._last[0] is not connection:
            self._last = connection, transaction_on(connection)
        return self._last[1]

    async def check(self) -> None:
        """See ``Database.check``."""
        driver = self._driver
        if isinstance(driver, PostgresPool):
            await driver.check()
            return
        async with driver.transaction() as connection:
            await connection.fetch(_ANSWER)

    async def migrate(self) -> None:
        """Bring the schema up to date; nothing happens when it is.

        Raises ``DatabaseBusy``, and ``UnusableDatabase`` where it belongs to a newer version.
        """
        location = str(self._location) if _is_address(self._location) else Path(self._location)
        try:
            await migrating.migrate(location)
        except CommandError:
            raise UnusableDatabase(_NEWER) from None
        except (DBAPIError, PostgresError) as problem:
            raised = getattr(problem, "orig", None) or problem
            found = translated(raised)
            if found is not None and not isinstance(found, DatabaseRefused):
                raise found from problem
            why = type(raised).__name__
            raise UnusableDatabase(_REFUSED.format(why)) from problem

    async def close(self) -> None:
        """Let what is under way finish, then let go of every connection."""
        if self._opened is not None:
            await self._opened.close()


class _OpenTransaction(AbstractAsyncContextManager[Transaction]):
    """A driver's transaction with the queries on it; a second generator around it would cost more."""

    def __init__(
        self,
        transaction: AbstractAsyncContextManager[Connection],
        queries_on: Callable[[Connection], Transaction],
    ) -> None:
        self._transaction = transaction
        self._queries_on = queries_on

    async def __aenter__(self) -> Transaction:
        return self._queries_on(await self._transaction.__aenter__())

    async def __aexit__(self, *raised: Any) -> bool | None:
        return await self._transaction.__aexit__(*raised)


def _called_damage(problem: BaseException) -> bool:
    code = getattr(problem.__cause__, "sqlite_errorcode", 0)
    return isinstance(problem, sqlite3.DatabaseError) or code & 0xFF in DAMAGE_CODES


async def _read_through(path: Path) -> None:
    """SQLite reports an unreadable disk as damage; an operator would then move an intact file away."""
    try:
        await asyncio.to_thread(_read, path)
    except OSError as problem:
        raise DatabaseBusy(_UNREADABLE) from problem


def _read(path: Path) -> None:
    for suffix in ("", "-journal", "-wal"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            with part.open("rb", buffering=0) as file:
                while file.read(_PIECE):
                    pass


def _is_address(location: str | Path) -> bool:
    return str(location).startswith(("postgresql://", "postgres://"))
