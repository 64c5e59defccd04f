"""The built-in store's answers: S3's XML errors and the headers that make a picture harmless."""

from email.utils import format_datetime
from typing import NamedTuple
from xml.sax.saxutils import escape

from app.domain.photos.bucket import ENCRYPTION
from app.embedded.store.encryption import StoredFile

_ALWAYS = {
    # Whatever a stored file claims to be, no browser may run or guess it.
    "content-security-policy": "default-src 'none'; sandbox",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}


class StoreError(Exception):
    """An S3 error: status, code and a sentence that repeats nothing of the request."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message


class StoreResponse(NamedTuple):
    """One response."""

    status: int
    headers: dict[str, str]
    body: bytes = b""


def error_response(refusal: StoreError) -> StoreResponse:
    """The XML that S3 clients read."""
    xml = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{escape(refusal.code)}</Code><Message>{escape(refusal.message)}</Message></Error>"
    )
    headers = {**_ALWAYS, "content-type": "application/xml", "cache-control": "no-store"}
    return StoreResponse(refusal.status, headers, xml.encode())


def created_response(kept: StoredFile, checksum: str) -> StoreResponse:
    """The object is on the disk."""
    headers = {
        **_ALWAYS,
        "etag": _etag(kept),
        "x-amz-server-side-encryption": ENCRYPTION,
        "x-amz-checksum-sha256": checksum,
    }
    return StoreResponse(200, headers)


def object_response(kept: StoredFile, asked: dict[str, str], overrides: dict[str, str]) -> StoreResponse:
    """The object, or 304 where the browser has it; ``overrides`` were part of the signed address."""
    validators = {
        "etag": _etag(kept),
        "last-modified": format_datetime(kept.modified_at, usegmt=True),
        "cache-control": overrides.get("response-cache-control", kept.cache_control),
    }
    if _browser_has_it(asked, validators):
        return StoreResponse(304, {**_ALWAYS, **validators})
    headers = {
        **_ALWAYS,
        **validators,
        "content-type": overrides.get("response-content-type", kept.content_type),
        "content-disposition": overrides.get("response-content-disposition", "inline"),
        "x-amz-server-side-encryption": ENCRYPTION,
    }
    return StoreResponse(200, headers, kept.body)


def _browser_has_it(asked: dict[str, str], validators: dict[str, str]) -> bool:
    if "if-none-match" in asked:
        tags = {tag.strip().removeprefix("W/") for tag in asked["if-none-match"].split(",")}
        return validators["etag"] in tags or "*" in tags
    return asked.get("if-modified-since") == validators["last-modified"]


def _etag(kept: StoredFile) -> str:
    return f'"{kept.sha256[:32]}"'
