"""A clinic under test: the real program in a process of its own, on free ports, with its own data.

It is started by the command that operators use, and checked from outside the app: the database file is
read with sqlite3, photos are fetched and hashed by the test.
"""

import atexit
import contextlib
import functools
import hashlib
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty, Queue

from e2e.support.first_sign_in import choose_password
from e2e.support.forked import ForkedProgram
from tests.support.ports import free_port
from tests.support.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
START_LIMIT_S = 60


class Clinic:
    """One server process with its data folder; ``start`` may be called again after ``kill``.

    The password is that which the clinician has chosen at the first sign-in; ``generated`` was printed.
    """

    def __init__(self, folder: Path, port: int | None = None, root: Path = ROOT, /, **settings: str) -> None:
        self.folder = folder
        self.root = root
        self.port = port or free_port()
        self.settings = settings
        self.name = ""
        self.password = ""
        self.generated = ""
        self.log: list[str] = []
        self._process: subprocess.Popen[str] | ForkedProgram | None = None

    @property
    def url(self) -> str:
        """The address that users type."""
        return f"http://localhost:{self.port}"

    def start(self) -> None:
        """Start the program, wait until it prints that it serves, and choose a password if it printed one."""
        known = self.generated
        self.serve()
        if self.generated != known:
            self.password = choose_password(self.url, self.name, self.generated)

    def adopt(self, first: "Clinic") -> None:
        """Begin with the data, the keys and the account of a clinic that has stopped."""
        shutil.copytree(first.folder, self.folder)
        self.name, self.password, self.generated = first.name, first.password, first.generated

    def serve(self) -> None:
        """Start the program and wait until it prints that it serves."""
        self._wait_until_it_serves(self.begin())

    def begin(self) -> "Queue[str | None]":
        """Start the program and wait for nothing; the lines that it will print, and None at its end."""
        self._process = self.program()
        lines: Queue[str | None] = Queue()
        self._reader = threading.Thread(target=self._read, args=(self._process, lines), daemon=True)
        self._reader.start()
        return lines

    def program(self) -> subprocess.Popen[str] | ForkedProgram:
        """The program, starting."""
        return subprocess.Popen(
            self.command(),
            cwd=self.root, env=self.environment(), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def command(self) -> list[str]:
        """How it is started."""
        return [sys.executable, "-m", "app", "serve"]

    def _wait_until_it_serves(self, lines: "Queue[str | None]") -> None:
        while True:
            try:
                line = lines.get(timeout=START_LIMIT_S)
            except Empty:
                line = None
            if line is None:
                raise AssertionError("the server did not start:\n" + "".join(self.log))
            if found := re.match(r"Sign in: (\S+) / (\S+)$", line.strip()):
                self.name, self.generated = found.groups()
            # Where Clerk signs users in, no line prints a password.
            if line.startswith("Phone:" if "CLERK_PUBLISHABLE_KEY" in self.settings else "Sign in:"):
                return

    def until(self, state: Callable[[], object], limit_s: float = 90.0) -> None:
        """Wait for a state of the running program; where it never comes, fail with the end of its log."""
        wait_until(state, lambda: "".join(self.log[-60:]), limit_s)

    def _read(self, process: subprocess.Popen[str] | ForkedProgram, lines: "Queue[str | None]") -> None:
        assert process.stdout is not None
        with process.stdout as output:
            for line in output:
                self.log.append(line)
                lines.put(line)
        lines.put(None)

    def add_account(self, name: str) -> str:
        """A second account, by the command that an operator uses; the password chosen for it."""
        done = self.run("user", "add", name)
        assert done.returncode == 0, done.stderr
        return choose_password(self.url, name, done.stdout.split()[-1])

    def run(self, *arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
        """Any command of the program over this clinic's data, to its end."""
        return subprocess.run(
            [sys.executable, "-m", "app", *arguments],
            cwd=self.root, env={**self.environment(), **settings}, text=True, capture_output=True,
            timeout=START_LIMIT_S, check=False,
        )  # fmt: skip

    def environment(self) -> dict[str, str]:
        """What the program finds in its environment."""
        return {
            **{name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")},
            "DATA_DIR": str(self.folder / "data"),
            "KEY_DIR": str(self.folder / "keys"),
            "PORT": str(self.port),
            "SWEEP_SECONDS": "1",
            "PYTHONUNBUFFERED": "1",
            **self.settings,
        }

    def kill(self) -> None:
        """``kill -9``."""
        self.end(signal.SIGKILL)

    def stop(self) -> int:
        """Ctrl-C; the exit code."""
        return self.end(signal.SIGINT)

    def end(self, number: signal.Signals) -> int:
        """Send a signal and wait; the exit code."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.send_signal(number)
        code = self._process.wait(timeout=30)
        self._reader.join(timeout=10)
        self._process = None
        return code

    def rows(self, statement: str, *values: object) -> list[sqlite3.Row]:
        """Rows of the database file, read without the app."""
        path = next((self.folder / "data").glob("*.sqlite3"))
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as database:
            database.row_factory = sqlite3.Row
            return database.execute(statement, values).fetchall()

    def change(self, statement: str, *values: object) -> None:
        """Change rows of the database file, as time or another program might have."""
        path = next((self.folder / "data").glob("*.sqlite3"))
        with contextlib.closing(sqlite3.connect(path, timeout=10)) as database, database:
            database.execute(statement, values)

    def photos(self) -> list[sqlite3.Row]:
        """Every photo row, in the order in which they came."""
        return self.rows("SELECT * FROM photos ORDER BY created_at, photo_id")


class ForkedClinic(Clinic):
    """A clinic whose program starts sooner."""

    def program(self) -> ForkedProgram:
        """The program, starting."""
        return ForkedProgram(self.root, self.environment())


@functools.cache
def first_start() -> Clinic:
    """A clinic that was started once and stopped; its clinician has chosen a password."""
    folder = Path(tempfile.mkdtemp(prefix="clinic-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    clinic = Clinic(folder / "clinic")
    try:
        clinic.start()
        assert clinic.stop() == 0, "".join(clinic.log)
    finally:
        clinic.kill()
    return clinic


@contextlib.contextmanager
def open_clinic(folder: Path, port: int | None = None, /, **settings: str) -> Iterator[Clinic]:
    """A started clinic that is stopped at the end, whatever happens.

    Where accounts are local it goes on from a first start, which takes longer than most tests.
    """
    clinic = ForkedClinic(folder, port, **settings)
    if "CLERK_PUBLISHABLE_KEY" not in settings:
        clinic.adopt(first_start())
    try:
        clinic.start()
        yield clinic
    finally:
        clinic.kill()


def sha256(body: bytes) -> str:
    """Hexadecimal SHA-256."""
    return hashlib.sha256(body).hexdigest()
