"""A phone that runs full: no photo is taken that could not be kept, and none that was kept is lost."""

from playwright.sync_api import Page, expect

from e2e.clinic import Clinic
from e2e.doubles.storage import announce_room, limit_storage
from e2e.stored import on_the_phone
from e2e.verbs import (
    camera_message,
    gallery,
    open_camera,
    open_room,
    review,
    stored_today,
    take,
    the_server_holds,
    until,
    upload,
)


def test_a_phone_that_is_nearly_full_refuses_the_shutter_first(
    clinic: Clinic, phone: Page, desktop: Page
) -> None:
    """Nothing is taken that could not be kept; what was kept is sent, and room opens the shutter again."""
    open_room(clinic, phone, desktop)
    open_camera(phone)
    take(phone, 1)
    phone.get_by_role("button", name="Close camera").click()
    announce_room(phone, 100_000)
    phone.get_by_role("button", name="Open camera").click()
    expect(camera_message(phone)).to_contain_text("This phone's storage is almost full.")
    until(phone, "() => document.querySelector('video').currentTime > 0.5")  # The camera itself is fine.
    expect(phone.get_by_role("button", name="Take photo")).to_be_disabled()
    assert len(on_the_phone(phone)) == 1
    phone.get_by_role("button", name="Close camera").click()
    announce_room(phone, None)
    open_camera(phone)

    take(phone, 1, before=1)
    review(phone, 2)
    upload(phone, 2)
    stored_today(phone, 2)
    gallery(desktop, 2)
    the_server_holds(desktop, clinic, 2)


def take_until_refused(phone: Page) -> int:
    """Tap the shutter until the phone cannot store a photo; how many it has stored."""
    for number in range(1, 30):
        phone.get_by_role("button", name="Take photo").click()
        until(
            phone,
            f"""() => document.body.dataset.state === "error" ||
                  document.querySelector("#review-camera").textContent.includes("({number})")""",
        )
        if phone.locator("body").get_attribute("data-state") == "error":
            return number - 1
    raise AssertionError("the phone never ran full")


def test_a_photo_that_the_phone_cannot_store_is_held_until_it_can(
    clinic: Clinic, phone: Page, desktop: Page
) -> None:
    """The write fails for real: the page says so, keeps the shot, and saves it when there is room."""
    open_room(clinic, phone, desktop)
    limit_storage(phone, 400_000)
    open_camera(phone)

    kept = take_until_refused(phone)
    expect(phone.get_by_text("This phone could not save 1 photo. It is held only")).to_be_visible()
    assert len(on_the_phone(phone)) == kept > 0
    limit_storage(phone, None)
    phone.get_by_role("button", name="Try again").click()

    phone.get_by_role("button", name=f"Review ({kept + 1})").first.click()
    upload(phone, kept + 1)
    stored_today(phone, kept + 1)
    gallery(desktop, kept + 1)
    the_server_holds(desktop, clinic, kept + 1)
