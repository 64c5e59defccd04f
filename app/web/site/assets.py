"""Static files, read once at start.

Digest, compressed form and headers of each are known before the first request, and a path that is not in
the table does not exist, however it is spelled.
"""

import gzip
import hashlib
import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

import msgspec
from litestar import Response
from litestar.connection import Request

# The framework adds the charset to text types.
TYPES = {
    ".js": "text/javascript",
    ".map": "application/json",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".ico": "image/x-icon",
}
HTML = "text/html"
_COMPRESSED = ("text/", "image/svg+xml", "application/manifest+json", "application/json")
# Another content has another name.
_HASHED = re.compile(r"/pwa/bundles/.+-[A-Z0-9]{8}\.(js|css)(\.map)?")
_FOR_GOOD = {"cache-control": "public, max-age=31536000, immutable"}
_TAGS = {"br": "-br", "gzip": "-gz"}


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """One file as it is served; ``sha256`` in hexadecimal is of the plain body.

    ``packed`` has the smaller forms by content coding, the smallest first.
    """

    url: str
    body: bytes
    packed: dict[str, bytes]
    content_type: str
    sha256: str
    headers: dict[str, str]


def make_asset(
    url: str,
    body: bytes,
    content_type: str,
    headers: dict[str, str] | None = None,
    packed: Mapping[str, bytes] | None = None,
) -> Asset:
    """Digest and compress; the same body always gives the same bytes.

    ``packed`` has forms that were made before, by content coding.
    """
    forms = dict(packed or {})
    if content_type.startswith(_COMPRESSED):
        forms["gzip"] = gzip.compress(body, 9, mtime=0)
    return Asset(
        url=url,
        body=body,
        packed={coding: form for coding, form in forms.items() if len(form) < len(body)},
        content_type=content_type,
        sha256=hashlib.sha256(body).hexdigest(),
        headers=headers or {},
    )


def read_assets(root: Path) -> dict[str, Asset]:
    """Everything under ``pwa/`` and every script of ``service_worker/`` that may be served, by URL path."""
    found = [*_served(root, "pwa", set(TYPES)), *_served(root, "service_worker", {".js"})]
    return {url: _read(url, path) for url, path in found}


def _read(url: str, path: Path) -> Asset:
    brotli = path.with_name(f"{path.name}.br")
    return make_asset(
        url,
        path.read_bytes(),
        TYPES[path.suffix],
        _FOR_GOOD if _HASHED.fullmatch(url) else {},
        {"br": brotli.read_bytes()} if brotli.exists() else {},
    )


def _served(root: Path, folder: str, endings: set[str]) -> Iterator[tuple[str, Path]]:
    base = (root / folder).resolve()
    for path in sorted(base.rglob("*")):
        parts = path.relative_to(base).parts
        hidden = any(part.startswith(".") for part in parts) or parts[0] == "templates"
        # A link that leads out of the folder would serve files that are not meant to be public.
        if path.suffix in endings and not hidden and path.is_file() and path.resolve().is_relative_to(base):
            yield f"/{folder}/{'/'.join(parts)}", path


def asset_response(asset: Asset, request: Request[Any, Any, Any]) -> Response[bytes | None]:
    """200 in the smallest form the client takes, or 304; asked again each time unless its name has a hash."""
    coding = _coding(asset, request.headers.get("accept-encoding", ""))
    etag = f'"{asset.sha256[:32]}{_TAGS.get(coding, "")}"'
    headers = {"etag": etag, "cache-control": "no-cache", "vary": "accept-encoding", **asset.headers}
    if etag_matches(request.headers.get("if-none-match", ""), etag):
        # Litestar leaves the media type out of an empty answer, and without one the page would get the
        # strictest policy: a browser puts the headers of a 304 in place of those it had stored.
        headers["content-type"] = asset.content_type
        return Response(None, status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    if coding:
        headers["content-encoding"] = coding
    return Response(asset.packed.get(coding, asset.body), headers=headers, media_type=asset.content_type)


def etag_matches(header: str, etag: str) -> bool:
    """Whether If-None-Match names this ETag, weakly compared."""
    return any(part.strip().removeprefix("W/") in (etag, "*") for part in header.split(","))


def _coding(asset: Asset, header: str) -> str:
    """The first coding of the asset that Accept-Encoding takes; empty for the plain body."""
    parts = [part.partition(";") for part in header.lower().split(",")]
    refused = ("q=0", "q=0.0", "q=0.00", "q=0.000")
    taken = {name.strip() for name, _, quality in parts if quality.replace(" ", "") not in refused}
    return next((coding for coding in asset.packed if coding in taken), "")
