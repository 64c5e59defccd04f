"""Firefox over WebDriver BiDi, with access to its own windows for what no page may do to itself."""

import json
import re
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from campaigns.engines.browser import EngineFailed, wait_until

PROGRAM = "firefox-esr"
ANSWER_LIMIT_S = 120.0
PREFERENCES: Mapping[str, object] = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    # Lets the quota manager's own reset end connections without erasing anything.
    "dom.quotaManager.testing": True,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,",
}
RESET = """(async () => {
  const origin = Services.scriptSecurityManager.createContentPrincipalFromOrigin(%s);
  const request = Services.qms.resetStoragesForPrincipal(origin, "default");
  await new Promise((done) => (request.callback = done));
  return String(request.resultCode);
})()"""
CAMERA_MESSAGE = """(() => {
  const { currentWindowGlobal } = gBrowser.selectedBrowser.browsingContext;
  currentWindowGlobal.getActor("WebRTC").sendAsyncMessage(%s);
  return "sent";
})()"""


class Firefox:
    """A headless Firefox."""

    name = "firefox"
    reopens = True

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="firefox-", ignore_cleanup_errors=True)
        profile = Path(self._folder.name)
        lines = [
            f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFERENCES.items()
        ]
        (profile / "user.js").write_text("\n".join(lines) + "\n")
        log = profile / "log"
        with log.open("w") as output:
            self._process = subprocess.Popen(
                [PROGRAM, "--headless", "--no-remote", "--profile", str(profile),
                 "--remote-debugging-port=0", "--remote-allow-system-access", "about:blank"],
                stdout=subprocess.DEVNULL, stderr=output,
            )  # fmt: skip
        self._line = connect(f"{address(log, self._process)}/session", max_size=None)
        self._asked = 0
        found = self._ask("session.new", capabilities={})
        self.version = str(found["capabilities"]["browserVersion"])
        self._page = self._context()
        self._window = self._context(**{"moz:scope": "chrome"})

    def _context(self, **where: str) -> str:
        return str(self._ask("browsingContext.getTree", **where)["contexts"][0]["context"])

    def _ask(self, method: str, **parameters: Any) -> Any:
        self._asked += 1
        self._line.send(json.dumps({"id": self._asked, "method": method, "params": parameters}))
        answer = answer_to(self._line, self._asked)
        if answer["type"] == "error":
            raise EngineFailed(f"{method}: {answer['message']}")
        return answer["result"]

    def _run(self, expression: str, context: str) -> str:
        target = {"context": context}
        found = self._ask("script.evaluate", expression=expression, target=target, awaitPromise=True)
        if found["type"] == "exception":
            raise EngineFailed(str(found["exceptionDetails"]["text"]))
        return str(found["result"]["value"])

    def preload(self, script: str) -> None:
        """See ``Browser``."""
        self._ask("script.addPreloadScript", functionDeclaration=f"() => {{ {script} }}")

    def open(self, url: str) -> None:
        """See ``Browser``."""
        self._ask("browsingContext.navigate", context=self._page, url=url, wait="complete")

    def reload(self) -> None:
        """See ``Browser``."""
        self._ask("browsingContext.reload", context=self._page, wait="complete")

    def text(self, expression: str) -> str:
        """See ``Browser``."""
        return self._run(expression, self._page)

    def lose_connections(self, origin: str) -> None:
        """See ``Browser``: pages get ``close``, and may open again at once."""
        if (code := self._run(RESET % json.dumps(origin), self._window)) != "0":
            raise EngineFailed(f"the storage was not reset: {code}")

    def mute(self) -> None:
        """See ``Browser``: what the camera button of Firefox's own sharing window does."""
        self._run(CAMERA_MESSAGE % '"webrtc:MuteCamera"', self._window)

    def unmute(self) -> None:
        """See ``Browser``."""
        self._run(CAMERA_MESSAGE % '"webrtc:UnmuteCamera"', self._window)

    def restart(self) -> None:
        """See ``Browser``: no scenario has needed it yet."""
        raise EngineFailed("Firefox's storage does not answer, and only a restart would help")

    def close(self) -> None:
        """See ``Browser``."""
        self._line.close()
        self._process.terminate()
        self._process.wait(60)
        self._folder.cleanup()


def address(log: Path, process: "subprocess.Popen[bytes]") -> str:
    """Where Firefox listens, as it says in its log."""

    def listening() -> "re.Match[str] | None":
        return re.search(r"WebDriver BiDi listening on (ws://\S+)\n", log.read_text())

    wait_until(lambda: listening() or process.poll() is not None, "Firefox's address", 60)
    if (found := listening()) is None:
        raise EngineFailed(f"Firefox ended at once: {log.read_text()[-500:]}")
    return found.group(1)


def answer_to(line: ClientConnection, number: int) -> Any:
    """The answer to an order; events in between are dropped."""
    while True:
        message = json.loads(line.recv(ANSWER_LIMIT_S))
        if message.get("id") == number:
            return message
