"""The inventory cookie: tells one browser's device inventory from another's, and opens nothing.

Kept hashed. It lives beside the storage of the photos and outlives
it, so that the server can notice when that storage was cleared. Every inventory renews its two years.
"""

import re
import secrets

from litestar.datastructures import Cookie

from app.web.api_request import ApiRequest
from app.web.cookies.host_cookie import HostCookie

LIFETIME_S = 2 * 365 * 24 * 3600

_INVENTORY = HostCookie("cp_device", max_chars=43)
_OURS = re.compile(r"[A-Za-z0-9_-]{43}")


def read_inventory_cookie(request: ApiRequest) -> str:
    """The value that came with the request, or a new one."""
    value = _INVENTORY.read(request, request.public_origin)
    return value if _OURS.fullmatch(value) else secrets.token_urlsafe(32)


def set_inventory_cookie(request: ApiRequest, value: str) -> Cookie:
    """The cookie, for two years from now."""
    return _INVENTORY.write(request.public_origin, value, LIFETIME_S)
