"""Consultations and their photos over HTTP, with the real services on a real database."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
from litestar import Litestar

from app.adapters.database.engine import SqlDatabase
from app.domain.photos.model import CapturedPhoto, new_row
from tests.support.fakes import FixedClock, uuid7
from tests.web.conftest import ANNA, BEN, MakeApp, client_of, signed_in

SHA = "ab" * 32


async def store_photo(database: SqlDatabase, clock: FixedClock, consultation: str, number: int = 1) -> UUID:
    """A stored photo of Anna's in this consultation."""
    photo = CapturedPhoto(
        photo_id=uuid7(100 + number),
        consultation_id=UUID(consultation),
        owner=ANNA,
        content_type="image/jpeg",
        size=5,
        sha256=SHA,
        width=800,
        height=600,
        captured_at=clock.now,
    )
    async with database.transaction() as tx:
        await tx.photos.add_pending([new_row(photo, clock.now)])
        await tx.photos.mark_stored(photo.photo_id, clock.now)
        await tx.consultations.increment_revision(photo.consultation_id)
    return photo.photo_id


async def started(client: httpx.AsyncClient, label: str = "Elbow") -> dict[str, Any]:
    """A consultation that was just started."""
    answer = await client.post("/api/consultations", json={"label": label})
    return dict(answer.json())


async def test_me_has_all_a_page_needs(anna: httpx.AsyncClient) -> None:
    """The agreed shape, with nothing open yet."""
    body = (await anna.get("/api/me")).json()

    assert body["user"] == {"id": ANNA, "name": "Anna"}
    assert body["currentConsultation"] is None
    assert (body["unfiledConsultation"]["kind"], body["unfiledConsultation"]["label"]) == (
        "unfiled",
        "Unfiled",
    )
    assert body["images"] == {
        "longestEdge": 800, "format": "jpeg", "quality": 0.85, "maxBytes": 4_000_000, "choosePhotos": True
    }  # fmt: skip
    assert body["consultationStaleMinutes"] == 15
    assert body["realtime"] == {
        "channel": "user:user_anna", "endpoint": "localhost", "port": 8000, "tls": False, "embedded": True
    }  # fmt: skip
    assert datetime.fromisoformat(body["serverTime"]) == datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("variables", "origin", "expected"),
    [
        ({"PUBLIC_ORIGINS": "https://c.example"}, "https://c.example", ("c.example", 443, True, True)),
        (
            {"PUBLIC_ORIGINS": "https://c.example:8443"},
            "https://c.example:8443",
            ("c.example", 8443, True, True),
        ),
        ({"ABLY_API_KEY": "app.key:secret"}, "http://localhost:8000", (None, None, True, False)),
        (
            {"ABLY_API_KEY": "a.b:c", "ABLY_ENDPOINT": "a.example"},
            "http://localhost:8000",
            ("a.example", None, True, False),
        ),
    ],
)
async def test_realtime_settings_follow_the_edition(
    make_app: MakeApp, variables: dict[str, str], origin: str, expected: tuple[object, ...]
) -> None:
    """The hub is where the page came from; Ably is where its settings say."""
    async with client_of(make_app(**variables), origin, **signed_in(origin=origin)) as client:
        realtime = (await client.get("/api/me")).json()["realtime"]

    assert tuple(realtime[name] for name in ("endpoint", "port", "tls", "embedded")) == expected


async def test_a_started_consultation_is_current_and_first(anna: httpx.AsyncClient) -> None:
    """201, current at once, newest first and the unfiled one last."""
    answer = await anna.post("/api/consultations", json={"label": " Elbow ", "secondIdentifier": "B 12"})
    made = answer.json()
    listed = (await anna.get("/api/consultations")).json()

    assert answer.status_code == 201
    assert (made["label"], made["secondIdentifier"], made["closedAt"]) == ("Elbow", "B 12", None)
    assert listed["currentId"] == made["id"]
    assert [each["kind"] for each in listed["consultations"]] == ["visit", "unfiled"]
    assert (await anna.get("/api/consultations/current")).json()["consultation"]["id"] == made["id"]
    assert (await anna.get(f"/api/consultations/{made['id']}")).json() == made


