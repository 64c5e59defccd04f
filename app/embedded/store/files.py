"""Files that are whole or absent, whatever ends the process or the power.

A file is written under a temporary name, made durable, and only then linked onto its own name: the
link is the commit, and it fails where the name is taken.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

_TEMPORARY = ".part"
# macOS only asks the disk to empty its cache with this call; fsync alone does not.
_FULL_SYNC: int | None = getattr(fcntl, "F_FULLFSYNC", None)


def write_once(root: Path, incoming: Path, target: Path, content: bytes, *, durable: bool = True) -> bool:
    """Commit ``content`` as ``target`` below ``root``; False when the name is taken already.

    When it returns, the name is durable either way, because after False the store may
    confirm that the file is stored. A file that is not ``durable`` is left to the system, which
    writes it within seconds: a power cut before may take it or leave it cut off.
    """
    make_folders(root, target.parent)
    with _temporary_file(incoming, content, durable=durable) as temporary:
        try:
            os.link(temporary, target)
            created = True
        except FileExistsError:
            created = False
        if durable:
            sync_folders(root, target.parent)
    return created


@contextlib.contextmanager
def _temporary_file(incoming: Path, content: bytes, *, durable: bool) -> Iterator[Path]:
    path = incoming / f"{uuid4().hex}{_TEMPORARY}"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        # The lock lasts while the file is in use; the kernel drops it when the process dies, so that
        # another process which sweeps can distinguish files in use from files left behind.
        fcntl.flock(handle, fcntl.LOCK_EX)
        _write_all(handle, content)
        if durable:
            _sync(handle)
        yield path
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)


def make_folders(root: Path, folder: Path) -> None:
    """Create ``folder`` and what lies between it and ``root``; durable after ``sync_folders``."""
    for part in reversed(_chain(root, folder)):
        part.mkdir(mode=0o700, exist_ok=True)


def sync_folders(root: Path, folder: Path) -> None:
    """Make the names in ``folder`` and in every folder above it up to ``root`` durable."""
    for part in (*_chain(root, folder), root):
        handle = os.open(part, os.O_RDONLY)
        try:
            _sync(handle)
        finally:
            os.close(handle)


def sweep(incoming: Path) -> int:
    """Remove temporary files whose process is gone; how many there were."""
    swept = 0
    for path in incoming.glob(f"*{_TEMPORARY}"):
        with contextlib.suppress(FileNotFoundError, BlockingIOError), path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
            swept += 1
    return swept


def _chain(root: Path, folder: Path) -> list[Path]:
    """``folder`` and its parents, deepest first, without ``root``."""
    return [part for part in (folder, *folder.parents) if part != root and part.is_relative_to(root)]


def _write_all(handle: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(handle, left) :]


def _sync(handle: int) -> None:
    if _FULL_SYNC is None:
        os.fsync(handle)
    else:
        fcntl.fcntl(handle, _FULL_SYNC)
