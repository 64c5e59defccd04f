"""What leaves a row behind with each request is braked for a user who asks without end."""

import pytest
from litestar import Litestar

from app.web.limits import Rate, Rates
from tests.fakes import uuid7
from tests.web.conftest import MakeApp, client_of, signed_in

ONCE = Rate(burst=1, each_second=0.001)


CASES = pytest.mark.parametrize(
    ("method", "path", "body", "rates"),
    [
        ("POST", "/api/consultations", {"label": "Room 1"}, Rates(start=ONCE)),
        ("POST", "/api/upload-session", None, Rates(upload_session=ONCE)),
        ("DELETE", f"/api/photos/{uuid7(1)}", None, Rates(delete=ONCE)),
    ],
    ids=["consultations", "upload sessions", "deletions"],
)


async def asked_twice(app: Litestar, method: str, path: str, body: object) -> list[int]:
    """What the same request is answered with, and what it is answered with again."""
    async with client_of(app, **signed_in()) as client:
        return [(await client.request(method, path, json=body)).status_code for _ in range(2)]


@CASES
async def test_the_second_of_one_is_told_to_wait(
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

    assert first == second != 429
