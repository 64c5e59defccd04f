"""PostgreSQL through asyncpg's own pool; each transaction has a connection to itself."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg
from sqlalchemy import func, select

from app.adapters.database.postgres_connect import Dialler
from app.adapters.database.postgres_errors import LOST, STALE, translate_errors
from app.adapters.database.statements import POSTGRES, Row, Statement
from app.domain.errors import DatabaseBusy

POOL_SIZE = 16
_COMMAND_S = 15.0
# With each transaction: a setting of the connection would not be there behind a pooler.
BEGIN = "BEGIN; SET LOCAL lock_timeout = {}; SET LOCAL synchronous_commit = on"
_IS_READ_ONLY = Statement(select(func.current_setting("transaction_read_only")))


class PostgresConnection:
    """One open transaction; ``failed`` once a statement of it has."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.failed = False

    async def fetch(self, statement: Statement, **values: Any) -> list[Row]:
        """See ``Connection.fetch``."""
        compiled = statement.compiled(POSTGRES)
        try:
            with translate_errors():
                rows = await self._connection.fetch(compiled.text, *compiled.bind(values))
        except BaseException:
            self.failed = True
            raise
        return compiled.read(rows) if rows else []


class PostgresPool:
    """Connections to one database; made when needed, so that a server starts beside a sleeping one."""

    def __init__(self, pool: Any, busy_timeout_ms: int) -> None:
        self._pool = pool
        self._acquire_s = busy_timeout_ms / 1000
        self._begin = BEGIN.format(busy_timeout_ms)

    @classmethod
    async def open(cls, url: str, busy_timeout_ms: int) -> "PostgresPool":
        """A pool for ``postgresql://…``; connects to nothing yet."""
        pool = await asyncpg.create_pool(
            url,
            connect=Dialler(url).connect,
            min_size=0,
            max_size=POOL_SIZE,
            command_timeout=_COMMAND_S,
            reset=_keep,
        )
        return cls(pool, busy_timeout_ms)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[PostgresConnection]:
        """Committed when left; rolled back on any exception, cancellation included."""
        with translate_errors():
            connection = await self._pool.acquire(timeout=self._acquire_s)
        try:
            await self._start(connection)
            opened = PostgresConnection(connection)
            try:
                yield opened
                if opened.failed:
                    # PostgreSQL answers its COMMIT with a rollback and without an error.
                    raise DatabaseBusy
            except BaseException as error:
                await _roll_back(connection)
                await self._leave_stale(error)
                raise
            with translate_errors():
                await connection.execute("COMMIT")
        finally:
            await self._release(connection)

    async def check(self) -> None:
        """Raise ``DatabaseBusy`` unless the database answers and takes changes."""
        async with self.transaction() as connection:
            [row] = await connection.fetch(_IS_READ_ONLY)
        if row[0] == "on":
            await self._pool.expire_connections()
            raise DatabaseBusy("The database takes no changes right now: it is a read-only copy.")

    async def close(self) -> None:
        """Wait for open transactions, then close every connection."""
        await self._pool.close()

    async def _start(self, connection: Any) -> None:
        try:
            with translate_errors():
                await connection.execute(self._begin)
        except BaseException:
            # Half a start, or a connection that was cut while it lay in the pool: not to be lent again.
            with suppress(asyncpg.InterfaceError):
                connection.terminate()
            raise

    async def _leave_stale(self, error: BaseException) -> None:
        """Another host may take changes by now, or a pooler stand there; only new connections find out."""
        if getattr(error.__cause__, "sqlstate", None) in STALE:
            await self._pool.expire_connections()

    async def _release(self, connection: Any) -> None:
        # Where giving back fails, the pool has thrown the connection away.
        with suppress(*LOST):
            if connection.is_in_transaction():
                connection.terminate()
            await self._pool.release(connection)


async def connect(url: str) -> Any:
    """One connection outside the pool."""
    with translate_errors():
        return await Dialler(url).connect(statement_cache_size=0)


async def _keep(_: Any) -> None:
    """Nothing to reset: no statement here changes a session, and the reset would be a round trip."""


async def _roll_back(connection: Any) -> None:
    # Where the connection is lost, the server rolls back by itself.
    with suppress(*LOST):
        await connection.execute("ROLLBACK")
