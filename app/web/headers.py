"""Security headers, request id, metrics and the log line of every HTTP answer, from one hook.

The hook runs when an answer is about to leave, whoever made it: handler, error, 404, 405, 413,
static file, page or mounted store. A header that the answer already carries is left as it is.
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

import structlog
from litestar.handlers import ASGIRouteHandler

from app.web.arrival import Arrival, arrival_of
from app.web.metrics import Metrics
from app.web.policy import BARE_CSP, PERMISSIONS, Policy

Headers = list[tuple[bytes, bytes]]
Hook = Callable[[Any, Any], Awaitable[None]]

COMMON: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", PERMISSIONS.encode()),
]
# The phone tells our answers from a captive portal's by this name.
API: Headers = [(b"x-cp-server", b"capture/1"), (b"cache-control", b"no-store")]
HSTS: Headers = [(b"strict-transport-security", b"max-age=63072000")]
UNSTORED: Headers = [(b"cache-control", b"no-store")]


def headers_hook(policy: Policy, metrics: Metrics) -> Hook:
    """A ``before_send`` hook; WebSocket messages pass untouched."""
    log = structlog.get_logger("clinicpro")

    async def add_headers(message: Any, scope: Any) -> None:
        if message["type"] != "http.response.start" or scope["type"] != "http":
            return
        arrival = arrival_of(scope)
        headers: Headers = list(message.get("headers", ()))
        message["headers"] = headers + _missing(headers, _wanted(headers, arrival, scope, policy))
        _record(log, metrics, int(message["status"]), arrival, scope)

    return add_headers


def _missing(present: Headers, wanted: Headers) -> Headers:
    names = {name.lower() for name, _ in present}
    return [pair for pair in wanted if pair[0] not in names]


def _wanted(present: Headers, arrival: Arrival, scope: Mapping[str, Any], policy: Policy) -> Headers:
    content_type = _value(present, b"content-type")
    wanted = [*COMMON, (b"x-request-id", arrival.request_id.encode())]
    wanted.append((b"content-security-policy", _csp(content_type, policy).encode()))
    if arrival.path.startswith("/api/"):
        wanted += API
    elif content_type.startswith(b"application/problem+json"):
        wanted += UNSTORED
    if policy.keeps_https(scope.get("scheme", "http"), host_of(scope)):
        wanted += HSTS
    return wanted


def _csp(content_type: bytes, policy: Policy) -> str:
    """Scripts carry the worker's policy: a worker obeys the header of its own script, not the page's."""
    if content_type.startswith(b"text/html"):
        return policy.page_csp
    return policy.worker_csp if content_type.startswith(b"text/javascript") else BARE_CSP


def _record(log: Any, metrics: Metrics, status: int, arrival: Arrival, scope: Mapping[str, Any]) -> None:
    route, seconds = route_template(scope), time.perf_counter() - arrival.started
    metrics.observe(method_of(scope), route, status, seconds)
    principal = scope.get("user")
    log.info(
        "request",
        method=method_of(scope),
        route=route,
        status=status,
        duration_ms=round(seconds * 1000, 2),
        user=None if principal is None else principal.user,
        request_id=arrival.request_id,
    )


def route_template(scope: Mapping[str, Any]) -> str:
    """``/api/photos/{photo_id}`` and never the raw path, which may hold anything."""
    handler = scope.get("route_handler")
    if handler is None:
        return "unmatched"
    if isinstance(handler, ASGIRouteHandler):
        return min(handler.paths)
    return str(scope.get("path_template") or "/")


def method_of(scope: Mapping[str, Any]) -> str:
    """The method, or ``other``: an invented one must not become a label."""
    known = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
    return scope["method"] if scope.get("method") in known else "other"


def host_of(scope: Mapping[str, object]) -> str:
    """The Host header in lower case, empty when there is none."""
    return _value(cast("Headers", scope["headers"]), b"host").decode("latin-1").lower()


def _value(headers: Headers, name: bytes) -> bytes:
    return next((value for key, value in headers if key.lower() == name), b"")
