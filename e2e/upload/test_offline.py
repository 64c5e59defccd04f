"""Without a link, without a browser, without a battery: what was saved arrives, once."""

import re

from playwright.sync_api import Page, expect

from e2e.support.clinic import Clinic
from e2e.support.handset import Handset
from e2e.support.verbs import (
    capture,
    expect_arrived,
    expect_state,
    expect_stored_once,
    gallery,
    open_camera,
    queue_row,
    review,
    sign_in,
    sign_in_with_worker,
    start_consultation,
    stored_today,
    take,
    upload,
)
from e2e.support.watch import Watch

NO_LINK = r"ERR_INTERNET_DISCONNECTED|Failed to fetch"


def signed_in_handset(handset: Handset, clinic: Clinic) -> Page:
    """Signed in, and closed and reopened once, since Chromium writes cookies late."""
    phone = handset.open()
    sign_in_with_worker(phone, clinic)
    handset.close()
    phone = handset.open()
    phone.goto("/mobile")
    expect_state(phone, "connected")
    return phone


def test_photos_taken_offline_survive_a_kill_and_arrive_once(
    clinic: Clinic, handset: Handset, desktop: Page, watch: Watch
) -> None:
    """Offline capture, the browser killed, reopened, back online: each photo is there, once."""
    watch.allow(NO_LINK)
    sign_in(desktop, clinic, "/desktop")
    start_consultation(desktop, "Room 2")
    phone = signed_in_handset(handset, clinic)
    expect(phone.get_by_role("heading", name="Room 2")).to_be_visible()
    handset.context.set_offline(True)

    capture(phone, 3)
    expect(queue_row(phone, "Waiting for connection")).to_have_count(3)
    handset.kill()

    phone = handset.open()
    handset.context.set_offline(True)
    phone.goto("/mobile")
    expect(queue_row(phone, re.compile("Waiting|Saved on this phone"))).to_have_count(3)
    handset.context.set_offline(False)

    expect_arrived(phone, desktop, clinic, 3)


def test_photos_in_review_survive_a_kill(clinic: Clinic, handset: Handset, desktop: Page) -> None:
    """What the screen called saved is still in review after a kill."""
    sign_in(desktop, clinic, "/desktop")
    start_consultation(desktop, "Room 2")
    phone = signed_in_handset(handset, clinic)
    open_camera(phone)
    take(phone, 2)
    handset.kill()

    phone = handset.open()
    phone.goto("/mobile")
    phone.get_by_role("button", name="Review (2)").first.click()
    upload(phone, 2)

    expect_arrived(phone, desktop, clinic, 2)


def test_a_kill_soon_after_sign_in_costs_the_sign_in_and_no_photo(
    clinic: Clinic, handset: Handset, desktop: Page
) -> None:
    """Two seconds after sign-in the cookie may not be on disk: every photo is, and waits for its owner."""
    sign_in(desktop, clinic, "/desktop")
    start_consultation(desktop, "Room 2")
    phone = handset.open()
    sign_in_with_worker(phone, clinic)
    open_camera(phone)
    take(phone, 2)
    handset.context.clear_cookies()  # What a kill before the browser wrote its cookies leaves behind.
    handset.kill()

    phone = handset.open()
    phone.goto("/mobile")
    expect(phone.get_by_text("Sign in to continue. 2 photos are kept on this phone")).to_be_visible()
    sign_in(phone, clinic)
    phone.get_by_role("button", name="Review (2)").first.click()
    upload(phone, 2)

    stored_today(phone, 2)
    expect_stored_once(desktop, clinic, 2)


def test_photos_are_sent_in_the_background_after_every_page_was_closed(
    clinic: Clinic, handset: Handset, desktop: Page, watch: Watch
) -> None:
    """Background Sync: the link comes back while no page is open, and the photos arrive."""
    watch.allow(NO_LINK)
    sign_in(desktop, clinic, "/desktop")
    start_consultation(desktop, "Room 2")
    phone = signed_in_handset(handset, clinic)
    handset.context.set_offline(True)
    capture(phone, 3)
    expect(queue_row(phone, "Waiting for connection")).to_have_count(3)

    elsewhere = handset.context.new_page()
    elsewhere.goto("about:blank")
    phone.close()
    handset.context.set_offline(False)

    gallery(desktop, 3, limit_ms=30_000)
    expect_stored_once(desktop, clinic, 3)


def test_the_app_opens_and_takes_photos_without_a_link(
    clinic: Clinic, handset: Handset, watch: Watch
) -> None:
    """The shell comes from the phone, and so does the last known consultation."""
    watch.allow(NO_LINK)
    phone = signed_in_handset(handset, clinic)
    handset.context.set_offline(True)

    phone.reload()
    expect_state(phone, "connected")
    open_camera(phone)
    take(phone, 1)
    review(phone, 1)

    preview = phone.get_by_role("list", name="Photos to review").locator("img")
    expect(preview).to_have_js_property("complete", True)
    assert preview.evaluate("image => image.naturalWidth") > 0
