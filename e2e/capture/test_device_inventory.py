"""Photos that a phone reported and lost are named on the desktop; a good day shows no line."""

import re

from playwright.sync_api import Page, expect

from e2e.support.clinic import Clinic
from e2e.support.stored import age_the_photos
from e2e.support.verbs import (
    api,
    capture,
    expect_state,
    expect_stored_once,
    gallery,
    open_camera,
    open_consultation_on_both,
    review,
    sign_in,
    stored_today,
    take,
    upload,
    wait_beside,
    wait_until_true,
)
from e2e.support.watch import Watch

LINES = "#phones .note"
# The inventory that the phone last reported, as its database keeps it: an empty list.
REPORTED_NOTHING = """async () => {
  const opening = indexedDB.open('clinicpro-capture');
  const database = await new Promise((done) => (opening.onsuccess = () => done(opening.result)));
  const meta = database.transaction('meta').objectStore('meta');
  const keys = meta.getAllKeys(), values = meta.getAll();
  await new Promise((done) => (values.onsuccess = done));
  database.close();
  const reported = keys.result.findIndex((key) => key.startsWith('told:'));
  return values.result[reported] === '[[],[]]';
}"""
DAY_MS = 24 * 3600 * 1000


def wait_for_count(page: Page, clinic: Clinic, count: int, statement: str) -> None:
    """Wait until the statement counts so many."""
    wait_beside(page, lambda: clinic.rows(statement)[0][0] == count, f"never {count}: {statement}")


def reported(phone: Page, clinic: Clinic, count: int) -> None:
    """The server has so many inventory entries."""
    wait_for_count(phone, clinic, count, "SELECT count(*) FROM announcements")


def clear_photos(phone: Page, clinic: Clinic) -> None:
    """The browser throws its photos away, as it may when space runs low; cookies stay."""
    session = phone.context.new_cdp_session(phone)
    session.send("Storage.clearDataForOrigin", {"origin": clinic.url, "storageTypes": "indexeddb"})


def test_photos_that_the_browser_lost_are_named_on_the_desktop(
    clinic: Clinic, phone: Page, desktop: Page, watch: Watch
) -> None:
    """F22: three reported, the storage cleared. The desktop shows it by itself, and it can be dismissed."""
    watch.allow("status of 40[19]")
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)
    take(phone, 3)
    reported(phone, clinic, 3)
    expect(desktop.locator(LINES)).to_have_count(0)

    clear_photos(phone, clinic)
    phone.goto("/mobile")
    expect_state(phone, "connected")

    line = desktop.locator(LINES)
    expect(line).to_contain_text("3 photos announced from a phone never arrived")
    expect(line).not_to_contain_text("Room 2")
    line.get_by_role("button", name="Dismiss").click()
    expect(desktop.locator(LINES)).to_have_count(0)
    audited = clinic.rows("SELECT action, before, after FROM audit")
    assert [tuple(row) for row in audited] == [("dismiss-announced", "missing", "dismissed")] * 3
    desktop.reload()
    expect(desktop.get_by_role("heading", name="Room 2")).to_be_visible()
    expect(desktop.locator(LINES)).to_have_count(0)


def test_a_good_day_shows_no_line(clinic: Clinic, phone: Page, desktop: Page) -> None:
    """Taken, deleted, retaken, sent, reloaded, sent again: every photo is accounted for."""
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)
    take(phone, 3)
    reported(phone, clinic, 3)
    items = review(phone, 3)
    items.nth(0).get_by_role("button", name="Delete").click()
    phone.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(items).to_have_count(2)
    items.nth(0).get_by_role("button", name="Retake").click()
    expect_state(phone, "camera")
    phone.get_by_role("button", name="Take photo").click()
    expect_state(phone, "reviewing")
    expect(items).to_have_count(2)
    upload(phone, 2)
    stored_today(phone, 2)
    gallery(desktop, 2)

    phone.reload()
    expect_state(phone, "connected")
    capture(phone, 1)
    stored_today(phone, 3)
    gallery(desktop, 3)
    phone.reload()
    wait_until_true(phone, REPORTED_NOTHING, limit_ms=30_000)

    assert api(desktop, "/api/devices/captures")["photos"] == []
    expect(desktop.locator(LINES)).to_have_count(0)
    expect_stored_once(desktop, clinic, 3)


def test_photos_that_stay_on_a_phone_for_days_are_said_on_both_screens(
    clinic: Clinic, phone: Page, desktop: Page
) -> None:
    """Taken four days ago, never approved: urgent on the phone and on the desktop."""
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)
    take(phone, 2)
    reported(phone, clinic, 2)

    # Set on both sides: a clock that is wrong on the phone alone would be corrected.
    age_the_photos(phone, 4 * DAY_MS)
    clinic.change("UPDATE consultations SET opened_at = opened_at - ?", 5 * DAY_MS)
    clinic.change("UPDATE announcements SET captured_at = captured_at - ?", 4 * DAY_MS)
    phone.reload()
    desktop.reload()

    expect(phone.locator("#overdue")).to_contain_text("2 photos have waited here for more than three days")
    expect(phone.locator("#overdue")).to_have_class(re.compile("danger"))
    line = desktop.locator(LINES)
    expect(line).to_have_class(re.compile("danger"))
    expect(line).to_contain_text(re.compile(r"2 photos taken on \w+ are still on a phone"))


def test_a_browser_that_may_clear_photos_says_so_before_the_first_one(
    clinic: Clinic, phone: Page, desktop: Page
) -> None:
    """F23: a private window promises nothing; the photo can be taken, and the warning comes first."""
    open_consultation_on_both(clinic, phone, desktop)
    assert phone.evaluate("navigator.storage.persisted()") is False

    expect(phone.locator("#storage-note")).to_contain_text("may clear saved photos")
    capture(phone, 1)
    stored_today(phone, 1)


def test_another_user_on_the_phone_neither_reports_nor_sees_the_first_ones_photos(
    clinic: Clinic, phone: Page, desktop: Page, watch: Watch
) -> None:
    """Another user signs in on a phone with photos: neither is warned, and the owner's entries stay."""
    watch.allow("status of 40[19]")
    password = clinic.add_account("Ben")
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)
    take(phone, 2)
    reported(phone, clinic, 2)
    phone.get_by_role("button", name="Close camera").click()

    phone.get_by_role("button", name="Menu").click()
    phone.get_by_role("dialog").get_by_role("button", name="Sign out").click()
    phone.get_by_role("dialog").get_by_role("button", name="Sign out").click()
    phone.wait_for_url(re.compile("/sign-in"))
    sign_in(phone, clinic, name="Ben", password=password)
    expect(phone.get_by_text("2 photos of another person")).to_be_visible()
    wait_for_count(phone, clinic, 1, "SELECT count(*) FROM devices")

    assert api(phone, "/api/devices/captures")["photos"] == []
    assert api(desktop, "/api/devices/captures")["photos"] == []
    reported(phone, clinic, 2)
