"""Ports for servers that start, stop and start again."""

import secrets
import socket

FIRST = 12_000  # Chromium refuses some of those below.


def free_port() -> int:
    """A port without a listener, below those that the system assigns to sockets that ask for any port.

    While its server is stopped no other program gets it, so that nobody answers there.
    """
    while True:
        port = FIRST + secrets.randbelow(20_000)
        if _is_free(port):
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True
