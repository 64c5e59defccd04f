"""What was saved can be stored: real noise at the extremes of the settings reaches the server."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect

from e2e.conftest import DESKTOP, PHONE
from e2e.support.clinic import Clinic, open_clinic
from e2e.support.verbs import choose, expect_stored_once, gallery, sign_in, start_consultation, upload

LIMIT = 4_000_000
EDGE = 2048
ENCODING_MS = 90_000


@pytest.fixture(params=["jpeg", "webp"])
def clinic(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Clinic]:
    """A clinic that asks for the most its settings allow."""
    extremes = {"LONGEST_EDGE": str(EDGE), "JPEG_QUALITY": "1", "PHOTO_FORMAT": request.param}
    with open_clinic(tmp_path / "clinic", **extremes) as clinic:
        yield clinic


@pytest.fixture
def pages(clinic: Clinic, open_context: Callable[..., BrowserContext]) -> tuple[Page, Page]:
    """A phone and a desktop with an open consultation."""
    desktop = open_context(**DESKTOP).new_page()
    sign_in(desktop, clinic, "/desktop")
    start_consultation(desktop, "Room 2")
    phone = open_context(**PHONE).new_page()
    sign_in(phone, clinic)
    expect(phone.get_by_role("heading", name="Room 2")).to_be_visible()
    return phone, desktop


def test_the_noisiest_photo_at_the_highest_settings_is_stored(
    clinic: Clinic, pages: tuple[Page, Page], tmp_path: Path
) -> None:
    """Encoded again, lower, until the server accepts it, with as many pixels as possible."""
    phone, desktop = pages
    noise = tmp_path / "noise.png"
    Image.effect_noise((EDGE * 3, EDGE), 200).convert("RGB").resize((EDGE, EDGE)).save(noise)
    colours = tmp_path / "colours.png"
    parts = [Image.effect_noise((EDGE, EDGE), 255) for _ in "rgb"]
    Image.merge("RGB", parts).save(colours)

    phone.set_default_timeout(ENCODING_MS)
    choose(phone, [noise, colours])
    upload(phone, 2)

    expect(phone.get_by_text("2 stored today")).to_be_visible(timeout=120_000)
    gallery(desktop, 2, limit_ms=30_000)
    expect_stored_once(desktop, clinic, 2)
    for row in clinic.photos():
        assert row["size"] <= LIMIT
        assert max(row["width"], row["height"]) >= EDGE // 2
