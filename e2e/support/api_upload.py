"""Brings photos to a clinic by its HTTP contract alone, for tests that are not about the phone."""

from datetime import UTC, datetime
from typing import Any

from playwright.sync_api import Page

from app.config.identifiers import uuid7
from e2e.support.clinic import sha256
from e2e.support.verbs import api
from tests.support.pictures import jpeg

WIDTH, HEIGHT = 400, 300


def store_photos(
    desktop: Page, count: int = 1, seed: int = 0, captured_at: datetime | None = None
) -> list[str]:
    """Store made photos in the current consultation of the signed-in user; their ids."""
    me = api(desktop, "/api/me")
    consultation = (me["currentConsultation"] or me["unfiledConsultation"])["id"]
    taken = captured_at or datetime.now(UTC)
    return [
        store_photo(desktop, me["user"]["id"], consultation, jpeg(WIDTH, HEIGHT, seed + number), taken)
        for number in range(count)
    ]


def store_photo(desktop: Page, owner: str, consultation: str, body: bytes, taken: datetime) -> str:
    """Presign, PUT, complete; the id of the stored photo."""
    claim = {"owner": owner, "consultationId": consultation, "sha256": sha256(body)}
    photo = {
        **claim,
        "photoId": str(uuid7()),
        "contentType": "image/jpeg",
        "size": len(body),
        "width": WIDTH,
        "height": HEIGHT,
        "capturedAt": taken.isoformat(),
    }
    [granted] = post_as_page(desktop, "/api/uploads/presign", {"photos": [photo]})["results"]
    sent = desktop.request.put(granted["upload"]["url"], headers=granted["upload"]["headers"], data=body)
    assert sent.status == 200, sent.status
    receipt = post_as_page(desktop, f"/api/uploads/{photo['photoId']}/complete", claim)
    assert receipt["state"] == "stored"
    return str(receipt["photoId"])


def post_as_page(desktop: Page, path: str, body: Any) -> Any:
    """POST as the signed-in page."""
    return api(desktop, path, "POST", body)
