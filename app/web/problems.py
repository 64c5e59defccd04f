"""Every error as problem details (RFC 9457), and the only table from error code to HTTP status.

A problem never carries a value that a client sent, nor a traceback: a sentence, a stable code, the
path of the field and the request id under which the log knows more.
"""

import traceback
from http import HTTPStatus
from typing import Any, cast

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import ExceptionHandlersMap

from app.domain.errors import (
    CaptureError,
    CrossSite,
    InvalidField,
    NotFound,
    TooLarge,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
)
from app.web.middleware.request_context import request_context_of
from app.web.site.addresses import to_page

PROBLEM_TYPE = "application/problem+json"
# The framework's message for a client that left before its body was here, which is no failure of ours.
_GONE = "client disconnected prematurely"

STATUS: dict[str, int] = {
    "unauthenticated": 401,
    "wrong-password": 401,
    "session-pending": 403,
    "password-change-required": 403,
    "cross-site": 403,
    "not-found": 404,
    "consultation-not-found": 404,
    "photo-not-found": 404,
    "method-not-allowed": 405,
    "other-owner": 409,
    "consultation-closed": 409,
    "consultation-not-empty": 409,
    "label-in-use": 409,
    "photo-conflict": 409,
    "not-uploaded": 409,
    "checksum-mismatch": 422,
    "invalid-image": 422,
    "invalid-field": 400,
    "too-large": 413,
    "unsupported-media-type": 415,
    "host-not-allowed": 421,
    "rate-limited": 429,
    "internal": 500,
    "keys-unavailable": 503,
    "store-unavailable": 503,
    "store-refused": 503,
    "store-not-encrypted": 503,
    "database-busy": 503,
    "unavailable": 503,
    "storage-full": 507,
}


class MethodNotAllowed(CaptureError):
    """The address exists, but not for this method."""

    code = "method-not-allowed"
    sentence = "This address does not take this kind of request."


class UnsupportedMediaType(CaptureError):
    """A body that is not JSON."""

    code = "unsupported-media-type"
    sentence = "The body of the request must be JSON."


class HostNotAllowed(CaptureError):
    """The request names a host that is not one of ours."""

    code = "host-not-allowed"
    sentence = "The app does not answer under this address."


class Problem(msgspec.Struct, rename="camel", kw_only=True, frozen=True):
    """The body of every error."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    field: str | msgspec.UnsetType = msgspec.UNSET
    request_id: str


def problem(error: CaptureError, request_id: str) -> Problem:
    """Problem details of one error; an error without a row in the table is internal."""
    code = error.code if error.code in STATUS else CaptureError.code
    status = STATUS[code]
    return Problem(
        title=title(status),
        status=status,
        code=code,
        detail=error.detail,
        field=getattr(error, "field", "") or msgspec.UNSET,
        request_id=request_id,
    )


def title(status: int) -> str:
    """The standard's name of a status."""
    return HTTPStatus(status).phrase


def _problem_response(
    error: CaptureError, request_id: str, headers: dict[str, str] | None = None
) -> Response[Any]:
    """The whole answer, with ``Retry-After`` and ``WWW-Authenticate`` where they belong."""
    body = problem(error, request_id)
    sent = dict(headers or {})
    if isinstance(error, (TooManyRequests, Unavailable)):
        sent["retry-after"] = str(error.retry_after)
    if body.code == Unauthenticated.code:
        sent["www-authenticate"] = "Bearer"
    return Response(
        content=msgspec.json.encode(body), status_code=body.status, headers=sent, media_type=PROBLEM_TYPE
    )


def _from_domain(request: Request[Any, Any, Any], error: CaptureError) -> Response[Any]:
    return _problem_response(error, request_context_of(request.scope).request_id)


def _from_framework(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    if error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR and error.detail != _GONE:
        return _unexpected(request, error)
    # Capitals match no route: a page by another spelling is still that page.
    if error.status_code == HTTPStatus.NOT_FOUND and (redirect := to_page(request.scope)) is not None:
        return redirect
    allow = {name: value for name, value in (error.headers or {}).items() if name.lower() == "allow"}
    return _problem_response(_translated(error), request_context_of(request.scope).request_id, allow)


def _translated(error: HTTPException) -> CaptureError:
    if isinstance(error, ValidationException):
        return _invalid(cast("list[dict[str, Any]]", error.extra or []))
    known: dict[int, type[CaptureError]] = {
        401: Unauthenticated,
        403: CrossSite,
        404: NotFound,
        405: MethodNotAllowed,
        413: TooLarge,
        415: UnsupportedMediaType,
        429: TooManyRequests,
    }
    return known.get(error.status_code, InvalidField)()


def _invalid(causes: list[dict[str, Any]]) -> CaptureError:
    # The framework's own message names the URL and its query, which may hold what a client typed.
    field = str(causes[0].get("key", "")) if causes else ""
    return InvalidField(f"{field} is not right." if field else None, field)


def _unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """500; the log gets the type and the place of the error, since its text may contain patient data."""
    request_id = request_context_of(request.scope).request_id
    frames = traceback.extract_tb(error.__traceback__)
    where = " < ".join(f"{frame.filename}:{frame.lineno}" for frame in reversed(frames[-6:]))
    structlog.get_logger("clinicpro").error(
        "request.failed", request_id=request_id, error=type(error).__name__, where=where
    )
    return _problem_response(CaptureError(), request_id)


EXCEPTION_HANDLERS = cast(
    "ExceptionHandlersMap",
    {CaptureError: _from_domain, HTTPException: _from_framework, Exception: _unexpected},
)
