"""The real program on one installation: started, killed, started again; each start follows a plan."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from campaigns.checker.disk import Disk
from campaigns.powerloss.shim import built
from campaigns.server.plan import Plan
from e2e.support.first_sign_in import choose_password
from tests.support.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
START_LIMIT_S = 60.0


class ForkServer:
    """The process that forks the program under test; one for a campaign."""

    def __init__(self) -> None:
        environment = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "campaigns.server.fork_server"],
            cwd=ROOT, env={**environment, "LD_PRELOAD": str(built())}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def start(self, plan: Plan) -> int:
        """Fork a child for a plan; its pid."""
        return self._ask(msgspec.json.encode(plan).decode())

    def wait(self) -> int:
        """The exit status of the last child, negative for a signal; waits for its end."""
        return self._ask("")

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=10)

    def _ask(self, line: str) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


class Program:
    """One installation in a folder of its own."""

    def __init__(self, fork_server: ForkServer, folder: Path) -> None:
        self.fork_server = fork_server
        self.folder = folder
        self.disk = Disk(folder)
        self.port = free_port()
        self.sign_in = ("", "")
        self._generated: tuple[str, str] | None = None
        self._output = folder.with_name(f"{folder.name}.log")
        self._pid = 0

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://localhost:{self.port}"

    @property
    def output(self) -> str:
        """Its output, all starts together."""
        return self._output.read_text(errors="replace") if self._output.exists() else ""

    def start(self, **plan: Any) -> bool:
        """Start; True once it serves, False if it ended before that."""
        begin = len(self.output)
        chosen = Plan(folder=str(self.folder), port=self.port, output=str(self._output), **plan)
        self._pid = self.fork_server.start(chosen)
        return self._until_it_serves(begin)

    def _until_it_serves(self, begin: int) -> bool:
        deadline = time.monotonic() + START_LIMIT_S
        while time.monotonic() < deadline:
            output = self.output[begin:]
            if found := re.search(r"^Sign in: (\S+) / (\S+)$", output, re.MULTILINE):
                self._generated = (found[1], found[2])
            if re.search(r"^Sign in: ", output, re.MULTILINE):
                self._choose_password()
                return True
            if not self.alive:
                self.ended()
                return False
            time.sleep(0.01)
        raise AssertionError(f"the server did not start:\n{self.output[begin:]}")

    def _choose_password(self) -> None:
        if self._generated is None:
            return
        name, generated = self._generated
        self.sign_in = (name, choose_password(self.url, name, generated))
        self._generated = None

    @property
    def alive(self) -> bool:
        """Whether the last start is still running."""
        if not self._pid:
            return False
        try:
            state = Path(f"/proc/{self._pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except FileNotFoundError:
            return False
        return state != "Z"

    def kill(self) -> int:
        """SIGKILL; its exit status."""
        return self._end(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM, as a service manager does; its exit status."""
        return self._end(signal.SIGTERM)

    def ended(self) -> int:
        """The exit status of a process that ends by itself."""
        self._pid = 0
        return self.fork_server.wait()

    def _end(self, number: signal.Signals) -> int:
        if not self._pid:
            return 0
        if self.alive:
            os.kill(self._pid, number)
        return self.ended()


@contextmanager
def installation(fork_server: ForkServer | None = None) -> Iterator[Program]:
    """A program on an empty folder, in memory where there is a place for that; all is gone afterwards."""
    own = ForkServer() if fork_server is None else fork_server
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="capture-", dir=memory if memory.is_dir() else None) as place:
        folder = Path(place) / "installation"
        folder.mkdir()
        program = Program(own, folder)
        try:
            yield program
        finally:
            program.kill()
            if fork_server is None:
                own.close()
