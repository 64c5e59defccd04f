"""A program that stores photos until it is killed, and prints each id once its commit has returned."""

import asyncio
import os
import sys
from pathlib import Path

import structlog

from app.adapters.database.engine import SqlDatabase
from app.domain.photos.model import PhotoRow
from tests.contract.repositories.factories import ANNE, add_consultation, new_photo


async def write(path: Path, answer: str) -> None:
    """Sixteen writers at once; with ``before`` each answers too early, and never commits."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    database = await SqlDatabase.open(path)
    consultation = await add_consultation(database, ANNE)

    async def store_photos() -> None:
        while True:
            row = new_photo(ANNE, consultation.consultation_id)
            async with database.transaction() as tx:
                await tx.photos.add_pending([row])
                if answer == "before":
                    print_id(row)
                    await asyncio.Event().wait()
            print_id(row)

    await asyncio.gather(*(store_photos() for _ in range(16)))


def print_id(row: PhotoRow) -> None:
    """Print one id as a line, unbuffered."""
    os.write(1, f"{row.photo_id}\n".encode())


if __name__ == "__main__":
    asyncio.run(write(Path(sys.argv[1]), sys.argv[2]))
