"""WebKitGTK in a window of its own on a hidden screen."""

import json
import os
import select
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from campaigns.engines.browser import EngineFailed

SHELL = Path(__file__).resolve().parent / "webkit_shell.py"
# The system's own Python: the bindings are Debian packages.
PYTHON = "/usr/bin/python3"
NETWORK = "WebKitNetworkProcess"
PAGES = "WebKitWebProcess"
# Linux cuts the name of a process here.
LONGEST_NAME = 15
ANSWER_LIMIT_S = 120.0


class WebKit:
    """A WebKitGTK with a profile on disk; its worker and its storage live in a process that can be killed."""

    name = "webkitgtk"
    # Once its storage process is gone, a page opens nothing any more until it is loaded again.
    reopens = False

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="webkit-", ignore_cleanup_errors=True)
        self._screen, display = hidden_screen()
        self._shell = subprocess.Popen(
            [PYTHON, str(SHELL), self._folder.name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env={**os.environ, "DISPLAY": display},
        )  # fmt: skip
        self.version = str(self._do("version"))

    def _do(self, what: str, **order: str) -> Any:
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        self._shell.stdin.write(json.dumps({"do": what, **order}) + "\n")
        self._shell.stdin.flush()
        ready, _, _ = select.select([self._shell.stdout], [], [], ANSWER_LIMIT_S)
        line = self._shell.stdout.readline() if ready else ""
        answer = json.loads(line) if line else {"error": "no answer"}
        if "error" in answer:
            raise EngineFailed(f"{what}: {answer['error']}")
        return answer["value"]

    def preload(self, script: str) -> None:
        """See ``Browser``."""
        self._do("preload", script=script)

    def open(self, url: str) -> None:
        """See ``Browser``."""
        self._do("open", url=url)

    def reload(self) -> None:
        """See ``Browser``."""
        self._do("reload")

    def text(self, expression: str) -> str:
        """See ``Browser``."""
        return str(self._do("evaluate", expression=expression))

    def lose_connections(self, origin: str) -> None:
        """See ``Browser``: the process of storage and network dies, as it does on phones."""
        if not self._kill(NETWORK):
            raise EngineFailed(f"no process serves the storage of {origin}")

    def restart(self) -> None:
        """See ``Browser``."""
        self._kill(PAGES)

    def _kill(self, name: str) -> list[int]:
        """``kill -9``; the process numbers."""
        found = [number for number, other in children(self._shell.pid) if other == name[:LONGEST_NAME]]
        for number in found:
            os.kill(number, signal.SIGKILL)
        return found

    def mute(self) -> None:
        """See ``Browser``: what the system does to a page in the background."""
        self._do("camera", state="MUTED")

    def unmute(self) -> None:
        """See ``Browser``."""
        self._do("camera", state="ACTIVE")

    def close(self) -> None:
        """See ``Browser``."""
        assert self._shell.stdin is not None
        self._shell.stdin.close()
        try:
            self._shell.wait(10)
        except subprocess.TimeoutExpired:
            self._shell.kill()
            self._shell.wait(10)
        self._screen.terminate()
        self._screen.wait(30)
        self._folder.cleanup()


def hidden_screen() -> tuple["subprocess.Popen[bytes]", str]:
    """An X server on the first free number, and that number."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "800x1000x24", "-nolisten", "tcp"]
    screen = subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    with os.fdopen(reading) as output:
        number = output.readline().strip()
    if not number:
        raise EngineFailed("Xvfb did not start")
    return screen, f":{number}"


def children(parent: int) -> Iterator[tuple[int, str]]:
    """Process numbers and cut names of what a process started."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            number, rest = (entry / "stat").read_text().split(" (", 1)
            name, after = rest.rsplit(") ", 1)
        except OSError:
            continue  # It ended while it was looked at.
        if int(after.split()[1]) == parent:
            yield int(number), name
