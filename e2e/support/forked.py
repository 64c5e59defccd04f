"""The program in a process that is forked from one that has imported it already.

To import it takes most of a start, and most browser tests start one. First starts, upgrades, fleets and
the commands themselves are tested with ``python -m app``.
"""

import os
import signal
import sys
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload(["app.__main__", "app.server.serving", "app.main"])


class ForkedProgram:
    """What ``subprocess.Popen`` offers of ``python -m app serve``; ``stdout`` has its errors as well."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        read_end, write_end = _CONTEXT.Pipe(duplex=False)
        self._process = _CONTEXT.Process(target=_serve, args=(folder, environment, write_end))
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid
        write_end.close()
        self.stdout = os.fdopen(os.dup(read_end.fileno()))
        read_end.close()

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        os.kill(self.pid, number)

    def wait(self, timeout: float) -> int:
        """The exit code; raises ``TimeoutError`` after ``timeout`` seconds."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise TimeoutError(f"the server runs on after {timeout} s")
        return self._process.exitcode


def _serve(folder: Path, environment: dict[str, str], output: Connection) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number in (1, 2):
        os.dup2(output.fileno(), number)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", buffering=1, closefd=False) for number in (1, 2))
    from app.__main__ import main

    main(["serve"])
