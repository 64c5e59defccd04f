"""The preload shim: built once for each version of its source, loaded before a process starts."""

import ctypes
import errno
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import msgspec

SOURCE = Path(__file__).resolve().parent / "shim.c"
KILL_BEFORE, KILL_AFTER = -1, -2
ERRORS = {"full": errno.ENOSPC, "broken": errno.EIO}


class NoCompiler(RuntimeError):
    """The shim cannot be built here; the message says what to do."""


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """Operations ``first`` to ``first + count`` of some kinds, on paths that contain ``path``, go wrong.

    Kinds are letters: c create, w write, f fsync, t truncate, l link, r rename, u unlink, m mkdir,
    i read (input). ``error`` is an errno, or a kill before or after the operation.
    """

    kinds: str
    path: str
    first: int
    error: int
    count: int = 1


def built() -> Path:
    """The shared library; raises ``NoCompiler`` with one sentence where nothing here compiles C."""
    source = SOURCE.read_bytes()
    name = f"capture-shim-{os.getuid()}-{hashlib.sha256(source).hexdigest()[:16]}.so"
    path = Path(tempfile.gettempdir()) / name
    if not path.exists():
        fresh = path.with_suffix(f".{os.getpid()}")
        subprocess.run([*_compiler(), "-O2", "-shared", "-fPIC", "-o", fresh, SOURCE, "-ldl"], check=True)
        fresh.replace(path)
    return path


def _compiler() -> list[str]:
    for name in ("gcc", "cc", "clang"):
        if shutil.which(name):
            return [name]
    if find_spec("ziglang"):
        return [sys.executable, "-m", "ziglang", "cc"]
    raise NoCompiler("The reliability tests need a C compiler: install gcc, or run pip install ziglang.")


def watch(folder: Path, log: Path | None) -> None:
    """In a process that was started with the shim: watch a folder from now on."""
    _loaded().capture_watch(os.fsencode(folder), b"" if log is None else os.fsencode(log))


def arm(fault: Fault) -> None:
    """In such a process: the fault counts operations from now on."""
    _loaded().capture_fault(
        fault.kinds.encode(),
        fault.path.encode(),
        ctypes.c_long(fault.first),
        ctypes.c_long(fault.count),
        fault.error,
    )


def matched() -> int:
    """In such a process: how many operations the fault has counted."""
    library = _loaded()
    library.capture_matched.restype = ctypes.c_long
    return int(library.capture_matched())


def _loaded() -> ctypes.CDLL:
    return ctypes.CDLL(None)
