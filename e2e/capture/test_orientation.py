"""Orientation is ours: every container stands upright, whatever the browser makes of its metadata."""

from pathlib import Path

from playwright.sync_api import Page, expect

from e2e.capture.test_photos import ALIKE, is_wide, picture, send
from e2e.support.clinic import Clinic
from e2e.support.pictures import difference, made_photo, upright
from e2e.support.verbs import choose, open_consultation_on_both

SMALL = (400, 300)


def test_every_container_is_turned_once(clinic: Clinic, phone: Page, desktop: Page, tmp_path: Path) -> None:
    """WebP, which Chromium leaves lying, PNG, and JPEG beside them, in orientations of every kind."""
    names = [f"{number}.{ending}" for ending in ("webp", "png") for number in range(2, 9)]
    names += ["1.webp", "5.jpg", "6.jpg"]
    files = [made_photo(tmp_path / name, int(name[0]), SMALL) for name in names]
    open_consultation_on_both(clinic, phone, desktop)

    stored = send(phone, desktop, clinic, files)

    far = {file.name: difference(picture(body), upright(file)) for file, body in stored.items()}
    assert {name: by for name, by in far.items() if by > ALIKE} == {}
    assert [
        file.name for file, body in stored.items() if is_wide(picture(body)) != is_wide(upright(file))
    ] == []


def test_a_picture_of_which_nothing_would_be_left_says_so(
    clinic: Clinic, phone: Page, desktop: Page, tmp_path: Path
) -> None:
    """30,000 by 120 would become 800 by 3: the sentence says both, and another file is kept."""
    strip = made_photo(tmp_path / "strip.jpg", size=(30_000, 120))
    open_consultation_on_both(clinic, phone, desktop)

    choose(phone, [strip, made_photo(tmp_path / "good.jpg", size=SMALL)])

    expect(phone.locator("#notices")).to_contain_text("strip.jpg was not added: it is 30000 × 120 pixels")
    expect(phone.locator("#notices")).to_contain_text("only 800 × 3 of them would be left")
    expect(phone.get_by_role("button", name="Upload 1 photo")).to_be_visible()
