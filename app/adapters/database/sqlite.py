"""SQLite on one connection: transactions take turns, and those that meet share one commit.

Statements run where they are called, since a page from the cache takes less time than waking a
thread. What waits for the disk runs in a thread, and what waits for another process's lock waits
on the event loop, so that neither blocks the others. A transaction is left only when it is on
the disk; that it shares the disk's time with its neighbours never shows (a savepoint each).
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import structlog

from app.adapters.database.batches import Batch, wait_for_joiners
from app.adapters.database.statements import SQLITE, Row, Statement
from app.config.folders import make_folder
from app.domain.errors import CaptureError, DatabaseBusy, StorageFull, Unavailable

BUSY_TIMEOUT_MS = 5000
_LOCK_PAUSE_S = 0.01
# SQLite reports a read that fails in the middle of a file as damage; the start finds the real cause.
DAMAGE_CODES = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_UNREACHABLE = DAMAGE_CODES | {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PROTOCOL,
}


class Durability(NamedTuple):
    """How commits reach the disk; in both journals FULL survives the loss of power."""

    journal: str
    synchronous: str = "FULL"


def durability(version: tuple[int, int, int]) -> Durability:
    """WAL only where it cannot corrupt (fixed in 3.51.3, also in 3.50.7 and 3.44.6), else TRUNCATE.

    https://sqlite.org/wal.html#walresetbug
    """
    series = version[:2]
    fixed = {(3, 51): 3, (3, 50): 7, (3, 44): 6}.get(series)
    safe = series > (3, 51) if fixed is None else version[2] >= fixed
    return Durability("WAL" if safe else "TRUNCATE")


def connect(path: Path, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> sqlite3.Connection:
    """A connection with the settings this program relies on; the file is its owner's alone."""
    make_folder(path.parent)
    path.touch(mode=0o600, exist_ok=True)
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    chosen = durability(sqlite3.sqlite_version_info[:3])
    for pragma in (
        f"busy_timeout = {busy_timeout_ms}",
        f"journal_mode = {chosen.journal}",
        f"synchronous = {chosen.synchronous}",
        "foreign_keys = ON",
        # Nothing may reach for the disk's lock before the commit does.
        "cache_spill = OFF",
    ):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    return connection


