"""The main job: photos taken on the phone appear on the desktop by themselves."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from e2e.support.clinic import Clinic, open_clinic
from e2e.support.verbs import (
    capture,
    expect_arrived,
    expect_state,
    expect_stored_once,
    gallery,
    open_camera,
    open_consultation_on_both,
    review,
    sign_in_by_form,
    start_consultation,
    stored_today,
    take,
    upload,
)

SLOW_ENCODER = """
const encode = HTMLCanvasElement.prototype.toBlob;
HTMLCanvasElement.prototype.toBlob = function (...how) {
  if (!window.slow || this.width < 100) return encode.apply(this, how);
  window.release = () => encode.apply(this, how);
};
"""


@pytest.fixture
def clinic(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Clinic]:
    """A clinic of this test alone, with bundled pages unless the test says otherwise."""
    with open_clinic(tmp_path / "clinic", MODULES=getattr(request, "param", "0")) as clinic:
        yield clinic


@pytest.mark.parametrize("clinic", ["0", "1"], ids=["bundles", "modules"], indirect=True)
def test_photos_travel_from_the_shutter_to_the_desktop(clinic: Clinic, phone: Page, desktop: Page) -> None:
    """Three photos are taken, reviewed, sent, and shown on the open desktop without a click."""
    sign_in_by_form(desktop, "/desktop", clinic.name, clinic.password)
    start_consultation(desktop, "Room 2")
    expect(desktop.get_by_text("Live", exact=True)).to_be_visible()
    sign_in_by_form(phone, "/mobile", clinic.name, clinic.password)
    expect(phone.get_by_role("heading", name="Room 2")).to_be_visible()

    capture(phone, 3)

    stored_today(phone, 3)
    gallery(desktop, 3)
    expect_state(phone, "connected")
    rows = expect_stored_once(desktop, clinic, 3)
    assert len({row["filed_in"] for row in rows}) == 1


def test_a_photo_deleted_or_unchecked_in_review_is_not_sent(
    clinic: Clinic, phone: Page, desktop: Page
) -> None:
    """Of four photos one is deleted, one stays unchecked: two arrive, one waits in review."""
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)
    take(phone, 4)
    items = review(phone, 4)

    items.nth(0).get_by_role("button", name="Delete").click()
    phone.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(items).to_have_count(3)
    items.nth(0).get_by_role("checkbox").uncheck()
    upload(phone, 2)

    expect_arrived(phone, desktop, clinic, 2)
    expect(phone.get_by_role("button", name="Review (1)").first).to_be_visible()

    phone.reload()
    left = review(phone, 1)
    expect(left.get_by_role("checkbox")).not_to_be_checked()
    expect(phone.get_by_role("button", name="Upload 0 photos")).to_be_disabled()


def test_a_retake_takes_the_place_of_the_photo_it_replaces(
    clinic: Clinic, phone: Page, desktop: Page
) -> None:
    """The old photo goes once the new one is safe; one photo arrives, in the same consultation."""
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)
    take(phone, 1)
    items = review(phone, 1)

    items.nth(0).get_by_role("button", name="Retake").click()
    expect_state(phone, "camera")
    phone.get_by_role("button", name="Take photo").click()
    expect_state(phone, "reviewing")
    expect(items).to_have_count(1)
    upload(phone, 1)

    expect_arrived(phone, desktop, clinic, 1)


def test_a_photo_taken_again_is_not_sent_in_place_of_its_retake(
    clinic: Clinic, phone: Page, desktop: Page
) -> None:
    """While the retake is being saved nothing can be decided about the photo it replaces."""
    phone.add_init_script(SLOW_ENCODER)
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)
    take(phone, 1)
    items = review(phone, 1)
    phone.evaluate("window.slow = true")

    items.nth(0).get_by_role("button", name="Retake").click()
    phone.get_by_role("button", name="Take photo").click()
    expect_state(phone, "reviewing")

    expect(items.get_by_text("Saving the new photo…")).to_be_visible()
    expect(items.get_by_role("button", disabled=False)).to_have_count(0)
    expect(phone.get_by_role("button", name="Upload 0 photos")).to_be_disabled()
    phone.evaluate("window.slow = false; window.release()")
    expect(items.get_by_text("Saving the new photo…").filter(visible=True)).to_have_count(0)
    expect(items).to_have_count(1)
    upload(phone, 1)
    stored_today(phone, 1)
    expect_stored_once(desktop, clinic, 1)
