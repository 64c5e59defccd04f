"""Requests must name one of our hosts, and state changes must come from one of our own pages.

A browser says where a request comes from (``Sec-Fetch-Site``, ``Origin``) and lets no foreign page
forge it; the custom header makes every other cross-site request fail in its preflight. SameSite
cookies alone would not stop a sibling subdomain.
"""

from collections.abc import Mapping
from typing import Any

from litestar.connection import ASGIConnection

from app.domain.errors import CrossSite
from app.web.middleware.headers import host_of
from app.web.middleware.request_context import request_context_of
from app.web.problems import HostNotAllowed, UnsupportedMediaType
from app.web.site.policy import Policy

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CLIENT_HEADER = "x-cp-client"

Connection = ASGIConnection[Any, Any, Any, Any]


class OriginGuard:
    """Host allow-list and cross-site guard.

    Paths under ``self_authorised`` belong to the built-in store and hub: their requests carry a
    signature or a key of their own, never a cookie that a browser would add by itself.
    """

    def __init__(self, policy: Policy, self_authorised: tuple[str, ...]) -> None:
        self._policy = policy
        self._self_authorised = self_authorised

    def check(self, connection: Connection) -> None:
        """Raises ``HostNotAllowed``, ``CrossSite`` or ``UnsupportedMediaType``."""
        scope: Any = connection.scope
        path, host = request_context_of(scope).path, host_of(scope)
        # A probe asks by the address of the container; the answer says nothing worth rebinding for.
        if not path.startswith("/health/") and not self._policy.allows_host(host):
            raise HostNotAllowed
        if scope.get("method", "GET") in SAFE_METHODS or path.startswith(self._self_authorised):
            return
        _check_same_origin(connection.headers, self._policy.own_origins(scope["scheme"], host))
        _check_json(connection.headers)


def _check_same_origin(headers: Mapping[str, str], own_origins: set[str]) -> None:
    """Every origin header that was sent must be ours, and at least one must have been sent."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is None and origin is None:
        raise CrossSite
    if site not in (None, "same-origin") or (origin is not None and origin not in own_origins):
        raise CrossSite
    if headers.get(CLIENT_HEADER) != "1":
        raise CrossSite


def _check_json(headers: Mapping[str, str]) -> None:
    """A body is JSON: forms and plain text are what a foreign page could send without preflight."""
    has_body = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if has_body and media_type != "application/json":
        raise UnsupportedMediaType
