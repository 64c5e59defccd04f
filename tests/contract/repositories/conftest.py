"""Every test here runs on SQLite and on a real PostgreSQL."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.adapters.database.engine import SqlDatabase
from tests.support import postgres


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file that tests copy."""
    path = tmp_path_factory.mktemp("sqlite") / "migrated.sqlite"
    asyncio.run(_migrate(path))
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
async def location(request: pytest.FixtureRequest, tmp_path: Path, migrated_file: Path) -> str | Path:
    """A migrated database of this test's own."""
    if request.param == "postgresql":
        return await postgres.migrated_database()
    return Path(shutil.copy(migrated_file, tmp_path / "capture.sqlite"))


@pytest.fixture
async def database(location: str | Path) -> AsyncIterator[SqlDatabase]:
    """The open database."""
    database = await SqlDatabase.open(location)
    yield database
    await database.close()


async def _migrate(path: Path) -> None:
    database = await SqlDatabase.open(path)
    await database.migrate()
    await database.close()
