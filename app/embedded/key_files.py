"""Files that hold one secret each: made once, whole or absent, readable by the server's account alone."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from app.config.folders import make_folder, sync_folder


def load_or_create(path: Path, make: Callable[[], bytes]) -> bytes:
    """What ``path`` holds, made there first if absent.

    Two processes that start together end with the same content: the first link wins.
    """
    if not path.exists():
        _link_once(path, make())
    return path.read_bytes()


def _link_once(path: Path, content: bytes) -> None:
    make_folder(path.parent, 0o700)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            return
    finally:
        draft.unlink()
    sync_folder(path.parent)
