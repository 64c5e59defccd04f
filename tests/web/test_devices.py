"""Device inventories over HTTP: who may send them, the cookie that identifies a device, and the bounds."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar

from app.adapters.database.engine import SqlDatabase
from app.domain.devices.inventory import MAX_INVENTORY_DELETIONS, MAX_INVENTORY_PHOTOS
from tests.support.fakes import FixedClock, uuid7
from tests.web.conftest import ANNA, BEN, MakeApp, client_of, signed_in

LIST = "/api/devices/current/captures"
HTTPS = "https://capture.clinic.example"


def entry(number: int, **changes: Any) -> dict[str, Any]:
    """An inventory entry as the phone sends it."""
    photo = {
        "photoId": str(uuid7(700 + number)),
        "consultationId": str(uuid7(1)),
        "capturedAt": "2026-11-22T11:59:00.123Z",
        "state": "captured",
    }
    return photo | changes


def body(*numbers: int, **changes: Any) -> dict[str, Any]:
    """A whole inventory."""
    return {"owner": ANNA, "held": [entry(number) for number in numbers], "deleted": []} | changes


async def unsent(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    """What the desktop would read."""
    return list((await client.get("/api/devices/captures")).json()["photos"])


async def test_a_list_then_an_empty_one_names_what_never_arrived(anna: httpx.AsyncClient) -> None:
    """The cookie of the first answer is all that ties the two together."""
    assert (await anna.put(LIST, json=body(1, 2, 3))).json() == {"missing": 0}
    assert await unsent(anna) == []

    assert (await anna.put(LIST, json=body())).json() == {"missing": 3}

    photos = await unsent(anna)
    assert [photo["photoId"] for photo in photos] == [str(uuid7(701 + n)) for n in range(3)]
    assert photos[0] == {
        "photoId": str(uuid7(701)),
        "state": "missing",
        "capturedAt": "2026-11-22T11:59:00.123000Z",
        "waitingHours": 0,
        "heardAt": "2026-11-22T12:00:00Z",
    }


async def test_without_the_cookie_it_is_another_device(anna: httpx.AsyncClient) -> None:
    """The control: an empty inventory of a browser that reported nothing raises no alarm."""
    await anna.put(LIST, json=body(1))
    anna.cookies.clear()

    assert (await anna.put(LIST, json=body())).json() == {"missing": 0}


async def test_the_upload_cookie_may_report_and_not_read(app: Litestar) -> None:
    """The worker with no page open reports; only a signed-in page reads the alarms."""
    async with client_of(app, **signed_in()) as client:
        await client.post("/api/upload-session")
        del client.headers["authorization"]
        reported = await client.put(LIST, json=body(1))
        read = await client.get("/api/devices/captures")
        put_away = await client.post("/api/devices/captures/dismiss", json={"photoIds": [str(uuid7(701))]})

    assert (reported.status_code, read.status_code, put_away.status_code) == (200, 401, 401)


@pytest.mark.parametrize(("origin", "name"), [("", "cp_device"), (HTTPS, "__Host-cp_device")])
async def test_the_device_cookie_is_out_of_reach_and_lives_two_years(
    make_app: MakeApp, database: SqlDatabase, origin: str, name: str
) -> None:
    """Opaque, kept as a digest only, renewed with each list and never replaced by one of our own."""
    app = make_app(**({"PUBLIC_ORIGINS": origin} if origin else {}))
    base = origin or "http://localhost:8000"
    async with client_of(app, base, **signed_in(origin=base)) as client:
        first = (await client.put(LIST, json=body(1))).headers["set-cookie"]
        again = (await client.put(LIST, json=body(1))).headers["set-cookie"]

    assert first == again
    value = first.split(";")[0].split("=", 1)[1]
    assert first.startswith(f"{name}=")
    assert {"HttpOnly", "Path=/", "SameSite=strict", "Max-Age=63072000"} <= set(first.split("; "))
    assert ("Secure" in first.split("; ")) is bool(origin)
    assert isinstance(database._location, Path)
    text = database._location.read_bytes()
    assert value.encode() not in text


@pytest.mark.parametrize("value", ["x", "a" * 44, "a" * 5000, "'; --"])
async def test_a_cookie_that_is_not_ours_is_replaced(anna: httpx.AsyncClient, value: str) -> None:
    """Nothing that a client chose becomes a device."""
    answer = await anna.put(LIST, json=body(), headers={"cookie": f"cp_device={value}"})

    assert answer.status_code == 200
    assert len(answer.headers["set-cookie"].split(";")[0].split("=", 1)[1]) == 43


async def test_the_fullest_list_fits_into_the_body_limit(anna: httpx.AsyncClient) -> None:
    """As long as the phone writes it; one photo more is refused by name."""
    full = body(
        *range(MAX_INVENTORY_PHOTOS), deleted=[str(uuid7(5_000 + n)) for n in range(MAX_INVENTORY_DELETIONS)]
    )
    full |= {"owner": "u" * 64, "after": str(uuid7(1)), "through": str(uuid7(9_999))}
    answer = await anna.put(LIST, json=full)
    assert (answer.status_code, answer.json()["code"]) == (409, "other-owner")  # read to its end

    for field in ("held", "deleted"):
        over = full | {field: [*full[field], full[field][0]]}
        answer = await anna.put(LIST, json=over)
        assert answer.status_code in (400, 413)


@pytest.mark.parametrize(
    "bad",
    [
        {},
        body(held=[entry(1, label="Mrs Example")]),
        body(held=[entry(1, state="sending")]),
        body(held=[entry(1, photoId="1")]),
        body(held=[entry(1, capturedAt="2026-11-22T11:59:00")]),
        body(after="x"),
        body(user="user_ben"),
    ],
)
async def test_a_list_is_read_strictly(anna: httpx.AsyncClient, bad: dict[str, Any]) -> None:
    """No field beyond the schema, patient data least of all."""
    answer = await anna.put(LIST, json=bad)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-field")
    assert "Example" not in answer.text


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-14:00"])
async def test_a_moment_beyond_utc_is_refused_and_spoils_nothing(
    anna: httpx.AsyncClient, moment: str
) -> None:
    """Kept once, it could never be read again, and every later list of this user would fail with it."""
    answer = await anna.put(LIST, json=body(held=[entry(1, capturedAt=moment)]))

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-field")
    assert (await anna.get("/api/devices/captures")).status_code == 200
    assert (await anna.put(LIST, json=body(1))).status_code == 200


async def test_dismissing_ends_an_alarm_for_its_user_alone(app: Litestar) -> None:
    """Ben's dismissal of Anna's photo answers the same and changes nothing."""
    ids = {"photoIds": [str(uuid7(701))]}
    async with client_of(app, **signed_in()) as anna, client_of(app, **signed_in(BEN)) as ben:
        await anna.put(LIST, json=body(1))
        await anna.put(LIST, json=body())
        assert (await ben.post("/api/devices/captures/dismiss", json=ids)).status_code == 204
        assert len(await unsent(anna)) == 1
        assert await unsent(ben) == []

        assert (await anna.post("/api/devices/captures/dismiss", json=ids)).status_code == 204

        assert await unsent(anna) == []


async def test_a_day_on_a_phone_raises_an_alarm(anna: httpx.AsyncClient, clock: FixedClock) -> None:
    """Not a minute earlier."""
    await anna.put(LIST, json=body(1))
    clock.advance(23 * 3600)
    assert await unsent(anna) == []
    clock.advance(3600)

    assert [(photo["state"], photo["waitingHours"]) for photo in await unsent(anna)] == [("waiting", 24)]


async def test_a_runaway_page_gets_a_time_to_retry(anna: httpx.AsyncClient) -> None:
    """By user, like the other limited routes."""
    statuses = [(await anna.put(LIST, json=body())).status_code for _ in range(70)]

    assert statuses[:60] == [200] * 60
    assert 429 in statuses
