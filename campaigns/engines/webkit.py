"""WebKitGTK in a window of its own on a screen that nobody sees."""

import json
import os
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


class WebKit:
    """A WebKitGTK with a profile on disk; its worker and its storage live in a process that can be killed."""

    name = "webkitgtk"
    # Once its storage process is gone, a page opens nothing any more until it is loaded anew.
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
        line = self._shell.stdout.readline()
        answer = json.loads(line) if line else {"error": "the window is gone"}
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
        """See ``Browser``: the process that holds storage and network dies, as it does on phones."""
        found = [number for number, name in children(self._shell.pid) if name.startswith(NETWORK[:15])]
        if not found:
            raise EngineFailed(f"no process serves the storage of {origin}")
        for number in found:
            os.kill(number, signal.SIGKILL)

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
        self._shell.wait(30)
        self._screen.terminate()
        self._screen.wait(30)
        self._folder.cleanup()


def hidden_screen() -> tuple["subprocess.Popen[bytes]", str]:
    """An X server on the first free number, and that number."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "800x1000x24", "-nolisten", "tcp"]
    screen = subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    with os.fdopen(reading) as told:
        number = told.readline().strip()
    if not number:
        raise EngineFailed("Xvfb did not start")
    return screen, f":{number}"


def children(parent: int) -> Iterator[tuple[int, str]]:
    """Process numbers and names of what a process started; names are cut at 15 letters."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            number, rest = (entry / "stat").read_text().split(" (", 1)
            name, after = rest.rsplit(") ", 1)
        except OSError:
            continue  # It ended while it was looked at.
        if int(after.split()[1]) == parent:
            yield int(number), name
