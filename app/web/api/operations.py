"""For operators: is it alive, is it ready and what is not, and numbers for a monitor."""

from typing import Any

import msgspec
import structlog
from litestar import Controller, MediaType, Response, get

from app.config.variables import is_loopback
from app.domain.errors import NotFound, Unavailable
from app.web.api_request import ApiRequest
from app.web.metrics import CONTENT_TYPE
from app.web.middleware.headers import host_of
from app.web.problems import PROBLEM_TYPE, problem

# What a collector, a browser or a command line sends by itself. Proxies add headers under too many names
# to list, so a header that is not listed here was passed on.
_SENT_BY_CLIENTS = frozenset(
    [
        "host",
        "user-agent",
        "accept",
        "accept-encoding",
        "accept-language",
        "accept-charset",
        "connection",
        "keep-alive",
        "te",
        "authorization",
        "cookie",
        "origin",
        "referer",
        "dnt",
        "priority",
        "pragma",
        "cache-control",
        "upgrade-insecure-requests",
        "from",
        "if-none-match",
        "if-modified-since",
        "range",
        "content-length",
        "content-type",
        "x-cp-client",
        "x-prometheus-scrape-timeout-seconds",
    ]
)
# A photo is taken up with these two; everything else may wait.
NEEDED_FOR_PHOTOS = frozenset({"database", "store"})


class OperationsController(Controller):
    """Health and metrics."""

    include_in_schema = False

    @get("/health/live")
    async def live(self) -> dict[str, str]:
        """200 while the process answers; asks no other part, so that a slow store restarts nothing."""
        return {"status": "live"}

    @get("/health/ready")
    async def ready(self, request: ApiRequest) -> Response[Any]:
        """200 while photos can be taken and stored, else 503; either says which part is down.

        Every part is asked for 2 s at most, and its answer is reused for a moment. Without signals desktops
        poll, and without sign-in keys those who are signed in go on: a balancer that took the server out
        for that would take photos away as well.
        """
        parts = await request.services.readiness.parts()
        details = _details(request.services.unconfirmed_s())
        down = {name for name, state in parts.items() if state != "ok"}
        if down.isdisjoint(NEEDED_FOR_PHOTOS):
            status = "degraded" if down else "ready"
            return Response(
                {"status": status, "parts": parts} | details, headers={"cache-control": "no-store"}
            )
        body = msgspec.to_builtins(problem(Unavailable(), request.request_id)) | {"parts": parts} | details
        return Response(
            msgspec.json.encode(body),
            status_code=503,
            media_type=PROBLEM_TYPE,
            headers={"retry-after": str(Unavailable.retry_after)},
        )

    @get("/metrics", media_type=MediaType.TEXT)
    async def metrics(self, request: ApiRequest) -> Response[bytes]:
        """Prometheus text, for a collector on this machine or in the same pod only.

        No user of the app needs it, and the count of photos of a small clinic is confidential; a
        collector elsewhere goes through an agent beside the server. A request that a proxy passed on is
        answered like an address that does not exist.
        """
        if (passed_on := _not_asked_here(request)) is not None:
            structlog.get_logger("clinicpro").info("metrics.refused", reason=passed_on)
            raise NotFound
        async with request.services.database.transaction() as tx:
            counts = await tx.metrics.counts(request.services.clock())
        counts["sessions_unconfirmed_s"] = request.services.unconfirmed_s()
        return Response(request.services.metrics.text(counts), headers={"content-type": CONTENT_TYPE})


def _details(unconfirmed_s: float) -> dict[str, Any]:
    """For how long the session check has been suspended; empty where it is not."""
    if not unconfirmed_s:
        return {}
    since = f"Clerk could not be asked for {unconfirmed_s:.0f} s."
    sentence = f"{since} Upload cookies are accepted until their own end."
    return {"details": {"sign-in": sentence}}


def _not_asked_here(request: ApiRequest) -> str | None:
    """The sign that a request came from elsewhere or through a proxy; None without one."""
    if not is_loopback(request.client.host if request.client else ""):
        return "address"
    host = host_of(request.scope)
    if not is_loopback((host if host.endswith("]") else host.rpartition(":")[0] or host).strip("[]")):
        return "host"
    names = {name.lower() for name in request.headers}
    # Collectors and command lines speak 1.1; some proxies speak 1.0 and add no header.
    if request.scope["http_version"] == "1.0":
        return "proxy"
    if any(name not in _SENT_BY_CLIENTS and not name.startswith("sec-") for name in names):
        return "proxy"
    return None
