"""Connections count from the moment they are accepted: a flood that sends nothing blocks no client."""

import contextlib
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from e2e.support.clinic import Clinic
from tests.support.ports import free_port

DESCRIPTORS = 256
FLOOD = 700
LIMIT_S = 30.0
# A server of the same framework without the admission, on a socket that it binds itself.
UNGUARDED = """
import sys, uvicorn
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})
print("serving", flush=True)
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="critical", lifespan="off", loop="uvloop")
"""


def limited(command: list[str]) -> list[str]:
    """The command under a hard limit of few descriptors."""
    return ["sh", "-c", f'ulimit -n {DESCRIPTORS}; exec "$@"', "sh", *command]


class Limited(Clinic):
    """A clinic that may open few files."""

    def command(self) -> list[str]:
        return limited(super().command())


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Limited]:
    """A clinic that serves its network, with few descriptors."""
    clinic = Limited(tmp_path / "clinic", LAN="1", HTTPS_PORT=str(free_port()))
    try:
        clinic.start()
        yield clinic
    finally:
        clinic.kill()


@contextlib.contextmanager
def flood(port: int, begin: bytes = b"", count: int = FLOOD) -> Iterator[list[socket.socket]]:
    """Connections from many addresses of this computer that never send a whole request."""
    wires = []
    try:
        for number in range(count):
            source = (f"127.0.0.{2 + number % 9}", 0)
            wire = socket.create_connection(("127.0.0.1", port), timeout=LIMIT_S, source_address=source)
            wires.append(wire)
            with contextlib.suppress(ConnectionError):
                wire.sendall(begin)
        yield wires
    finally:
        for wire in wires:
            wire.close()


def status(url: str) -> int:
    """What a healthy client gets, on a connection of its own."""
    return httpx.get(url, trust_env=False, timeout=LIMIT_S, verify=False).status_code


def client_hello(port: int) -> bytes:
    """The beginning of a TLS handshake that is never finished."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    half = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        half.do_handshake()
    return outgoing.read()


@pytest.mark.parametrize("begin", ["nothing", "half a handshake"])
def test_connections_that_never_start_tls_block_no_client(clinic: Limited, begin: str) -> None:
    """More of them than the server has descriptors, and healthy clients are answered on both ports."""
    https = int(clinic.settings["HTTPS_PORT"])
    with flood(https, client_hello(https) if begin != "nothing" else b""):
        assert [status(f"https://localhost:{https}/health/live") for _ in range(3)] == [200] * 3
        assert [status(f"{clinic.url}/health/live") for _ in range(3)] == [200] * 3
        assert status(f"{clinic.url}/health/ready") == 200
    assert status(f"https://localhost:{https}/health/live") == 200


@pytest.mark.parametrize("begin", [b"", b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "])
def test_plain_connections_that_send_no_request_block_no_client(clinic: Limited, begin: bytes) -> None:
    """Neither those that send nothing nor those that stop in the middle of a head."""
    with flood(clinic.port, begin):
        assert [status(f"{clinic.url}/health/ready") for _ in range(3)] == [200] * 3
    assert status(f"{clinic.url}/health/ready") == 200


def test_the_control_a_server_that_does_not_count_is_blocked(tmp_path: Path) -> None:
    """The same flood, the same limit, and no client is answered."""
    port = free_port()
    command = limited([sys.executable, "-c", UNGUARDED, str(port)])
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as unguarded:
        try:
            until_answered(port)
            with flood(port), pytest.raises(httpx.TransportError):
                httpx.get(f"http://127.0.0.1:{port}/", trust_env=False, timeout=3)
        finally:
            unguarded.kill()


def until_answered(port: int) -> None:
    """Until a server that was just started answers."""
    transport = httpx.HTTPTransport(retries=10)
    with httpx.Client(transport=transport, timeout=LIMIT_S) as client:
        assert client.get(f"http://127.0.0.1:{port}/").text == "ok"
