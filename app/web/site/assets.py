"""Static files, read once at start: digest, compressed form and headers of each are known before
the first request, and a path that is not in the table does not exist, however it is spelled.
"""

import gzip
import hashlib
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import msgspec
from litestar import Response
from litestar.connection import Request

# The framework adds the charset to text types.
TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".ico": "image/x-icon",
}
HTML = "text/html"
_COMPRESSED = ("text/", "image/svg+xml", "application/manifest+json")


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """One file as it is served; ``sha256`` in hexadecimal is of the plain body."""

    url: str
    body: bytes
    packed: bytes | None
    content_type: str
    sha256: str
    headers: dict[str, str]


def make_asset(url: str, body: bytes, content_type: str, headers: dict[str, str] | None = None) -> Asset:
    """Digest and compress; the same body always gives the same bytes."""
    packed = gzip.compress(body, 9, mtime=0) if content_type.startswith(_COMPRESSED) else None
    return Asset(
        url=url,
        body=body,
        packed=packed if packed is not None and len(packed) < len(body) else None,
        content_type=content_type,
        sha256=hashlib.sha256(body).hexdigest(),
        headers=headers or {},
    )


def read_assets(root: Path) -> dict[str, Asset]:
    """Everything under ``pwa/`` and every script of ``service_worker/`` that may be served, by URL path."""
    found = [*_served(root, "pwa", set(TYPES)), *_served(root, "service_worker", {".js"})]
    return {url: make_asset(url, path.read_bytes(), TYPES[path.suffix]) for url, path in found}


def _served(root: Path, folder: str, endings: set[str]) -> Iterator[tuple[str, Path]]:
    base = (root / folder).resolve()
    for path in sorted(base.rglob("*")):
        parts = path.relative_to(base).parts
        hidden = any(part.startswith(".") for part in parts) or parts[0] == "templates"
        # A link that leads out of the folder would serve files that are not meant to be public.
        if path.suffix in endings and not hidden and path.is_file() and path.resolve().is_relative_to(base):
            yield f"/{folder}/{'/'.join(parts)}", path


def asset_response(asset: Asset, request: Request[Any, Any, Any]) -> Response[bytes | None]:
    """200 in the smaller form the client takes, or 304. Always asked again, never served stale."""
    packed = asset.packed is not None and _takes_gzip(request.headers.get("accept-encoding", ""))
    etag = f'"{asset.sha256[:32]}{"-gz" if packed else ""}"'
    headers = {"etag": etag, "cache-control": "no-cache", "vary": "accept-encoding", **asset.headers}
    if etag_matches(request.headers.get("if-none-match", ""), etag):
        # Litestar leaves the media type out of an empty answer, and without one the page would get the
        # strictest policy: a browser puts the headers of a 304 in place of those it had stored.
        headers["content-type"] = asset.content_type
        return Response(None, status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    if packed:
        headers["content-encoding"] = "gzip"
    body = asset.packed if packed else asset.body
    return Response(body, headers=headers, media_type=asset.content_type)


def etag_matches(header: str, etag: str) -> bool:
    """Whether If-None-Match names this ETag, weakly compared."""
    return any(part.strip().removeprefix("W/") in (etag, "*") for part in header.split(","))


def _takes_gzip(header: str) -> bool:
    for part in header.split(","):
        name, _, quality = part.partition(";")
        if name.strip().lower() == "gzip":
            return quality.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
