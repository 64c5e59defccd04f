"""Folders that outlive a loss of power: a name is certain only once the folder it stands in was synced."""

import contextlib
import fcntl
import os
from pathlib import Path

# macOS only asks the disk to empty its cache with this call; fsync alone does not.
_FULL_SYNC: int | None = getattr(fcntl, "F_FULLFSYNC", None)


def make_folder(folder: Path, mode: int = 0o777) -> None:
    """Create ``folder`` with whatever is missing above it, and make every new name durable.

    The folder's own name is made durable even where it was there: the process that made it may have
    been killed before that.
    """
    folder = folder.absolute()
    missing = [part for part in (folder, *folder.parents) if not part.exists()]
    for part in reversed(missing):
        part.mkdir(mode=mode, exist_ok=True)
        sync_folder(part.parent)
    if not missing:
        # A folder above that this account may not even read is none that it made.
        with contextlib.suppress(PermissionError):
            sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        if _FULL_SYNC is None:
            os.fsync(handle)
        else:
            fcntl.fcntl(handle, _FULL_SYNC)
    finally:
        os.close(handle)