async def test_choose_none_and_another_and_never_a_closed_one(anna: httpx.AsyncClient) -> None:
    """The current consultation is a choice; a closed one cannot be chosen."""
    first, second = await started(anna, "A"), await started(anna, "B")
    url = "/api/consultations/current"

    assert (await anna.put(url, json={"consultationId": None})).json()["consultation"] is None
    chosen = await anna.put(url, json={"consultationId": first["id"]})
    assert chosen.json()["consultation"]["id"] == first["id"]
    closed = await anna.patch(f"/api/consultations/{second['id']}", json={"closed": True, "notes": "Seen."})
    assert (closed.json()["notes"], closed.json()["closedAt"] is None) == ("Seen.", False)
    refused = await anna.put(url, json={"consultationId": second["id"]})
    assert (refused.status_code, refused.json()["code"]) == (409, "consultation-closed")


async def test_photos_come_with_urls_of_the_asking_host(
    app: Litestar, anna: httpx.AsyncClient, database: SqlDatabase, clock: FixedClock
) -> None:
    """A page opened under another of our names gets addresses that it can reach."""
    made = await started(anna)
    photo = await store_photo(database, clock, made["id"])
    body = (await anna.get(f"/api/consultations/{made['id']}/photos")).json()
    async with client_of(app, "http://127.0.0.1:8000", **signed_in()) as client:
        other = (await client.get(f"/api/consultations/{made['id']}/photos")).json()

    assert body["consultationId"] == made["id"]
    assert [each["id"] for each in body["photos"]] == [str(photo)]
    assert body["photos"][0]["url"].startswith("http://localhost:8000/photos/consultations/")
    assert other["photos"][0]["url"].startswith("http://127.0.0.1:8000/photos/")


async def test_a_list_is_304_until_photos_or_urls_change(
    anna: httpx.AsyncClient, database: SqlDatabase, clock: FixedClock
) -> None:
    """Revision and 5-minute window make the tag: a photo, or newly signed URLs, make a new one."""
    url = f"/api/consultations/{(await started(anna))['id']}/photos"
    first = await anna.get(url)
    tag = {"if-none-match": first.headers["etag"]}

    assert (await anna.get(url, headers=tag)).status_code == 304
    await store_photo(database, clock, url.split("/")[3])
    second = await anna.get(url, headers=tag)
    assert (second.status_code, len(second.json()["photos"])) == (200, 1)

    tag = {"if-none-match": f"W/{second.headers['etag']}"}
    clock.advance(299)
    assert (await anna.get(url, headers=tag)).status_code == 304
    clock.advance(1)
    third = await anna.get(url, headers=tag)
    assert third.status_code == 200
    assert third.json()["photos"][0]["url"] != second.json()["photos"][0]["url"]


async def test_describe_move_and_delete(
    anna: httpx.AsyncClient, database: SqlDatabase, clock: FixedClock
) -> None:
    """What a clinician does to a stored photo."""
    first, second = await started(anna, "A"), await started(anna, "B")
    url = f"/api/photos/{await store_photo(database, clock, first['id'])}"

    described = await anna.patch(url, json={"caption": "Left", "side": "left", "view": "close-up"})
    assert (described.json()["caption"], described.json()["side"]) == ("Left", "left")
    moved = (await anna.post(f"{url}/move", json={"consultationId": second["id"]})).json()
    assert (moved["consultationId"], moved["capturedIn"]) == (second["id"], first["id"])
    refused = await anna.delete(f"{url}?owner=user_ben")
    assert (refused.status_code, refused.json()["code"]) == (409, "other-owner")
    for query in ("", "?owner=user_anna"):
        gone = await anna.delete(url + query)
        assert (gone.status_code, gone.json()["state"]) == (200, "deleted")
    assert (await anna.get(f"/api/consultations/{second['id']}/photos")).json()["photos"] == []


