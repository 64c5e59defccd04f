"""Presign, complete and state over HTTP: one bad photo spoils no other."""

import hashlib
from typing import Any

import httpx
import pytest
from litestar import Litestar

from app.adapters.database.engine import SqlDatabase
from app.domain.photos.quota import PendingUploadQuota
from app.domain.photos.uploads import Uploads
from app.web.middleware.rate_limit import Rate, Rates
from tests.support.fakes import FixedClock, MemoryStore, SequentialIds, TrustingInspector, uuid7
from tests.web.conftest import ANNA, BEN, MakeApp, client_of, signed_in

BODY = b"photo"
SHA = hashlib.sha256(BODY).hexdigest()


@pytest.fixture
async def consultation(anna: httpx.AsyncClient) -> str:
    """The id of Anna's open consultation."""
    return str((await anna.post("/api/consultations", json={"label": "Elbow"})).json()["id"])


def item(consultation: str, number: int = 1, **changes: Any) -> dict[str, Any]:
    """What a phone declares of one photo."""
    photo = {
        "photoId": str(uuid7(500 + number)),
        "consultationId": consultation,
        "owner": ANNA,
        "contentType": "image/jpeg",
        "size": len(BODY),
        "sha256": SHA,
        "width": 800,
        "height": 600,
        "capturedAt": "2026-11-22T11:59:00.123Z",
    }
    return photo | changes


async def presign(client: httpx.AsyncClient, *items: object) -> list[dict[str, Any]]:
    """The results of one batch."""
    answer = await client.post("/api/uploads/presign", json={"photos": list(items)})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["results"])


async def test_a_photos_way_from_presign_to_receipt(
    anna: httpx.AsyncClient, consultation: str, store: MemoryStore
) -> None:
    """A signed PUT, then the receipt, and the same receipt every time after."""
    photo = item(consultation)
    url = f"/api/uploads/{photo['photoId']}"
    claim = {"owner": ANNA, "consultationId": consultation, "sha256": SHA}

    (granted,) = await presign(anna, photo)
    assert granted.keys() == {"photoId", "upload"}
    assert granted["upload"].keys() == {"url", "method", "headers", "expiresIn"}
    assert (await anna.get(url)).json() == {"photoId": photo["photoId"], "state": "pending", "receipt": None}

    early = await anna.post(f"{url}/complete", json=claim)
    assert (early.status_code, early.json()["code"]) == (409, "not-uploaded")

    store.put(f"consultations/{consultation}/{photo['photoId']}.jpg", BODY)
    receipt = (await anna.post(f"{url}/complete", json=claim)).json()
    assert (receipt["state"], receipt["consultationId"], receipt["sha256"]) == ("stored", consultation, SHA)
    assert (await anna.post(f"{url}/complete", json=claim)).json() == receipt
    assert await presign(anna, photo) == [{"photoId": photo["photoId"], "receipt": receipt}]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"size": 4_000_001}, "photos[1].size"),
        ({"size": 0}, "photos[1].size"),
        ({"size": "5"}, "photos[1].size"),
        ({"sha256": "AB" * 32}, "photos[1].sha256"),
        ({"sha256": "ab" * 32 + "\n"}, "photos[1].sha256"),
        ({"contentType": "image/jpeg\n"}, "photos[1].contentType"),
        ({"width": 2049}, "photos[1].width"),
        ({"contentType": "image/svg+xml"}, "photos[1].contentType"),
        ({"capturedAt": "2026-11-22T11:59:00"}, "photos[1].capturedAt"),
        ({"owner": "user:*"}, "photos[1].owner"),
        ({"key": "../../etc"}, "photos[1]"),
        ({"consultationId": "../x"}, "photos[1].consultationId"),
    ],
)
async def test_a_bad_item_fails_alone(
    anna: httpx.AsyncClient, consultation: str, changes: dict[str, Any], field: str
) -> None:
    """Its neighbours get their URLs, in the order asked, and it is named by id and path."""
    bad = item(consultation, 2, **changes)
    first, refused, last = await presign(anna, item(consultation, 1), bad, item(consultation, 3))

    assert [first["photoId"], last["photoId"]] == [str(uuid7(501)), str(uuid7(503))]
    assert "upload" in first
    assert "upload" in last
    assert refused["photoId"] == bad["photoId"]
    assert (refused["problem"]["code"], refused["problem"]["field"]) == ("invalid-field", field)
    assert refused["problem"]["status"] == 400


