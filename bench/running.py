"""Starts what is measured: the real program, and the small servers it is measured against."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from bench.machine import pin
from e2e.support.clinic import ROOT, Clinic
from tests.support.ports import free_port


class MeasuredClinic(Clinic):
    """The real program, started as a user starts it, which can be pinned to one core."""

    @property
    def process(self) -> int:
        """Its process id."""
        assert self._process is not None
        return self._process.pid

    def durations_ms(self, method: str, route: str) -> list[float]:
        """What the program's own log says of the requests of a route."""
        lines = [msgspec.json.decode(line) for line in self.log if line.startswith("{")]
        return [
            line["duration_ms"]
            for line in lines
            if (line.get("method"), line.get("route")) == (method, route)
        ]

    def hold_to(self, core: int) -> None:
        """From here on it has one core; what it starts inherits that."""
        pin(self.process, core)


@contextmanager
def serving(module: str, *arguments: object) -> Iterator[tuple[int, int]]:
    """A module of this folder that serves on the port it is given; (process id, port)."""
    port = free_port()
    command = [sys.executable, "-m", f"bench.{module}", str(port), *map(str, arguments)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().strip() == "serving", f"bench.{module} did not start"
            yield process.pid, port
        finally:
            process.kill()
