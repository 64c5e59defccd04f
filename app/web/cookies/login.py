"""The cookies of the built-in accounts: opaque, out of reach of scripts, for our own pages only.

One is the login. The other outlives it and holds the marks of the accounts that have signed in in this
browser, by which their attempts are counted apart from an unknown client's; it opens nothing.

WebKit drops Secure cookies on http, so plain loopback has a name of its own; on https the
``__Host-`` prefix keeps every other host from setting it.
"""

from typing import Any

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

from app.domain.identity.accounts import SignedIn
from app.web.cookies import upload as upload_cookie

SECURE_NAME = "__Host-cp_login"
PLAIN_NAME = "cp_login"
MAX_CHARS = 128
DEVICE_SECURE_NAME = "__Host-cp_known"
DEVICE_PLAIN_NAME = "cp_known"
MAX_DEVICE_CHARS = 1024
# Browsers hold a cookie for 400 days at most; every sign-in renews it.
DEVICE_LIFETIME_S = 400 * 24 * 3600

Connection = ASGIConnection[Any, Any, Any, Any]


def read_login(connection: Connection, origin: str) -> str:
    """The value that came with a request to ``origin``, empty when none did."""
    value = connection.cookies.get(_name(origin), "")
    return value if len(value) <= MAX_CHARS else ""


def read_device_cookies(connection: Connection, origin: str) -> str:
    """The marks of this browser, empty when it has none."""
    value = connection.cookies.get(_device_name(origin), "")
    return value if len(value) <= MAX_DEVICE_CHARS else ""


def set_login(origin: str, login: SignedIn) -> list[Cookie]:
    """The cookie of a fresh login, which the server ends earlier when it is not used, and the marks."""
    return [
        _cookie(_name(origin), login.cookie, login.lifetime_s, origin),
        _cookie(_device_name(origin), login.device_cookies, DEVICE_LIFETIME_S, origin),
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


def _device_name(origin: str) -> str:
    return DEVICE_SECURE_NAME if _secure(origin) else DEVICE_PLAIN_NAME


def _secure(origin: str) -> bool:
    return origin.startswith("https:")
