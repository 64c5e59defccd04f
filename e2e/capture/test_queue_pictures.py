"""The pictures of the upload queue: each row keeps its own until it goes, and none looks broken."""

import pytest
from playwright.sync_api import Locator, Page, expect

from e2e.support.clinic import Clinic
from e2e.support.verbs import (
    capture,
    expect_state,
    open_camera,
    open_consultation_on_both,
    queue_row,
    stored_today,
)
from e2e.support.watch import Watch

NO_LINK = r"ERR_INTERNET_DISCONNECTED|Failed to fetch"

# Stored rows leave after five seconds; here they stay for the slowest machine.
STORED_ROWS_STAY = """
const later = window.setTimeout.bind(window);
window.setTimeout = (run, ms, ...rest) => later(run, ms === 5000 ? 120_000 : ms, ...rest);
"""


@pytest.fixture
def phone_with_rows(phone: Page) -> Page:
    """A phone whose stored rows stay on the screen."""
    phone.add_init_script(STORED_ROWS_STAY)
    return phone


def look_into_the_camera(phone: Page) -> None:
    """Open the camera and close it again."""
    open_camera(phone)
    phone.get_by_role("button", name="Close camera").click()
    expect_state(phone, "connected")


def has_picture(row: Locator) -> None:
    """The row's picture is loaded."""
    expect(row.locator("img")).to_have_js_property("complete", True)
    assert row.locator("img").evaluate("image => image.naturalWidth") > 0


def test_stored_rows_keep_their_pictures_while_the_camera_is_open(
    clinic: Clinic, phone_with_rows: Page, desktop: Page, watch: Watch
) -> None:
    """Their bytes are erased by then; what was shown stays."""
    watch.allow(NO_LINK)
    open_consultation_on_both(clinic, phone_with_rows, desktop)
    phone_with_rows.context.set_offline(True)
    capture(phone_with_rows, 3)
    rows = queue_row(phone_with_rows, "")
    expect(rows.locator("img[src]")).to_have_count(3)
    phone_with_rows.context.set_offline(False)
    stored_today(phone_with_rows, 3)

    look_into_the_camera(phone_with_rows)

    expect(queue_row(phone_with_rows, "Stored")).to_have_count(3)
    for number in range(3):
        has_picture(rows.nth(number))


def test_a_row_whose_bytes_left_before_they_were_shown_has_a_tick_and_no_broken_picture(
    clinic: Clinic, phone_with_rows: Page, desktop: Page
) -> None:
    """Photos can be stored before their rows were in sight."""
    phone_with_rows.add_init_script("URL.createObjectURL = () => { throw new Error('gone'); };")
    open_consultation_on_both(clinic, phone_with_rows, desktop)
    capture(phone_with_rows, 2)
    stored_today(phone_with_rows, 2)

    rows = queue_row(phone_with_rows, "Stored")
    expect(rows).to_have_count(2)
    expect(rows.first.locator("img")).to_be_hidden()
    expect(rows.first.locator(".thumb svg")).to_be_visible()