@pytest.mark.parametrize("bad", [None, 5, "x", [], {}, {"photoId": "1"}, {"photoId": 7}])
async def test_something_that_is_no_photo_fails_alone(
    anna: httpx.AsyncClient, consultation: str, bad: object
) -> None:
    """Without an id to name it, its place in the batch does."""
    refused, good = await presign(anna, bad, item(consultation))

    assert refused["photoId"] is None
    assert refused["problem"]["field"].startswith("photos[0]")
    assert "upload" in good


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
async def test_a_moment_outside_of_time_fails_alone(
    anna: httpx.AsyncClient, consultation: str, moment: str
) -> None:
    """A date that no clock of the server can name spoils no other photo of the batch."""
    refused, good = await presign(anna, item(consultation, 1, capturedAt=moment), item(consultation, 2))

    assert refused["problem"]["code"] == "invalid-field"
    assert "upload" in good


@pytest.mark.parametrize("inside", ['{"photos": [%s]}', '{"photos": [{"photoId": %s}]}', "%s"])
async def test_brackets_without_end_are_no_request(anna: httpx.AsyncClient, inside: str) -> None:
    """They are refused like any other nonsense, and nothing fails."""
    body = inside % ("[" * 20_000 + "]" * 20_000)
    answer = await anna.post(
        "/api/uploads/presign", content=body, headers={"content-type": "application/json"}
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-field")


async def test_an_old_kind_of_id_is_refused_with_its_reason(
    anna: httpx.AsyncClient, consultation: str
) -> None:
    """The order of photos relies on ids of version 7."""
    four = "0f8fad5b-d9cb-469f-a165-70867728950e"
    (refused,) = await presign(anna, item(consultation, photoId=four))

    assert refused["photoId"] == four
    assert refused["problem"]["detail"] == "photoId must be a UUID of version 7."


async def test_domain_refusals_are_per_photo_too(anna: httpx.AsyncClient, consultation: str) -> None:
    """Another owner's photo and an unknown consultation, beside a good one."""
    codes = [
        result.get("problem", {}).get("code")
        for result in await presign(
            anna, item(consultation, 1, owner=BEN), item(str(uuid7(9)), 2), item(consultation, 3)
        )
    ]

    assert codes == ["other-owner", "consultation-not-found", None]


@pytest.mark.parametrize("photos", [[], [{}] * 21, {}, None])
async def test_a_batch_has_one_to_twenty_photos(anna: httpx.AsyncClient, photos: object) -> None:
    """The batch itself is refused as a whole."""
    answer = await anna.post("/api/uploads/presign", json={"photos": photos})

    assert (answer.status_code, answer.json()["field"]) == (400, "photos")


async def test_twenty_photos_fit_into_the_body_limit(anna: httpx.AsyncClient, consultation: str) -> None:
    """The limit of 64 kB never meets a full batch."""
    results = await presign(anna, *(item(consultation, number) for number in range(20)))

    assert ["upload" in result for result in results] == [True] * 20


async def test_urls_name_the_host_that_was_asked(app: Litestar, consultation: str) -> None:
    """A phone that came by another of our names can reach them."""
    base = "http://127.0.0.1:8000"
    async with client_of(app, base, **signed_in(origin=base)) as client:
        (granted,) = await presign(client, item(consultation))

    assert granted["upload"]["url"].startswith(f"{base}/photos/")


async def test_a_drain_of_500_photos_is_never_throttled(make_app: MakeApp) -> None:
    """In full batches at once; a runaway page gets a time to retry."""
    # A slow machine must not refill the bucket between two requests.
    rates = Rates(presign=Rate(burst=Rates().presign.burst, each_second=0.001))
    async with client_of(make_app(rates=rates), **signed_in()) as client:
        for _ in range(25):
            assert (await client.post("/api/uploads/presign", json={})).status_code == 400
        statuses = [(await client.post("/api/uploads/presign", json={})).status_code for _ in range(130)]
        last = await client.post("/api/uploads/presign", json={})

    assert 429 in statuses
    assert last.json()["code"] == "rate-limited"
    assert 900 < int(last.headers["retry-after"]) <= 1000


async def test_completes_of_a_runaway_page_are_limited_and_a_drain_is_not(make_app: MakeApp) -> None:
    """Each may read and decode a photo; 500 in a row pass, and twice as many would."""
    unknown = [f"/api/uploads/{uuid7(number)}/complete" for number in range(500)]
    claim = {"owner": ANNA, "consultationId": str(uuid7(9)), "sha256": SHA}
    async with client_of(make_app(), **signed_in()) as client:
        drained = [(await client.post(url, json=claim)).status_code for url in unknown]
    hasty = make_app(rates=Rates(complete=Rate(burst=2, each_second=0.001)))
    async with client_of(hasty, **signed_in()) as client:
        answers = [await client.post(unknown[0], json=claim) for _ in range(3)]

    assert set(drained) == {404}
    assert Rates().complete.burst >= 3 * 500
    assert [answer.status_code for answer in answers] == [404, 404, 429]
    assert answers[2].json()["code"] == "rate-limited"
    assert 900 < int(answers[2].headers["retry-after"]) <= 1000


async def test_too_many_pending_uploads_are_a_problem_in_our_form(
    app: Litestar, anna: httpx.AsyncClient, consultation: str
) -> None:
    """429 with a time to retry: the phone waits and counts no failure of the photo."""
    app.state.services.uploads._quota = PendingUploadQuota(1)
    await presign(anna, item(consultation, 1))

    both = await presign(anna, item(consultation, 1), item(consultation, 2))
    alone = await anna.post("/api/uploads/presign", json={"photos": [item(consultation, 2)]})

    assert "upload" in both[0]
    assert (both[1]["problem"]["status"], both[1]["problem"]["code"]) == (429, "rate-limited")
    assert (alone.status_code, alone.json()["code"], alone.headers["retry-after"]) == (
        429,
        "rate-limited",
        "60",
    )


async def test_one_users_haste_does_not_slow_another(make_app: MakeApp) -> None:
    """Thirty clinicians behind one address each have their own bucket."""
    app = make_app()
    async with client_of(app, **signed_in()) as anna, client_of(app, **signed_in(BEN)) as ben:
        codes = [(await anna.get("/api/realtime/token")).status_code for _ in range(40)]

        assert codes[-1] == 429
        assert (await ben.get("/api/realtime/token")).status_code == 200
        assert (await anna.get("/api/me")).status_code == 200


async def test_the_list_names_a_thumbnail_where_there_is_one(
    make_app: MakeApp, database: SqlDatabase, store: MemoryStore, clock: FixedClock
) -> None:
    """A signed address beside the photo's, or null; the answers about one photo say the same."""
    inspector = TrustingInspector()
    uploads = Uploads(database, store, inspector, clock, SequentialIds(900), lambda: None)
    async with client_of(make_app(uploads=uploads), **signed_in()) as anna:
        place = (await anna.post("/api/consultations", json={"label": "Elbow"})).json()["id"]
        for number, inspector.thumbnail in enumerate((b"small", None)):
            photo = item(place, number)
            await presign(anna, photo)
            store.put(f"consultations/{place}/{photo['photoId']}.jpg", BODY)
            claim = {"owner": ANNA, "consultationId": place, "sha256": SHA}
            stored = await anna.post(f"/api/uploads/{photo['photoId']}/complete", json=claim)
            assert "thumbnail" not in stored.text, "the receipt is what it was"
        first, second = (await anna.get(f"/api/consultations/{place}/photos")).json()["photos"]
        described = (await anna.patch(f"/api/photos/{first['id']}", json={"caption": "c"})).json()

    assert first["thumbnailUrl"] == first["url"].replace(".jpg", ".thumb.webp")
    assert second["thumbnailUrl"] is None
    assert described["thumbnailUrl"] == first["thumbnailUrl"]