async def test_an_open_camera_learns_that_its_consultation_was_closed(
    app: Litestar, anna: httpx.AsyncClient
) -> None:
    """Only the owner does; without a camera nothing is closed."""
    made = await started(anna, "A")
    url = f"/api/consultations/current?camera={made['id']}"
    assert (await anna.get(url)).json()["closed"] is False

    await anna.patch(f"/api/consultations/{made['id']}", json={"closed": True})

    assert (await anna.get(url)).json()["closed"] is True
    assert (await anna.get("/api/consultations/current")).json()["closed"] is False
    async with client_of(app, **signed_in(BEN)) as ben:
        assert (await ben.get(url)).json()["closed"] is False


async def test_a_realtime_token_for_the_own_channel(anna: httpx.AsyncClient) -> None:
    """Whatever the query asks for."""
    answer = await anna.get("/api/realtime/token?user=user_ben")

    assert answer.json() == {"token": "subscribe:user_anna", "expiresIn": 900}


async def test_the_question_about_a_photos_place_and_its_answer(
    anna: httpx.AsyncClient, database: SqlDatabase, clock: FixedClock
) -> None:
    """The list says during what a photo was taken, consultations count it, ``placeConfirmed`` ends it."""
    first = await started(anna, "A")
    clock.advance(60)
    second = (await anna.post("/api/consultations", json={"label": "B", "secondIdentifier": "M.T."})).json()
    clock.advance(60)
    photo = await store_photo(database, clock, first["id"])
    listed = f"/api/consultations/{first['id']}"

    [asked] = (await anna.get(f"{listed}/photos")).json()["photos"]
    assert asked["takenDuring"] == {
        "id": second["id"], "label": "B", "secondIdentifier": "M.T.", "since": second["openedAt"]
    }  # fmt: skip
    assert (await anna.get(listed)).json()["unconfirmedCount"] == 1
    tag = (await anna.get(f"{listed}/photos")).headers["etag"]

    answer = await anna.patch(f"/api/photos/{photo}", json={"placeConfirmed": True})

    assert (answer.status_code, answer.json()["takenDuring"]) == (200, None)
    again = await anna.get(f"{listed}/photos", headers={"if-none-match": tag})
    assert [one["takenDuring"] for one in again.json()["photos"]] == [None]
    assert (await anna.get(listed)).json()["unconfirmedCount"] == 0


async def test_an_equal_label_is_refused_with_a_sentence(anna: httpx.AsyncClient) -> None:
    """409 ``label-in-use``; no text about the patient is in it."""
    await started(anna, "Elbow M.T.")

    refused = await anna.post("/api/consultations", json={"label": "elbow m.t."})

    assert (refused.status_code, refused.json()["code"]) == (409, "label-in-use")
    assert "second identifier" in refused.json()["detail"]
    assert "M.T." not in refused.text


async def test_correct_and_discard_over_http(anna: httpx.AsyncClient) -> None:
    """PATCH takes label and identifier, null clears one; discard takes only an empty one off the list."""
    made = await started(anna, "Elbow")
    url = f"/api/consultations/{made['id']}"
    changed = (await anna.patch(url, json={"label": "Knee", "secondIdentifier": "B 12"})).json()
    assert (changed["label"], changed["secondIdentifier"]) == ("Knee", "B 12")
    assert (await anna.patch(url, json={"secondIdentifier": None})).json()["secondIdentifier"] is None
    blank = await anna.patch(url, json={"label": "  "})
    assert (blank.status_code, blank.json()["field"]) == (400, "label")

    await anna.patch(url, json={"notes": "Seen."})
    refused = await anna.post(f"{url}/discard")
    assert (refused.status_code, refused.json()["code"]) == (409, "consultation-not-empty")
    await anna.patch(url, json={"notes": ""})
    assert (await anna.post(f"{url}/discard")).status_code == 200

    listed = (await anna.get("/api/consultations")).json()
    assert ([one["kind"] for one in listed["consultations"]], listed["currentId"]) == (["unfiled"], None)
