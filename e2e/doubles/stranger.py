"""A stranger's web site: one empty page on an origin of its own, from which a test attacks."""

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = b"<!doctype html><link rel='icon' href='data:,'><title>Win</title><iframe name='hole'></iframe>"


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Every address shows the same page."""
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.send_header("content-length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_: object) -> None:
        """No log."""


@contextlib.contextmanager
def open_stranger() -> Iterator[int]:
    """The port of a running stranger."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Page) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join(10)
