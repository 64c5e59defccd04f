"""The device cookie: tells one browser's device inventory from another's, and opens nothing.

Opaque, HttpOnly, SameSite=Strict, kept hashed. It lives beside the storage of the photos and outlives
it, so that the server can notice when that storage was cleared. Every inventory renews its two years.
"""

import re
import secrets

from litestar.datastructures import Cookie

from app.web.api_request import ApiRequest
from app.web.cookies.upload import digest

SECURE_NAME = "__Host-cp_device"
PLAIN_NAME = "cp_device"
LIFETIME_S = 2 * 365 * 24 * 3600

_OURS = re.compile(r"[A-Za-z0-9_-]{43}")


def read_device(request: ApiRequest) -> str:
    """The value that came with the request, or a new one."""
    value = request.cookies.get(_name(request), "")
    return value if _OURS.fullmatch(value) else secrets.token_urlsafe(32)


def set_device(request: ApiRequest, value: str) -> Cookie:
    """The cookie of a device, for two years from now (browsers may keep it for less)."""
    return Cookie(
        key=_name(request),
        value=value,
        max_age=LIFETIME_S,
        path="/",
        httponly=True,
        samesite="strict",
        secure=_secure(request),
    )


def device_digest(value: str) -> str:
    """What is kept of it."""
    return digest(value)


def _name(request: ApiRequest) -> str:
    return SECURE_NAME if _secure(request) else PLAIN_NAME


def _secure(request: ApiRequest) -> bool:
    return request.public_origin.startswith("https:")
