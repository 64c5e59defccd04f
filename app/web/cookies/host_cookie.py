"""A cookie of ours: opaque, out of reach of scripts, for our own pages only.

WebKit drops Secure cookies on http, so plain loopback has a name of its own; on https the ``__Host-``
prefix keeps every other host from setting it.
"""

from typing import Any

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

Connection = ASGIConnection[Any, Any, Any, Any]


class HostCookie:
    """One kind of cookie; ``origin`` is the one under which a request came."""

    def __init__(self, name: str, max_chars: int) -> None:
        self._plain_name = name
        self._max_chars = max_chars

    def read(self, connection: Connection, origin: str) -> str:
        """The value that came with a request; empty when none did, or one too long to be ours.

        Only under exactly this name: a browser lets other hosts set a cookie whose name merely reads as ours
        once signs outside ASCII are trimmed. What comes twice is not ours alone.
        """
        sent = ";".join(connection.headers.getall("cookie", [])).split(";")
        pairs = [pair.strip(" \t").partition("=") for pair in sent]
        values = [value for name, _, value in pairs if name == self._name(origin)]
        return values[0] if len(values) == 1 and len(values[0]) <= self._max_chars else ""

    def write(self, origin: str, value: str, lifetime_s: int) -> Cookie:
        """What makes the browser keep a value for so long (it may do so for less)."""
        return Cookie(
            key=self._name(origin),
            value=value,
            max_age=lifetime_s,
            path="/",
            httponly=True,
            samesite="strict",
            secure=_is_secure(origin),
        )

    def end(self, origin: str) -> Cookie:
        """What makes the browser drop it."""
        return self.write(origin, "", 0)

    def _name(self, origin: str) -> str:
        return f"__Host-{self._plain_name}" if _is_secure(origin) else self._plain_name


def _is_secure(origin: str) -> bool:
    return origin.startswith("https:")
