"""Several server processes over a real PostgreSQL and bucket, watched from outside by what they log."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psutil

from campaigns.faults.postgres_kills import Cluster, cluster
from e2e.support.cloud import CloudClinic
from tests.support.ministack import Ministack, running_ministack
from tests.support.ports import free_port

LIMIT_S = 90.0
SIGNALS = {"ABLY_API_KEY": "app.key:secret", "ABLY_ENDPOINT": "localhost"}


class Processes(CloudClinic):
    """A program of two server processes; ``begin`` does not wait for it."""

    def __init__(self, folder: Path, bucket: Ministack, database: str, **settings: str) -> None:
        super().__init__(folder, free_port(), bucket, database, WORKERS="2", **SIGNALS, **settings)

    @property
    def parent(self) -> psutil.Process:
        """The process that was started here."""
        assert self._process is not None
        return psutil.Process(self._process.pid)

    def workers(self) -> list[psutil.Process]:
        """The server processes that run now."""
        return [one for one in self.parent.children() if "app.server.worker" in command(one)]

    def events(self, name: str) -> list[dict[str, Any]]:
        """The lines of the log of one kind."""
        lines = [line for line in list(self.log) if line.startswith("{")]
        return [event for event in map(json.loads, lines) if event["event"] == name]

    def until_served(self, times: int = 2) -> None:
        """Until so many processes have logged that they serve."""
        self.until(lambda: len(self.events("worker.serving")) >= times)

    def get(self, path: str) -> httpx.Response:
        """One answer of the process that takes the connection."""
        return httpx.get(self.url + path, timeout=20, trust_env=False)

    def database_state(self) -> str:
        """What ``/health/ready`` says of the database."""
        with suppress(httpx.TransportError):
            return str(self.get("/health/ready").json()["parts"]["database"])
        return "no answer"

    def exit_code(self) -> int:
        """How the program ended by itself."""
        assert self._process is not None
        code = self._process.wait(timeout=LIMIT_S)
        self._reader.join(timeout=10)
        return code


def command(process: psutil.Process) -> list[str]:
    """The arguments that started it; none for one that has ended."""
    try:
        arguments: list[str] = process.cmdline()
        return arguments
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return []


def holders(port: int) -> set[int]:
    """The processes that hold a socket which listens on this port, as the kernel says."""
    listening = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                listening.add(f"socket:[{fields[9]}]")
    return {pid for pid in psutil.pids() if listening & set(_descriptors(pid))}


def _descriptors(pid: int) -> list[str]:
    found = []
    with suppress(OSError):
        for name in os.listdir(f"/proc/{pid}/fd"):  # noqa: PTH208 - names alone
            with suppress(OSError):
                found.append(os.readlink(f"/proc/{pid}/fd/{name}"))  # noqa: PTH115
    return found


@contextmanager
def processes(folder: Path, bucket: Ministack, database: str, **settings: str) -> Iterator[Processes]:
    """A program that is gone at the end, whatever happens, with everything that it started."""
    clinic = Processes(folder, bucket, database, **settings)
    family: list[psutil.Process] = []
    try:
        clinic.begin()
        yield clinic
    finally:
        with suppress(psutil.NoSuchProcess, AssertionError):
            family = clinic.parent.children(recursive=True)
        clinic.end(signal.SIGKILL)
        for one in family:
            with suppress(psutil.NoSuchProcess):
                one.kill()


@contextmanager
def database_and_bucket(folder: Path) -> Iterator[tuple[Cluster, Ministack]]:
    """A PostgreSQL that can be killed and started again, and a bucket."""
    folder.mkdir()
    with cluster() as server, running_ministack(folder) as bucket:
        yield server, bucket
