"""The right consultation and the right owner: fixed at the shutter, never resolved again."""

import re
from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from e2e.conftest import DESKTOP
from e2e.support.clinic import Clinic
from e2e.support.verbs import (
    OWN_PAGE,
    api,
    capture,
    expect_state,
    expect_stored_once,
    gallery,
    open_camera,
    open_consultation_on_both,
    queue_row,
    review,
    sign_in,
    start_consultation,
    stored_today,
    take,
    upload,
    wait_for_worker,
)
from e2e.support.watch import Watch

NO_LINK = r"ERR_INTERNET_DISCONNECTED|Failed to fetch"


def test_a_photo_stays_with_the_consultation_of_its_shutter(
    clinic: Clinic, phone: Page, desktop: Page, watch: Watch
) -> None:
    """Taken in Room 2, sent after the desktop moved to Room 3: it is filed in Room 2."""
    watch.allow(NO_LINK)
    open_consultation_on_both(clinic, phone, desktop)
    phone.context.set_offline(True)
    capture(phone, 2)

    start_consultation(desktop, "Room 3")
    phone.context.set_offline(False)

    stored_today(phone, 2)
    gallery(desktop, 0)
    desktop.get_by_role("list", name="Consultations").get_by_text("Room 2").click()
    gallery(desktop, 2)
    expect_stored_once(desktop, clinic, 2)


def test_an_open_camera_blocks_its_shutter_when_the_desktop_moves(
    clinic: Clinic, phone: Page, desktop: Page
) -> None:
    """The clinician says whether the next photos belong to Room 2 or Room 3; nothing is assumed."""
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)
    take(phone, 1)

    start_consultation(desktop, "Room 3")
    expect(phone.get_by_role("button", name="Keep Room 2")).to_be_visible(timeout=30_000)
    expect(phone.get_by_role("button", name="Take photo")).not_to_be_visible()
    phone.get_by_role("button", name="Switch to Room 3").click()
    take(phone, 1, before=1)
    review(phone, 2)
    upload(phone, 2)

    stored_today(phone, 2)
    rows = expect_stored_once(desktop, clinic, 2)
    names = {one["id"]: one["label"] for one in api(desktop, "/api/consultations")["consultations"]}
    assert sorted(names[row["filed_in"]] for row in rows) == ["Room 2", "Room 3"]


def test_a_consultation_closed_on_the_desktop_takes_no_new_photos(
    clinic: Clinic, phone: Page, desktop: Page
) -> None:
    """The open camera says so and offers no Keep; what was taken before still goes there."""
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)
    take(phone, 1)

    desktop.get_by_role("button", name="Close consultation").click()
    desktop.get_by_role("dialog").get_by_role("button", name="Close consultation").click()
    switch = phone.get_by_role("button", name="Carry on as Unfiled")
    expect(switch).to_be_visible(timeout=30_000)
    expect(phone.get_by_text("Room 2 was closed on the desktop")).to_be_visible(timeout=30_000)
    expect(phone.get_by_role("button", name="Keep Room 2")).to_have_count(0)
    expect(phone.get_by_role("button", name="Take photo")).not_to_be_visible()
    switch.click()
    take(phone, 1, before=1)
    review(phone, 2)
    upload(phone, 2)

    stored_today(phone, 2)
    rows = expect_stored_once(desktop, clinic, 2)
    found = {one["id"]: one["kind"] for one in api(desktop, "/api/consultations")["consultations"]}
    assert sorted(found[row["filed_in"]] for row in rows) == ["unfiled", "visit"]


def test_keep_goes_on_in_the_consultation_of_the_camera_session(
    clinic: Clinic, phone: Page, desktop: Page
) -> None:
    """After Keep, photos still belong to Room 2, and the shutter is free again."""
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)
    start_consultation(desktop, "Room 3")

    phone.get_by_role("button", name="Keep Room 2").click(timeout=30_000)
    take(phone, 1)
    review(phone, 1)
    upload(phone, 1)

    stored_today(phone, 1)
    rows = expect_stored_once(desktop, clinic, 1)
    names = {one["id"]: one["label"] for one in api(desktop, "/api/consultations")["consultations"]}
    assert [names[row["filed_in"]] for row in rows] == ["Room 2"]


