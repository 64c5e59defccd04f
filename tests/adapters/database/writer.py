"""A program that stores photos until it is killed, and prints each id once it was told "committed"."""

import asyncio
import os
import sys
from pathlib import Path

import structlog

from app.adapters.database.engine import SqlDatabase
from app.domain.photos import PhotoRow
from tests.contract.records.made import ANNE, add_visit, photo


async def write(path: Path, answer: str) -> None:
    """Sixteen writers at once; with ``before`` each answers too early, and never commits."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    database = await SqlDatabase.open(path)
    consultation = await add_visit(database, ANNE)

    async def forever() -> None:
        while True:
            row = photo(ANNE, consultation.consultation_id)
            async with database.transaction() as records:
                await records.add_pending([row])
                if answer == "before":
                    say(row)
                    await asyncio.Event().wait()
            say(row)

    await asyncio.gather(*(forever() for _ in range(16)))


def say(row: PhotoRow) -> None:
    """One line, written at once."""
    os.write(1, f"{row.photo_id}\n".encode())


if __name__ == "__main__":
    asyncio.run(write(Path(sys.argv[1]), sys.argv[2]))