class SqliteConnection:
    """Turns on one connection; hold one for database work only, since all others wait."""

    def __init__(self, connection: sqlite3.Connection, busy_timeout_ms: int) -> None:
        self._connection = connection
        self._busy_timeout_ms = busy_timeout_ms
        self._turn = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, "database")
        self._batch: Batch | None = None

    @classmethod
    async def open(cls, path: Path, busy_timeout_ms: int) -> "SqliteConnection":
        """Open or create the file."""
        with _translate_errors():
            connection = await asyncio.to_thread(connect, path, busy_timeout_ms)
            # From here on this class waits by itself, since SQLite would sleep on the event loop.
            connection.execute("PRAGMA busy_timeout = 0")
            return cls(connection, busy_timeout_ms)

    async def fetch(self, statement: Statement, **values: Any) -> list[Row]:
        """See ``Connection.fetch``."""
        compiled = statement.compiled(SQLITE)
        try:
            rows = self._connection.execute(compiled.text, compiled.bind(values)).fetchall()
        except sqlite3.Error as error:
            raise _translated(error) from error
        return compiled.read(rows) if rows else []

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["SqliteConnection"]:
        """Committed and on the disk when left; undone on any exception in it, cancellation included.

        A refusal waits for the disk, too: it may rest on what a neighbour wrote and may yet lose.
        """
        failure: Exception | None = None
        await self._take_turn()
        try:
            batch = self._batch or await self._begin()
            try:
                self._connection.execute("SAVEPOINT one")
                yield self
                self._connection.execute("RELEASE one")
            except Exception as error:
                failure = error
                self._undo(batch, error)
            except BaseException as error:
                self._undo(batch, error)
                raise
            finally:
                self._end_turn(batch)
        finally:
            self._turn.release()
        await batch.settled.wait()
        if failure is not None and not isinstance(failure, CaptureError):
            raise failure
        if outcome := batch.error or failure:
            raise outcome

    async def close(self) -> None:
        """Let the open batch reach the disk, then close."""
        async with self._turn:
            closing = self._batch.closing if self._batch else None
        if closing is not None:
            await asyncio.wait({closing})
        self._thread.shutdown()
        self._connection.close()

    def pragma(self, name: str) -> str | int:
        """What a setting really is, asked of SQLite."""
        value: str | int = self._connection.execute(f"PRAGMA {name}").fetchone()[0]
        return value

    async def _take_turn(self) -> None:
        if not self._turn.locked():
            await self._turn.acquire()
            return
        try:
            async with asyncio.timeout(self._busy_timeout_ms / 1000):
                await self._turn.acquire()
        except TimeoutError:
            raise DatabaseBusy from None

    async def _begin(self) -> Batch:
        """IMMEDIATE: a transaction that reads and then writes never finds its snapshot outdated."""
        with _translate_errors():
            await self._retry_while_locked(self._begin_now)
        self._batch = Batch(self._connection.total_changes)
        return self._batch

    async def _begin_now(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        self._connection.execute("BEGIN IMMEDIATE")

    async def _retry_while_locked(self, attempt: Callable[[], Awaitable[None]]) -> None:
        """Attempt until another process's lock is gone, for as long as the busy timeout says."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._busy_timeout_ms / 1000
        while True:
            try:
                return await attempt()
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or loop.time() >= deadline:
                    raise
            await asyncio.sleep(_LOCK_PAUSE_S)

    def _undo(self, batch: Batch, error: BaseException) -> None:
        """Roll back one; where that fails, or SQLite itself has rolled back all (disk full), all fail."""
        with suppress(sqlite3.Error, MemoryError):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK TO one")
                self._connection.execute("RELEASE one")
                return
        self._roll_back()
        self._settle(batch, error if isinstance(error, Unavailable) else DatabaseBusy())

    def _end_turn(self, batch: Batch) -> None:
        """Transactions that already wait for their turn join the batch; the commit queues up behind them."""
        batch.joined += 1
        if batch.settled.is_set() or batch.closing is not None:
            return
        if self._connection.total_changes != batch.changes:
            batch.closing = asyncio.create_task(self._commit(batch))
            return
        # Nothing was written. A commit would ask for the whole file all the same, and meet "busy" at
        # the first reader of another program.
        self._roll_back()
        self._settle(batch, None)

    async def _commit(self, batch: Batch) -> None:
        await wait_for_joiners(batch)
        async with self._turn:
            if batch.settled.is_set():
                return
            try:
                await self._retry_while_locked(self._commit_in_thread)
            # Any failure (memory, a thread that is gone) must reach the transactions that wait.
            except Exception as error:
                self._roll_back()
                self._settle(
                    batch, _translated(error) if isinstance(error, sqlite3.Error) else DatabaseBusy()
                )
            else:
                self._settle(batch, None)

    async def _commit_in_thread(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._connection.execute, "COMMIT")

    def _roll_back(self) -> None:
        """Undo all; what cannot be undone now is undone before the next transaction begins."""
        with suppress(sqlite3.Error, MemoryError):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def _settle(self, batch: Batch, error: Exception | None) -> None:
        self._batch = None
        batch.error = error
        batch.settled.set()


@contextmanager
def _translate_errors() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise _translated(error) from error


def _translated(error: sqlite3.Error) -> Exception:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return StorageFull()
    if code in DAMAGE_CODES:
        structlog.get_logger("clinicpro").error("database.unreadable", cause=error.sqlite_errorname)
    return DatabaseBusy() if code in _UNREACHABLE else error