def test_a_photo_with_nothing_open_is_unfiled_and_can_be_moved(
    clinic: Clinic, phone: Page, desktop: Page
) -> None:
    """No consultation open: the photo waits under Unfiled and is filed on the desktop."""
    sign_in(desktop, clinic, "/desktop")
    sign_in(phone, clinic)
    expect(phone.get_by_role("heading", name="No consultation open")).to_be_visible()
    capture(phone, 1)
    stored_today(phone, 1)
    start_consultation(desktop, "Room 2")

    desktop.get_by_role("list", name="Consultations").get_by_text("Unfiled").click()
    gallery(desktop, 1)
    [row] = expect_stored_once(desktop, clinic, 1)
    [consultation] = [
        one for one in api(desktop, "/api/consultations")["consultations"] if one["kind"] == "visit"
    ]
    api(desktop, f"/api/photos/{row['photo_id']}/move", "POST", {"consultationId": consultation["id"]})

    gallery(desktop, 0)
    desktop.get_by_role("list", name="Consultations").get_by_text("Room 2").click()
    gallery(desktop, 1)
    [moved] = clinic.photos()
    assert (moved["filed_in"], moved["captured_in"]) == (consultation["id"], row["captured_in"])


def test_another_clinician_on_the_same_phone_sees_a_count_and_sends_nothing(
    clinic: Clinic, phone: Page, open_context: Callable[..., BrowserContext], watch: Watch
) -> None:
    """Anna's photos wait for Anna: Ben sees how many, not which, and none travels under his name."""
    watch.allow(NO_LINK, "status of 401")
    ben = clinic.add_account("ben")
    desktop = open_context(**DESKTOP).new_page()
    open_consultation_on_both(clinic, phone, desktop)
    wait_for_worker(phone)
    phone.context.set_offline(True)
    capture(phone, 2)
    expect(queue_row(phone, "Waiting for connection")).to_have_count(2)
    # A replay that is under way may still have the token that Anna's page gave it.
    expect(phone.request.delete("/api/session", headers=OWN_PAGE)).to_be_ok()
    phone.close()
    phone.context.clear_cookies()
    phone = phone.context.new_page()
    phone.context.set_offline(False)

    sign_in(phone, clinic, name="ben", password=ben)
    expect(phone.get_by_text(re.compile(r"2 photos of another"))).to_be_visible()
    expect(phone.get_by_role("list", name="Upload queue").get_by_role("listitem")).to_have_count(0)
    capture(phone, 1)
    stored_today(phone, 1)
    assert len(clinic.photos()) == 1

    phone.context.clear_cookies()
    sign_in(phone, clinic)
    expect_state(phone, "connected")
    stored_today(phone, 2)
    gallery(desktop, 2)
    owners = [row["owner"] for row in clinic.photos()]
    assert len(owners) == 3
    assert len(set(owners)) == 2


def test_a_sign_out_without_a_link_says_so_and_where_the_photos_are(
    clinic: Clinic, phone: Page, desktop: Page, watch: Watch
) -> None:
    """The page shows that it worked, and leads to the sign-in once there is a link again."""
    watch.allow(NO_LINK, "status of 401")
    open_consultation_on_both(clinic, phone, desktop)
    wait_for_worker(phone)
    open_camera(phone)
    take(phone, 3)
    phone.get_by_role("button", name="Close camera").click()
    phone.context.set_offline(True)

    phone.get_by_role("button", name="Menu").click()
    phone.get_by_role("dialog").get_by_role("button", name="Sign out").click()
    phone.get_by_role("dialog").get_by_role("button", name="Sign out").click()

    expect(phone.get_by_text("You are signed out. Connect this phone to sign in.")).to_be_visible()
    expect(phone.get_by_text("3 photos wait here until their owner signs in.")).to_be_visible()
    phone.context.set_offline(False)
    phone.wait_for_url(re.compile("/sign-in"))
    sign_in(phone, clinic)
    expect(phone.get_by_role("button", name="Review (3)")).to_be_visible()


def test_a_page_that_needs_a_link_has_the_look_of_the_app_without_one(
    clinic: Clinic, phone: Page, desktop: Page, watch: Watch
) -> None:
    """The style sheets come from the phone, and the way out stands in the thumb's size."""
    watch.allow(NO_LINK, "status of 503")
    open_consultation_on_both(clinic, phone, desktop)
    wait_for_worker(phone)
    font = phone.evaluate("getComputedStyle(document.body).fontFamily")
    phone.context.set_offline(True)

    phone.goto("/sign-in")

    expect(phone.get_by_role("heading", name="No connection")).to_be_visible()
    assert phone.evaluate("getComputedStyle(document.body).fontFamily") == font
    way_out = phone.get_by_role("link", name="Open the camera page")
    size = way_out.bounding_box()
    assert size
    assert size["height"] >= 48
    way_out.click()
    expect_state(phone, "connected")
