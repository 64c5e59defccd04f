"""Security headers, request id, metrics and the log line of every HTTP answer, from one hook.

The hook runs when an answer is about to leave, whatever made it: handler, error, 404, 405, 413,
static file, page or mounted store. A header that the answer already carries is left as it is.
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache, partial
from typing import Any, cast

import structlog
from litestar.handlers import ASGIRouteHandler

from app.web.metrics import Metrics
from app.web.middleware.request_context import RequestContext, request_context_of
from app.web.site.policy import BARE_CSP, PERMISSIONS, Policy

Headers = list[tuple[bytes, bytes]]
Hook = Callable[[Any, Any], Awaitable[None]]

COMMON: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", PERMISSIONS.encode()),
]
# The phone distinguishes our answers from a captive portal's by this name.
API: Headers = [(b"x-cp-server", b"capture/1"), (b"cache-control", b"no-store")]
HSTS: Headers = [(b"strict-transport-security", b"max-age=63072000")]
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# The same for every user, and dozens with each page: at ``info`` they would hide what an operator looks for.
FILES = frozenset(
    {"/pwa/{path}", "/service_worker/{name}", "/favicon.ico", "/qr.svg", "/manifest.webmanifest"}
)
UNSTORED: Headers = [(b"cache-control", b"no-store")]


def headers_hook(policy: Policy, metrics: Metrics) -> Hook:
    """A ``before_send`` hook; WebSocket messages pass untouched."""
    log = structlog.get_logger("clinicpro")

    async def add_headers(message: Any, scope: Any) -> None:
        if message["type"] != "http.response.start" or scope["type"] != "http":
            return
        arrival = request_context_of(scope)
        headers: Headers = list(message.get("headers", ()))
        present = {name.lower(): value for name, value in headers}
        content_type = present.get(b"content-type", b"")
        https = policy.keeps_https(scope.get("scheme", "http"), host_of(scope))
        wanted = wanted_of(content_type, arrival.path.lstrip("/").startswith("api/"), https)
        headers += [pair for pair in wanted if pair[0] not in present]
        if b"x-request-id" not in present:
            headers.append((b"x-request-id", arrival.request_id.encode()))
        message["headers"] = headers
        _record(log, metrics, int(message["status"]), arrival, scope)

    # Answers of one kind want the same headers; our own answers are of a few dozen kinds.
    wanted_of = lru_cache(256)(partial(_wanted, policy))
    return add_headers


def _wanted(policy: Policy, content_type: bytes, api: bool, https: bool) -> Headers:
    wanted = [*COMMON, (b"content-security-policy", _csp(content_type, policy).encode())]
    if api:
        wanted += API
    elif content_type.startswith(b"application/problem+json"):
        wanted += UNSTORED
    return wanted + HSTS if https else wanted


def _csp(content_type: bytes, policy: Policy) -> str:
    """Scripts carry the worker's policy: a worker obeys the header of its own script, not the page's."""
    if content_type.startswith(b"text/html"):
        return policy.page_csp
    return policy.worker_csp if content_type.startswith(b"text/javascript") else BARE_CSP


def _record(
    log: Any, metrics: Metrics, status: int, arrival: RequestContext, scope: Mapping[str, Any]
) -> None:
    method, route, seconds = _method_of(scope), _route_template(scope), time.perf_counter() - arrival.started
    metrics.observe(method, route, status, seconds)
    user = scope.get("user")
    quiet = route in FILES and status < 400
    (log.debug if quiet else log.info)(
        "request",
        method=method,
        route=route,
        status=status,
        duration_ms=round(seconds * 1000, 2),
        user=None if user is None else user.id,
        request_id=arrival.request_id,
    )


def _route_template(scope: Mapping[str, Any]) -> str:
    """``/api/photos/{photo_id}`` and never the raw path, which may hold anything."""
    handler = scope.get("route_handler")
    if handler is None:
        return "unmatched"
    if isinstance(handler, ASGIRouteHandler):
        return min(handler.paths)
    return str(scope.get("path_template") or "/")


def _method_of(scope: Mapping[str, Any]) -> str:
    """The method, or ``other``: an invented one must not become a label."""
    return scope["method"] if scope.get("method") in METHODS else "other"


def host_of(scope: Mapping[str, object]) -> str:
    """The Host header in lower case, empty when there is none."""
    for name, value in cast("Headers", scope["headers"]):
        if name.lower() == b"host":
            return value.decode("latin-1").lower()
    return ""
