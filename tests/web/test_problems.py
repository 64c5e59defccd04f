"""One shape for every error, one status for every code, and never a value that a client sent."""

from typing import Any

import httpx
import pytest
import structlog
from litestar import Litestar, get
from litestar.exceptions import (
    ImproperlyConfiguredException,
    NotAuthorizedException,
    PermissionDeniedException,
    ServiceUnavailableException,
    TooManyRequestsException,
    ValidationException,
)

from app.domain import errors
from app.domain.errors import CaptureError
from app.web import problems
from app.web.problems import STATUS, problem
from tests.web.conftest import MakeApp, client_of, signed_in

FIELDS = {"type", "title", "status", "code", "detail", "requestId"}


def every_error() -> list[type[CaptureError]]:
    """The whole tree, and the web's own three."""
    found, waiting = [], [CaptureError]
    while waiting:
        kind = waiting.pop()
        found.append(kind)
        waiting += kind.__subclasses__()
    return [kind for kind in found if kind.__module__ in (errors.__name__, problems.__name__)]


@pytest.mark.parametrize("kind", every_error(), ids=lambda kind: kind.code)
async def test_each_error_has_a_status_and_the_full_shape(
    make_app: MakeApp, kind: type[CaptureError]
) -> None:
    """Raised anywhere, it leaves as problem details with its own code."""

    @get("/raises")
    async def raises() -> None:
        raise kind

    async with client_of(make_app(handlers=[raises])) as client:
        answer = await client.get("/raises")

    body = answer.json()
    assert answer.status_code == body["status"] == STATUS[kind.code]
    assert answer.headers["content-type"] == "application/problem+json"
    assert body.keys() == FIELDS
    assert (body["code"], body["detail"]) == (kind.code, kind.sentence)
    assert body["requestId"] == answer.headers["x-request-id"]
    assert ("retry-after" in answer.headers) == (body["status"] in (429, 503, 507))


def test_every_code_of_the_table_is_some_errors(app: Litestar) -> None:
    """A row that no error uses is a misspelling."""
    assert {kind.code for kind in every_error()} == STATUS.keys()


def test_an_unknown_code_is_internal() -> None:
    """An error that was forgotten in the table reveals nothing and breaks nothing."""

    class Forgotten(CaptureError):
        code = "forgotten"

    assert (problem(Forgotten(), "1").code, problem(Forgotten(), "1").status) == ("internal", 500)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (NotAuthorizedException("Mrs Example"), 401, "unauthenticated"),
        (PermissionDeniedException("Mrs Example"), 403, "cross-site"),
        (TooManyRequestsException("Mrs Example"), 429, "rate-limited"),
        (
            ValidationException("Mrs Example", extra=[{"key": "edge", "message": "Mrs Example"}]),
            400,
            "invalid-field",
        ),
        (ValidationException("Mrs Example"), 400, "invalid-field"),
        (ServiceUnavailableException("Mrs Example"), 500, "internal"),
        (ImproperlyConfiguredException("Mrs Example"), 500, "internal"),
        (KeyError("Mrs Example"), 500, "internal"),
    ],
)
async def test_the_frameworks_errors_leave_in_our_form(
    make_app: MakeApp, error: Exception, status: int, code: str
) -> None:
    """Its own sentences may name what a client sent, so none of them is passed on."""

    @get("/raises")
    async def raises() -> None:
        raise error

    async with client_of(make_app(handlers=[raises])) as client:
        answer = await client.get("/raises")

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json().keys() >= FIELDS
    assert "Example" not in answer.text


@pytest.mark.parametrize(
    ("body", "field", "detail"),
    [
        (b'{"label": 5}', "label", "label is not right: expected str."),
        (b'{"label": ""}', "label", "label is not right: expected str of length >= 1."),
        (b"{}", "label", "label is missing."),
        (b'{"label": "Elbow", "Mrs Example": 1}', None, "The request has a field that is not known."),
        (b'{"label": "Elbow"', None, "The request is not valid JSON."),
        (b'{"label": "\xff"}', None, "The request is not valid JSON."),
        (b"", None, "The request is not valid JSON."),
        (b"[]", None, "The request is not right: expected object."),
    ],
)
async def test_a_wrong_field_is_named_and_its_value_is_not(
    anna: httpx.AsyncClient, body: bytes, field: str | None, detail: str
) -> None:
    """The path of the field in the words of the request, and what was expected there."""
    answer = await anna.post("/api/consultations", content=body, headers={"content-type": "application/json"})

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-field")
    assert answer.json().get("field") == field
    assert answer.json()["detail"] == detail


async def test_bodies_are_read_strictly(anna: httpx.AsyncClient) -> None:
    """Text is no boolean, whatever the framework would make of it."""
    made = (await anna.post("/api/consultations", json={"label": "Elbow"})).json()["id"]
    answer = await anna.patch(f"/api/consultations/{made}", json={"closed": "true"})

    assert (answer.status_code, answer.json()["field"]) == (400, "closed")


@pytest.mark.parametrize("path", ["/api/photos/1", "/api/uploads/x", "/api/consultations/..%2f"])
async def test_an_id_that_is_none_is_not_there(app: Litestar, path: str) -> None:
    """A malformed id and a foreign one look alike."""
    async with client_of(app, **signed_in()) as client:
        assert (await client.get(path)).status_code in (404, 405)


@pytest.mark.parametrize("path", ["/api/consultations", "/api/uploads/presign"])
async def test_a_client_that_leaves_is_no_failure(make_app: MakeApp, path: str) -> None:
    """Phones lose their link in the middle of a request; the log must not contain errors then."""
    arriving = iter([{"type": "http.request", "body": b"{", "more_body": True}])
    sent: list[Any] = []

    async def receive() -> Any:
        return next(arriving, {"type": "http.disconnect"})

    async def send(message: Any) -> None:
        sent.append(message)

    headers = signed_in() | {"host": "localhost:8000", "content-type": "application/json"}
    scope: Any = {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "scheme": "http", "server": ("localhost", 8000), "client": ("127.0.0.1", 5), "http_version": "1.1",
    }  # fmt: skip
    with structlog.testing.capture_logs() as lines:
        await make_app()(scope, receive, send)

    assert sent[0]["status"] == 400
    assert [line["event"] for line in lines] == ["request"]
