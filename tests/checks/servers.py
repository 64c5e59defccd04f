"""Small servers of this machine that answer as a wrong service would."""

import contextlib
import http.client
import ssl
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import urlsplit

_HOP = frozenset({"connection", "transfer-encoding", "content-length", "keep-alive"})


class Asked(NamedTuple):
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Said(NamedTuple):
    """One answer."""

    status: int
    headers: dict[str, str]
    body: bytes = b""


Answerer = Callable[[Asked], Said]
Ask = Callable[[], Said]
Change = Callable[[Asked, Ask], Said]


@contextlib.contextmanager
def answering(answer: Answerer, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """A server on a free port of this machine; its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            result = answer(Asked(self.command, self.path, headers, self.rfile.read(length)))
            self.send_response_only(result.status)
            for name, value in result.headers.items():
                self.send_header(name, value)
            if self.command != "HEAD":
                self.send_header("content-length", str(len(result.body)))
            self.end_headers()
            self.wfile.write(b"" if self.command == "HEAD" else result.body)

        do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = do_OPTIONS = _serve  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextlib.contextmanager
def altered(endpoint: str, change: Change, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """A server that passes requests on to another; ``change`` sees each and gives the answer."""

    def answer(asked: Asked) -> Said:
        return change(asked, partial(_passed_on, endpoint, asked))

    with answering(answer, tls) as address:
        yield address


def _passed_on(endpoint: str, asked: Asked) -> Said:
    connection = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=20)
    try:
        connection.putrequest(asked.method, asked.path, skip_host=True, skip_accept_encoding=True)
        for name, value in asked.headers.items():
            connection.putheader(name, value)
        connection.endheaders(asked.body)
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders() if name.lower() not in _HOP}
        if asked.method == "HEAD" and (length := answer.getheader("content-length")):
            headers["content-length"] = length
        return Said(answer.status, headers, answer.read())
    finally:
        connection.close()
