"""CORS of the built-in store where it has an origin of its own: the named pages, and no other."""

from collections.abc import Iterable

from app.domain.photos.bucket import UPLOAD_HEADERS
from app.embedded.store.responses import StoreError, StoreResponse
from app.embedded.store.signature import StoreRequest

_METHODS = ("PUT", "GET", "HEAD")
_MAY_SEND = UPLOAD_HEADERS - {"content-length"}
_MAY_READ = "ETag, x-amz-checksum-sha256, x-amz-server-side-encryption"


class Cors:
    """Answers preflights and marks answers for exactly the pages that were named."""

    def __init__(self, pages: Iterable[str]) -> None:
        self._pages = frozenset(pages)

    def preflight(self, request: StoreRequest) -> StoreResponse:
        """200 for a named page that asks for what an upload needs, else a ``StoreError`` of 403."""
        asked = request.headers.get("access-control-request-headers", "").lower()
        wanted = {name.strip() for name in asked.split(",") if name.strip()}
        method = request.headers.get("access-control-request-method")
        named = request.headers.get("origin") in self._pages
        if not named or method not in _METHODS or not wanted <= _MAY_SEND:
            raise StoreError(403, "AccessForbidden", "This page may not use the store.")
        headers = {
            "access-control-allow-methods": ", ".join(_METHODS),
            "access-control-allow-headers": ", ".join(sorted(_MAY_SEND)),
            "access-control-max-age": "3000",
        }
        return StoreResponse(200, headers)

    def headers(self, request: StoreRequest) -> dict[str, str]:
        """What lets a named page read an answer; nothing for any other."""
        if not self._pages:
            return {"cross-origin-resource-policy": "same-origin"}
        shared = {"vary": "Origin", "cross-origin-resource-policy": "cross-origin"}
        origin = request.headers.get("origin", "")
        if origin not in self._pages:
            return shared
        return {
            **shared,
            "access-control-allow-origin": origin,
            "access-control-expose-headers": _MAY_READ,
        }
