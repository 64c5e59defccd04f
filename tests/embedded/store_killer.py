"""Kills a writing store before its n-th file operation, for every n, and checks what is left.

Run as a script with a folder and ``object``, ``first start`` or ``careless``; prints how often the
object was absent and how often it was whole. Anything else is an error. The kill is SIGKILL in a
forked child.
"""

import asyncio
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from app.embedded.store import store as store_module
from app.embedded.store.encryption import StoredFile
from app.embedded.store.files import make_folders
from app.embedded.store.store import EmbeddedStore, open_store
from tests.embedded.test_store import BODY, KEY, kept

OPERATIONS = ("open", "write", "fsync", "link", "unlink", "mkdir", "close")


def main(folder: Path, what: str) -> None:
    counts = {"absent": 0, "whole": 0}
    for step in range(1000):
        here = folder / str(step)
        if what != "first start":
            reopened(here).close()
        survived = run_killed(here, step, what)
        counts[check_reopened(here)] += 1
        shutil.rmtree(here)
        if survived:
            print(counts["absent"], counts["whole"])
            return
    raise SystemExit("the writer never came to its end")


def run_killed(folder: Path, step: int, what: str) -> bool:
    """Whether the child came to its end before the kill."""
    child = os.fork()
    if child == 0:
        kill_before(step)
        if what == "careless":
            module: Any = store_module
            module.write_once = write_carelessly
        store = reopened(folder)
        asyncio.run(store.put(KEY, kept()))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return False
    assert os.waitstatus_to_exitcode(status) == 0, status
    return True


def write_carelessly(root: Path, incoming: Path, target: Path, content: bytes, **_: bool) -> bool:
    """The control: straight to the name, in two pieces."""
    make_folders(root, target.parent)
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    half = len(content) // 2
    os.write(handle, content[:half])
    os.write(handle, content[half:])
    os.close(handle)
    return True


def kill_before(step: int) -> None:
    """Count the file operations of this process and die before the one with this number."""
    done = 0

    def counted(real: Any) -> Any:
        def operation(*arguments: Any, **options: Any) -> Any:
            nonlocal done
            if done == step:
                os.kill(os.getpid(), signal.SIGKILL)
            done += 1
            return real(*arguments, **options)

        return operation

    for name in OPERATIONS:
        setattr(os, name, counted(getattr(os, name)))


def check_reopened(folder: Path) -> str:
    """Open the store again as the next start does, and look."""
    store = reopened(folder)
    found = asyncio.run(store.get(KEY))
    left = list((folder / "data/objects/.incoming").iterdir())
    again = asyncio.run(store.put(KEY, kept()))
    store.close()
    assert left == [], f"temporary files are left: {left}"
    assert again == (found is None), "the key is neither taken nor free"
    return "absent" if found is None else whole(found)


def whole(found: StoredFile) -> str:
    assert found.body == BODY, "half an object"
    return "whole"


def reopened(folder: Path) -> EmbeddedStore:
    return open_store(folder / "data", folder / "keys", "photos")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
