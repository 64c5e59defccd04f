"""A second line into a running Chromium: breakpoints in unmodified files, workers stopped at will.

It speaks the DevTools protocol beside the driver that taps and types, since a page that stands at a
breakpoint answers no driver.
"""

import json
import time
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.support.waiting import comes_true

PORT_FILE = "DevToolsActivePort"
# An engine that compiles a busy function while a breakpoint is being set in it may pass that breakpoint.
ARGUMENTS = ("--remote-debugging-port=0", "--js-flags=--no-sparkplug --no-maglev --no-turbofan")
LIMIT_S = 20.0

Message = dict[str, Any]


class NotReached(Exception):
    """The browser did not come to the place at which it was expected; a fault of the trial, not a finding."""


class Inspector:
    """One connection to one browser; ``target`` opens a line to a page or a worker."""

    def __init__(self, profile: Path) -> None:
        # Every message is read as it comes: what the browser has said must outlive it.
        self._socket = connect(
            address(profile), compression=None, max_size=None, max_queue=None, ping_interval=None,
            open_timeout=LIMIT_S,
        )  # fmt: skip
        self._last = 0
        self._answers: dict[int, Message] = {}
        self.events: dict[str, deque[Message]] = {}

    def close(self) -> None:
        """Hang up; the browser goes on."""
        self._socket.close()

    def target(self, kind: str, limit_s: float = LIMIT_S) -> "Target":
        """The running target of a kind, ``page`` or ``service_worker``; waits until there is one."""
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            for target in self.ids(kind):
                return self._attach(target)
            self._read(0.05)
        raise NotReached(f"there is no {kind}")

    def ids(self, kind: str) -> set[str]:
        """The targets of a kind that run now."""
        found = self.call("Target.getTargets")["targetInfos"]
        return {
            one["targetId"] for one in found if one["type"] == kind and not one["url"].startswith("chrome")
        }

    def are_gone(self, workers: set[str], limit_s: float) -> bool:
        """Whether none of these workers runs any more, soon."""
        end = time.monotonic() + limit_s
        while workers & self.ids("service_worker"):
            if time.monotonic() > end:
                return False
            self._read(0.02)
        return True

    def _attach(self, target: str) -> "Target":
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.events[session] = deque()
        return Target(self, session)

    def send(self, method: str, session: str | None = None, **parameters: Any) -> int:
        """Send a command and do not wait; its number."""
        self._last += 1
        message: Message = {"id": self._last, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        self._socket.send(json.dumps(message))
        return self._last

    def call(self, method: str, session: str | None = None, **parameters: Any) -> Message:
        """Send a command and wait for its answer."""
        number = self.send(method, session, **parameters)
        end = time.monotonic() + LIMIT_S
        while number not in self._answers:
            if not self._read(end - time.monotonic()):
                raise NotReached(f"no answer to {method}")
        answer = self._answers.pop(number)
        if "error" in answer:
            raise NotReached(f"{method}: {answer['error']['message']}")
        result: Message = answer["result"]
        return result

    def drain(self) -> None:
        """Read every message that has come, up to the browser's last one."""
        while self._read(0):
            pass

    def _read(self, limit_s: float) -> bool:
        try:
            text = self._socket.recv(timeout=max(0.0, limit_s))
        except (TimeoutError, ConnectionClosed):
            return False
        message = json.loads(text)
        if "id" in message:
            self._answers[message["id"]] = message
        elif (session := message.get("sessionId")) in self.events:
            self.events[session].append(message)
        return True

    def wait(self, session: str, method: str, limit_s: float) -> Message:
        """The next event of this name; those before it stay where they are."""
        end = time.monotonic() + limit_s
        while True:
            if (found := self.take(session, method)) is not None:
                return found
            if not self._read(end - time.monotonic()):
                raise NotReached(f"{method} never came")

    def take(self, session: str, method: str) -> Message | None:
        """The oldest event of this name that has come, or None."""
        for event in self.events[session]:
            if event["method"] == method:
                self.events[session].remove(event)
                parameters: Message = event["params"]
                return parameters
        return None


class Target:
    """A page or a worker under inspection."""

    def __init__(self, inspector: Inspector, session: str) -> None:
        self._inspector = inspector
        self._session = session

    def call(self, method: str, **parameters: Any) -> Message:
        """A command and its answer."""
        return self._inspector.call(method, self._session, **parameters)

    def send(self, method: str, **parameters: Any) -> None:
        """A command whose answer may never come, because the target stands still."""
        with suppress(ConnectionClosed):
            self._inspector.send(method, self._session, **parameters)

    def wait(self, method: str, limit_s: float = LIMIT_S) -> Message:
        """The next event of this name."""
        return self._inspector.wait(self._session, method, limit_s)

    def taken(self, method: str) -> list[Message]:
        """Every event of this name that has come so far."""
        self._inspector.drain()
        found = []
        while (event := self._inspector.take(self._session, method)) is not None:
            found.append(event)
        return found

    def break_at(self, path: str, line: int) -> str:
        """A breakpoint at a line (from 0) of a served file, now or when it is loaded."""
        self.call("Debugger.enable")
        pattern = path.replace(".", r"\.") + "$"
        answer = self.call("Debugger.setBreakpointByUrl", lineNumber=line, urlRegex=pattern)
        return str(answer["breakpointId"])

    def hold(self, times: int = 1, limit_s: float = LIMIT_S) -> None:
        """Wait until it stands at a breakpoint for the n-th time; it stays there."""
        for _ in range(times - 1):
            self.wait("Debugger.paused", limit_s)
            self.call("Debugger.resume")
        self.wait("Debugger.paused", limit_s)


def address(profile: Path) -> str:
    """Where the browser of a profile listens; waits until it has written it down."""
    path = profile / PORT_FILE

    def lines() -> list[str]:
        return path.read_text().split() if path.exists() else []

    if not comes_true(lambda: len(lines()) == 2, LIMIT_S):
        raise NotReached("the browser opened no port for inspection")
    return "ws://127.0.0.1:" + "".join(lines())
