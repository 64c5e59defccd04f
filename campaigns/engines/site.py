"""Serves the program's own files on loopback to the page that runs one file of the suite.

What the suite imports from Node is mapped to the stand-ins in ``shims``; every file gets an origin of its
own, so that no test meets the storage of another.
"""

import contextlib
import html
import json
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import Any

SHIMS = "/campaigns/engines/shims"
IMPORTS = {
    "node:test": f"{SHIMS}/node-test.js",
    "node:assert/strict": f"{SHIMS}/node-assert.js",
    "node:crypto": f"{SHIMS}/node-crypto.js",
    "fake-indexeddb": f"{SHIMS}/fake-indexeddb.js",
    "fake-indexeddb/auto": f"{SHIMS}/fake-indexeddb.js",
}
KINDS = {".js": "text/javascript", ".mjs": "text/javascript"}
SUPPORT = "tests/js/queue/support.mjs"
LOCKS = "export class TestLocks {"
REAL_LOCKS = (
    f'import {{ TestLocks }} from "{SHIMS}/web-locks.js";\nexport {{ TestLocks }};\nclass ScriptedLocks {{'
)
PAGE = """<!doctype html>
<html lang="en" data-asked="{asked}">
<meta charset="utf-8"><title>The queue's suite</title>
<script type="importmap">{imports}</script>
<script type="module" src="{shims}/page.js"></script>
"""


class CannotServe(Exception):
    """The suite no longer has the text that is replaced."""


class Site:
    """One origin for one file of the suite; ``messages`` is what its page reports."""

    def __init__(self, root: Path, file: str, without: Sequence[str] = (), only: Sequence[str] = ()) -> None:
        self.root = root
        self.page = page(file, without, only)
        self.messages: Queue[dict[str, Any]] = Queue()
        self.lost = threading.Event()
        self.url = ""

    def content(self, path: str) -> tuple[str, bytes] | None:
        """Type and body of a path; None where nothing is."""
        if path == "/":
            return "text/html", self.page.encode()
        file = self.root / path.lstrip("/")
        if not file.is_file() or file.suffix not in KINDS:
            return None
        text = file.read_text()
        return KINDS[file.suffix], (on_real_locks(text) if path == f"/{SUPPORT}" else text).encode()

    def ask_for_loss(self) -> None:
        """Pass on that the page wants its connections ended, and wait until they are."""
        self.lost.clear()
        self.messages.put({"lose": True})
        self.lost.wait(60)


def page(file: str, without: Sequence[str], only: Sequence[str]) -> str:
    """The page that runs a file."""
    asked = json.dumps({"file": f"/{file}", "without": list(without), "only": list(only)})
    return PAGE.format(asked=html.escape(asked), imports=json.dumps({"imports": IMPORTS}), shims=SHIMS)


def on_real_locks(support: str) -> str:
    """The suite's lock, which it made for a runtime without Web Locks, gives way to the browser's."""
    if support.count(LOCKS) != 1:
        raise CannotServe(f"{SUPPORT} has {support.count(LOCKS)} times {LOCKS!r}")
    return support.replace(LOCKS, REAL_LOCKS)


@contextlib.contextmanager
def open_site(root: Path, file: str, without: Sequence[str] = (), only: Sequence[str] = ()) -> Iterator[Site]:
    """A site on a free port."""
    site = Site(root, file, without, only)

    class Handler(BaseHTTPRequestHandler):
        """Serves files, and receives what the page reports."""

        def do_GET(self) -> None:
            found = site.content(self.path.partition("?")[0])
            self._answer(*((200, *found) if found else (404, "text/plain", b"")))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            if self.path == "/lose-connections":
                site.ask_for_loss()
            else:
                site.messages.put(json.loads(body))
            self._answer(204, "text/plain", b"")

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            # A page is left as soon as its last message is received.
            with contextlib.suppress(ConnectionError):
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        site.url = f"http://localhost:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield site
        finally:
            server.shutdown()
