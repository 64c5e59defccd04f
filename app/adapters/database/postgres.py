"""PostgreSQL through asyncpg's own pool; each transaction has a connection to itself."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import asyncpg

from app.adapters.database.statements import POSTGRES, Row, Statement
from app.domain.errors import DatabaseBusy, StorageFull

POOL_SIZE = 16
_CONNECT_S = 5.0
_COMMAND_S = 15.0
_DISK_FULL = "53100"
# Connection lost, out of resources, operator's shutdown, lock not to be had, deadlock or conflict.
_UNREACHABLE = ("08", "53", "57", "55P03", "40")
# A connection that is cut in the very moment of its use shows as the driver's internal error.
_LOST = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)


class PostgresConnection:
    """One open transaction; ``failed`` once a statement of it has."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.failed = False

    async def fetch(self, statement: Statement, **values: Any) -> list[Row]:
        """See ``Connection.fetch``."""
        compiled = statement.compiled(POSTGRES)
        try:
            with own_words():
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

    @classmethod
    async def open(cls, url: str, busy_timeout_ms: int) -> "PostgresPool":
        """A pool for ``postgresql://…``; connects to nothing yet."""
        pool = await asyncpg.create_pool(
            url,
            min_size=0,
            max_size=POOL_SIZE,
            timeout=_CONNECT_S,
            command_timeout=_COMMAND_S,
            reset=_keep,
            server_settings={
                "application_name": "clinicpro-capture",
                "lock_timeout": str(busy_timeout_ms),
                "synchronous_commit": "on",
            },
        )
        return cls(pool, busy_timeout_ms)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[PostgresConnection]:
        """Committed when left; rolled back on any exception, cancellation included."""
        with own_words():
            connection = await self._pool.acquire(timeout=self._acquire_s)
        try:
            transaction = await _start(connection)
            opened = PostgresConnection(connection)
            try:
                yield opened
                if opened.failed:
                    # PostgreSQL answers its COMMIT with a rollback and without an error.
                    raise DatabaseBusy
            except BaseException:
                await _roll_back(transaction)
                raise
            with own_words():
                await transaction.commit()
        finally:
            await self._release(connection)

    async def close(self) -> None:
        """Wait for open transactions, then close every connection."""
        await self._pool.close()

    async def _release(self, connection: Any) -> None:
        # Where giving back fails, the pool has thrown the connection away.
        with suppress(*_LOST):
            await self._pool.release(connection)


async def connect(url: str) -> Any:
    """One connection outside the pool."""
    with own_words():
        return await asyncpg.connect(url, timeout=_CONNECT_S)


async def _keep(_: Any) -> None:
    """Nothing to reset: no statement here changes a session, and the reset would be a round trip."""


async def _start(connection: Any) -> Any:
    transaction = connection.transaction()
    try:
        with own_words():
            await transaction.start()
    except BaseException:
        # Half a start, or a connection that was cut while it lay in the pool: not to be lent again.
        with suppress(asyncpg.InterfaceError):
            connection.terminate()
        raise
    return transaction


async def _roll_back(transaction: Any) -> None:
    # Where the connection is lost, the server rolls back by itself.
    with suppress(*_LOST):
        await transaction.rollback()


@contextmanager
def own_words() -> Iterator[None]:
    """The domain's errors for what a database that cannot answer raises."""
    try:
        yield
    except asyncpg.PostgresError as error:
        state = error.sqlstate or ""
        if state == _DISK_FULL:
            raise StorageFull from error
        if state.startswith(_UNREACHABLE):
            raise DatabaseBusy from error
        raise
    except _LOST as error:
        raise DatabaseBusy from error
