"""Faulty builds: one known fault each, patched in for control arms only; never part of the product."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from app.adapters.database import sqlite
from app.domain.photos.model import PhotoRow, PhotoState
from app.domain.photos.uploads import Uploads
from app.embedded.store import files as store_files
from app.embedded.store import store as store_module

_tasks: set[asyncio.Task[Any]] = set()


def receipt_before_commit() -> None:
    """Answers ``complete`` at once and stores the row a moment later."""
    real = Uploads.settle_upload

    async def settle(self: Uploads, row: PhotoRow) -> PhotoRow:
        async def later() -> None:
            await asyncio.sleep(0.5)
            await real(self, row)

        _tasks.add(asyncio.create_task(later()))
        return msgspec.structs.replace(row, state=PhotoState.STORED, received_at=self._clock())

    patched: Any = Uploads
    patched.settle_upload = settle


def write_in_place() -> None:
    """Writes an object under its own name in pieces, instead of linking a whole file."""

    def write_once(root: Path, incoming: Path, target: Path, content: bytes, **_: bool) -> bool:
        store_files.make_folders(root, target.parent)
        try:
            handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return False
        for begin in range(0, len(content), 256):
            os.write(handle, content[begin : begin + 256])
        os.close(handle)
        return True

    module: Any = store_module
    module.write_once = write_once


def no_sync_in_store() -> None:
    """Never waits for the disk with objects."""
    module: Any = store_files
    module._sync = lambda _: None


def _synchronous(mode: str) -> None:
    module: Any = sqlite
    module.durability = lambda _: sqlite.Durability("TRUNCATE", mode)


def synchronous_normal() -> None:
    """SQLite does not wait for the end of a commit."""
    _synchronous("NORMAL")


def synchronous_off() -> None:
    """SQLite waits for nothing."""
    _synchronous("OFF")


FAULTY_BUILDS: dict[str, Callable[[], None]] = {
    "receipt before commit": receipt_before_commit,
    "objects written in place": write_in_place,
    "no fsync in the store": no_sync_in_store,
    "synchronous=NORMAL": synchronous_normal,
    "synchronous=OFF": synchronous_off,
}
