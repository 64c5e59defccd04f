"""The pictures of the upload queue: each row keeps its own until it goes, and none looks broken."""

import pytest
from playwright.sync_api import Locator, Page, expect

from e2e.clinic import Clinic
from e2e.verbs import at, capture, open_camera, open_room, queue_row, stored_today
from e2e.watch import Watch

NO_LINK = r"ERR_INTERNET_DISCONNECTED|Failed to fetch"

# Stored rows leave after five seconds; here they wait for the slowest machine.
LONG_FAREWELL = """
const later = window.setTimeout.bind(window);
window.setTimeout = (run, ms, ...rest) => later(run, ms === 5000 ? 120_000 : ms, ...rest);
"""


@pytest.fixture
def patient(phone: Page) -> Page:
    """A phone whose stored rows stay long enough to be looked at."""
    phone.add_init_script(LONG_FAREWELL)
    return phone


def look_into_the_camera(phone: Page) -> None:
    """Open the camera and close it again."""
    open_camera(phone)
    phone.get_by_role("button", name="Close camera").click()
    at(phone, "connected")


def has_picture(row: Locator) -> None:
    """The row's picture is loaded."""
    expect(row.locator("img")).to_have_js_property("complete", True)
    assert row.locator("img").evaluate("image => image.naturalWidth") > 0


def test_stored_rows_keep_their_pictures_while_the_camera_is_open(
    clinic: Clinic, patient: Page, desktop: Page, watch: Watch
) -> None:
    """Their bytes are erased by then; what was shown stays."""
    watch.allow(NO_LINK)
    open_room(clinic, patient, desktop)
    patient.context.set_offline(True)
    capture(patient, 3)
    rows = queue_row(patient, "")
    expect(rows.locator("img[src]")).to_have_count(3)
    patient.context.set_offline(False)
    stored_today(patient, 3)

    look_into_the_camera(patient)

    expect(queue_row(patient, "Stored")).to_have_count(3)
    for number in range(3):
        has_picture(rows.nth(number))


def test_a_row_whose_bytes_left_before_they_were_shown_has_a_tick_and_no_broken_picture(
    clinic: Clinic, patient: Page, desktop: Page
) -> None:
    """Photos can be stored before anybody has looked at their rows."""
    patient.add_init_script("URL.createObjectURL = () => { throw new Error('gone'); };")
    open_room(clinic, patient, desktop)
    capture(patient, 2)
    stored_today(patient, 2)

    rows = queue_row(patient, "Stored")
    expect(rows).to_have_count(2)
    expect(rows.first.locator("img")).to_be_hidden()
    expect(rows.first.locator(".thumb svg")).to_be_visible()
