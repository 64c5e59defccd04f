"""A program that opens a database, queries it once and prints both outcomes, on a disk that cannot be read.

Run under the preload shim with the file, the number of the first read that fails, how many fail, and
whether they fail at the start or at the request.
"""

import asyncio
import errno
import sys
from collections.abc import Awaitable
from pathlib import Path

import structlog

from app.__main__ import _sentence
from app.adapters.database.engine import SqlDatabase
from campaigns.powerloss import shim


async def print_outcomes(path: Path, first: int, count: int, when: str) -> None:
    """Print the outcome of the start, then that of a request."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    fault = shim.Fault(kinds="i", path=path.name, first=first, count=count, error=errno.EIO)
    shim.watch(path.parent, None)
    database = SqlDatabase(path)
    if when == "start":
        shim.arm(fault)
    print(await _outcome(database.start()))
    if when == "request":
        shim.arm(fault)
        print(await _outcome(_ask(database)))


async def _ask(database: SqlDatabase) -> None:
    async with database.transaction() as tx:
        await tx.accounts.list_all()


async def _outcome(work: Awaitable[None]) -> str:
    try:
        await work
    except Exception as problem:
        return f"{type(problem).__name__}: {_sentence(problem)}"
    return "fine"


if __name__ == "__main__":
    asyncio.run(print_outcomes(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))
