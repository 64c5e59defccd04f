"""Routes that write a row with each request are limited for a user who asks without end."""

import re

import pytest
from litestar import Litestar

from app.web.middleware.rate_limit import Rate, Rates
from tests.support.fakes import uuid7
from tests.web.conftest import MakeApp, client_of, signed_in

ONCE = Rate(burst=1, each_second=0.001)
SAFE = {"GET", "HEAD", "OPTIONS"}


CASES = pytest.mark.parametrize(
    ("method", "path", "body", "rates"),
    [
        ("POST", "/api/consultations", {"label": "Room 1"}, Rates(start=ONCE)),
        ("POST", "/api/upload-session", None, Rates(upload_session=ONCE)),
        ("DELETE", f"/api/photos/{uuid7(1)}", None, Rates(delete=ONCE)),
        ("PATCH", f"/api/consultations/{uuid7(1)}", {"notes": "Day 3"}, Rates(change=ONCE)),
        ("PUT", "/api/consultations/current", {"consultationId": None}, Rates(change=ONCE)),
        ("PATCH", f"/api/photos/{uuid7(1)}", {"caption": "Day 3"}, Rates(change=ONCE)),
        ("POST", f"/api/photos/{uuid7(1)}/move", {"consultationId": str(uuid7(2))}, Rates(change=ONCE)),
        ("POST", "/api/devices/captures/dismiss", {"photoIds": [str(uuid7(1))]}, Rates(change=ONCE)),
    ],
    ids=[
        "consultations",
        "upload sessions",
        "deletions",
        "notes",
        "choices",
        "captions",
        "moves",
        "dismissals",
    ],
)


async def asked_twice(app: Litestar, method: str, path: str, body: object) -> list[int]:
    """The statuses of the same request, sent twice."""
    async with client_of(app, **signed_in()) as client:
        return [(await client.request(method, path, json=body)).status_code for _ in range(2)]


@CASES
async def test_the_second_of_one_gets_a_time_to_retry(
    make_app: MakeApp, method: str, path: str, body: object, rates: Rates
) -> None:
    """The first is answered on its merits."""
    first, second = await asked_twice(make_app(rates=rates), method, path, body)

    assert first != 429
    assert second == 429


@CASES
async def test_a_second_of_many_is_not(
    make_app: MakeApp, method: str, path: str, body: object, rates: Rates
) -> None:
    """The control: what the product allows is far from two."""
    first, second = await asked_twice(make_app(), method, path, body)

    assert 429 not in (first, second)


def changing_routes(app: Litestar) -> list[tuple[str, str]]:
    """Every method and path under ``/api/`` that changes something for a signed-in user."""
    found = [
        (method, re.sub(r"{[^}]*}", str(uuid7(1)), route.path))
        for route in app.routes
        for method in getattr(route, "methods", ())
        if route.path.startswith("/api/") and method not in SAFE
    ]
    return [(method, path) for method, path in found if not path.startswith("/api/session")]


async def test_no_route_that_changes_something_is_without_a_brake(make_app: MakeApp) -> None:
    """Read from the app itself, so that a route which is added later is checked as well."""
    app = make_app(rates=Rates(**dict.fromkeys(Rates.__struct_fields__, ONCE)))
    routes = changing_routes(app)

    assert len(routes) >= 10
    async with client_of(app, **signed_in()) as client:
        for method, path in routes:
            await client.request(method, path, json={})
            again = await client.request(method, path, json={})
            assert (again.status_code, again.json()["code"]) == (429, "rate-limited"), (method, path)
            assert int(again.headers["retry-after"]) > 0


async def test_a_clinicians_hand_never_meets_the_brake(make_app: MakeApp) -> None:
    """Five hundred captions one after the other, which no clinician writes in a minute."""
    async with client_of(make_app(), **signed_in()) as client:
        path = f"/api/photos/{uuid7(1)}"
        codes = {(await client.patch(path, json={"caption": "Day 3"})).status_code for _ in range(500)}

    assert codes == {404}
