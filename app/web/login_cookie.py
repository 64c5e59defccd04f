"""The cookies of the built-in accounts: opaque, out of reach of scripts, for our own pages only.

One is the login. The other outlives it and holds the marks of those who have signed in at this browser,
by which their attempts are told from a stranger's; it opens nothing.

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
MARKS_SECURE_NAME = "__Host-cp_known"
MARKS_PLAIN_NAME = "cp_known"
MAX_MARKS_CHARS = 1024
# Browsers hold a cookie for 400 days at most; every sign-in renews it.
MARKS_LIFETIME_S = 400 * 24 * 3600

Connection = ASGIConnection[Any, Any, Any, Any]


def read_login(connection: Connection, origin: str) -> str:
    """The value that came with a request to ``origin``, empty when none did."""
    value = connection.cookies.get(_name(origin), "")
    return value if len(value) <= MAX_CHARS else ""


def read_marks(connection: Connection, origin: str) -> str:
    """The marks of this browser, empty when it has none."""
    value = connection.cookies.get(_marks_name(origin), "")
    return value if len(value) <= MAX_MARKS_CHARS else ""


def set_login(origin: str, login: SignedIn) -> list[Cookie]:
    """The cookie of a fresh login, which the server ends earlier when it is not used, and the marks."""
    return [
        _cookie(_name(origin), login.cookie, login.lifetime_s, origin),
        _cookie(_marks_name(origin), login.marks, MARKS_LIFETIME_S, origin),
    ]


def end_login(origin: str) -> list[Cookie]:
    """Removes the login cookie, and the upload cookie whose session has ended with it; marks stay."""
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


def _marks_name(origin: str) -> str:
    return MARKS_SECURE_NAME if _secure(origin) else MARKS_PLAIN_NAME


def _secure(origin: str) -> bool:
    return origin.startswith("https:")
