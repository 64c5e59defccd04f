"""The login cookie of the built-in accounts: opaque, out of reach of scripts, for our own pages only.

WebKit drops Secure cookies on http, so plain loopback has a name of its own; on https the
``__Host-`` prefix keeps every other host from setting it.
"""

from typing import Any

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

from app.domain.accounts import SignedIn
from app.web import upload_cookie

SECURE_NAME = "__Host-cp_login"
PLAIN_NAME = "cp_login"
MAX_CHARS = 128

Connection = ASGIConnection[Any, Any, Any, Any]


def read_login(connection: Connection, origin: str) -> str:
    """The value that came with a request to ``origin``, empty when none did."""
    value = connection.cookies.get(_name(origin), "")
    return value if len(value) <= MAX_CHARS else ""


def set_login(origin: str, login: SignedIn) -> Cookie:
    """The cookie of a fresh login; the server ends it earlier when it is not used."""
    return _cookie(_name(origin), login.cookie, login.lifetime_s, origin)


def end_login(origin: str) -> list[Cookie]:
    """Removes the login cookie, and the upload cookie whose session has ended with it."""
    upload = upload_cookie.SECURE_NAME if _secure(origin) else upload_cookie.PLAIN_NAME
    return [_cookie(name, "", 0, origin) for name in (_name(origin), upload)]


def _cookie(name: str, value: str, max_age: int, origin: str) -> Cookie:
    return Cookie(
        key=name,
        value=value,
        max_age=max_age,
        path="/",
        httponly=True,
        samesite="strict",
        secure=_secure(origin),
    )


def _name(origin: str) -> str:
    return SECURE_NAME if _secure(origin) else PLAIN_NAME


def _secure(origin: str) -> bool:
    return origin.startswith("https:")
