"""A phone that runs full: no photo is taken that could not be kept, and none that was kept is lost."""

from playwright.sync_api import Page, expect

from e2e.doubles.storage import limit_storage, set_storage_estimate
from e2e.support.clinic import Clinic
from e2e.support.stored import on_the_phone
from e2e.support.verbs import (
    camera_message,
    expect_arrived,
    expect_stored_once,
    gallery,
    open_camera,
    open_consultation_on_both,
    review,
    stored_today,
    take,
    upload,
    wait_until_true,
)


def test_a_phone_that_is_nearly_full_refuses_the_shutter_first(
    clinic: Clinic, phone: Page, desktop: Page
) -> None:
    """Nothing is taken that could not be kept; what was kept is sent, and free space frees the shutter."""
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)
    take(phone, 1)
    phone.get_by_role("button", name="Close camera").click()
    set_storage_estimate(phone, 100_000)
    phone.get_by_role("button", name="Open camera").click()
    expect(camera_message(phone)).to_contain_text("This phone's storage is almost full.")
    wait_until_true(
        phone, "() => document.querySelector('video').currentTime > 0.5"
    )  # The camera itself is fine.
    expect(phone.get_by_role("button", name="Take photo")).to_be_disabled()
    assert len(on_the_phone(phone)) == 1
    phone.get_by_role("button", name="Close camera").click()
    set_storage_estimate(phone, None)
    open_camera(phone)

    take(phone, 1, before=1)
    review(phone, 2)
    upload(phone, 2)
    expect_arrived(phone, desktop, clinic, 2)


def take_until_refused(phone: Page) -> int:
    """Tap the shutter until the phone cannot store a photo; how many it has stored."""
    for number in range(1, 30):
        phone.get_by_role("button", name="Take photo").click()
        wait_until_true(
            phone,
            f"""() => document.body.dataset.state === "error" ||
                  document.querySelector("#review-camera").textContent.includes("({number})")""",
        )
        if phone.locator("body").get_attribute("data-state") == "error":
            return number - 1
    raise AssertionError("the phone never ran full")


def test_a_photo_that_the_phone_cannot_store_is_kept_until_it_can(
    clinic: Clinic, phone: Page, desktop: Page
) -> None:
    """The write fails for real: the page says so, keeps the shot, and saves it when there is space."""
    open_consultation_on_both(clinic, phone, desktop)
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
    expect_stored_once(desktop, clinic, kept + 1)
