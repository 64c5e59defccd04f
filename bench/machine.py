"""The machine under the numbers: cores to pin to, CPU time of a process, versions."""

import importlib.metadata
import os
import platform
import sqlite3
import time
from pathlib import Path
from typing import Any

PACKAGES = ("litestar", "uvicorn", "uvloop", "httptools", "msgspec", "sqlalchemy", "pyjwt", "cryptography",
            "botocore", "pillow", "structlog", "playwright")  # fmt: skip


def two_cores() -> tuple[int, int]:
    """One core for the server and another for the client; the same where there is only one."""
    cores = sorted(os.sched_getaffinity(0))
    return cores[-1], cores[-2] if len(cores) > 1 else cores[-1]


def pin(process: int, core: int) -> None:
    """Hold every thread of a process to one core; threads to come inherit it."""
    for task in Path(f"/proc/{process}/task").iterdir():
        os.sched_setaffinity(int(task.name), {core})


def cpu_seconds(process: int) -> float:
    """CPU time of a process, threads that have ended included and children not.

    The same number as in ``/proc/<pid>/stat``, in nanoseconds instead of ticks of 10 ms: Linux gives
    every process a clock, whose id is made of the process id (``clock_getcpuclockid``).
    """
    return time.clock_gettime((~process << 3) | 2)


def describe(chromium: str) -> dict[str, Any]:
    """What a reader needs to compare."""
    return {
        "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "memoryGb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": f"{platform.system()} {platform.release()}",
        "loadAtStart": [round(load, 2) for load in os.getloadavg()],
        "versions": {
            "python": platform.python_version(),
            "sqlite": sqlite3.sqlite_version,
            "chromium": chromium,
            **{name: importlib.metadata.version(name) for name in PACKAGES},
        },
    }


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
