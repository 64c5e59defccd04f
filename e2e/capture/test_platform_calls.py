"""No platform call without an end: each that never answers is shown, has a way out, and blocks nothing."""

from pathlib import Path

from playwright.sync_api import Page, expect

from e2e.doubles.lens import LENS
from e2e.support.clinic import Clinic
from e2e.support.pictures import made_photo
from e2e.support.stored import on_the_phone
from e2e.support.verbs import (
    camera_message,
    choose,
    expect_state,
    expect_stored_once,
    open_camera,
    open_consultation_on_both,
    review,
    stored_today,
    take,
    upload,
    wait_until_true,
)

NEVER = "new Promise(() => {})"
PLAY_IS_REFUSED = """
const play = HTMLMediaElement.prototype.play;
addEventListener("DOMContentLoaded", () => document.querySelector("video")?.removeAttribute("autoplay"));
HTMLMediaElement.prototype.play = function () {
  if (window.tapped) return play.call(this);
  return Promise.reject(new DOMException("play() needs a gesture", "NotAllowedError"));
};
addEventListener("click", ({target}) => {
  if (/Tap to start/.test(target.textContent)) window.tapped = true;
}, true);
"""
ENCODER = """
const encode = HTMLCanvasElement.prototype.toBlob;
HTMLCanvasElement.prototype.toBlob = function (...how) {
  if (!window.silent || this.width < 100) return encode.apply(this, how);
  window.hung = true;
};
"""
ESTIMATES = {
    "zeros": "navigator.storage.estimate = async () => ({quota: 0, usage: 0});",
    "never": f"navigator.storage.estimate = () => {NEVER};",
}
LONG = 40_000


def test_a_camera_that_never_answers_is_said_and_can_be_asked_again(
    clinic: Clinic, phone: Page, desktop: Page, tmp_path: Path
) -> None:
    """``getUserMedia`` that never answers: a message, a second try, and files in its place."""
    phone.add_init_script(LENS + "lens.answers = false;")
    open_consultation_on_both(clinic, phone, desktop)

    phone.get_by_role("button", name="Open camera").click()

    expect(camera_message(phone)).to_contain_text("The camera takes long to start.")
    choose(phone, [made_photo(tmp_path / "instead.jpg")])
    expect(phone.get_by_role("button", name="Upload 1 photo")).to_be_visible()
    phone.get_by_role("button", name="Open camera").click()
    expect(camera_message(phone)).to_contain_text("The camera takes long to start.")
    phone.evaluate("lens.answers = true")
    camera_message(phone).get_by_role("button", name="Try again").click()
    take(phone, 1, before=1)


def test_a_refused_play_asks_for_a_tap(clinic: Clinic, phone: Page, desktop: Page) -> None:
    """The browser requires a gesture, and no other app has the camera."""
    phone.add_init_script(LENS + PLAY_IS_REFUSED)
    open_consultation_on_both(clinic, phone, desktop)

    phone.get_by_role("button", name="Open camera").click()

    start = camera_message(phone).get_by_role("button", name="Tap to start the camera")
    expect(start).to_be_visible()
    expect(camera_message(phone)).not_to_contain_text("Another app")
    start.click()
    take(phone, 1)


def test_a_slow_camera_is_waited_for(clinic: Clinic, phone: Page, desktop: Page) -> None:
    """Its first frame comes after the page has said that it takes long; it is not opened a second time."""
    phone.add_init_script(LENS + "lens.picture = '';")
    open_consultation_on_both(clinic, phone, desktop)
    phone.get_by_role("button", name="Open camera").click()
    expect(camera_message(phone)).to_contain_text("The camera takes long to start.")

    phone.evaluate("lens.picture = 'scene'")

    take(phone, 1)
    assert phone.evaluate("lens.opened") == 1


def test_an_encoder_that_never_answers_blocks_no_other_photo(
    clinic: Clinic, phone: Page, desktop: Page
) -> None:
    """The next photo is saved beside it, and the lost one is reported on the camera's own screen."""
    phone.add_init_script(LENS + ENCODER)
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)
    phone.evaluate("window.silent = true")
    phone.get_by_role("button", name="Take photo").click()
    wait_until_true(phone, "() => window.hung")
    phone.evaluate("window.silent = false")

    take(phone, 1)

    expect(camera_message(phone)).to_contain_text("That photo could not be made.", timeout=LONG)
    take(phone, 1, before=1)
    camera_message(phone).get_by_role("button", name="OK").click()
    expect(camera_message(phone)).to_be_empty()


def test_the_question_at_sign_out_counts_photos_that_are_still_encoded(
    clinic: Clinic, phone: Page, desktop: Page
) -> None:
    """Nothing is lost by leaving in the second after the shutter."""
    phone.add_init_script(LENS + ENCODER)
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)
    phone.evaluate("window.silent = true")
    phone.get_by_role("button", name="Take photo").click()
    phone.get_by_role("button", name="Close camera").click()
    expect_state(phone, "connected")

    phone.get_by_role("button", name="Menu").click()
    phone.get_by_role("dialog").get_by_role("button", name="Sign out").click()

    expect(phone.get_by_role("dialog").get_by_text("1 photo not stored yet")).to_be_visible()
    expect(phone.get_by_role("dialog").get_by_text("1 photo is still being saved")).to_be_visible()


def test_a_browser_that_reports_no_quota_is_not_full(clinic: Clinic, phone: Page, desktop: Page) -> None:
    """Zeros are no numbers: "unknown" is no reason to refuse a photo."""
    phone.add_init_script(LENS + ESTIMATES["zeros"])
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)
    take(phone, 1)
    expect(phone.get_by_text("storage is almost full")).to_have_count(0)


def test_an_estimate_without_an_end_blocks_nothing(clinic: Clinic, phone: Page, desktop: Page) -> None:
    """The shutter does not wait for it."""
    phone.add_init_script(LENS + ESTIMATES["never"])
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)
    take(phone, 2)


def test_a_decoder_that_never_answers_names_the_file(
    clinic: Clinic, phone: Page, desktop: Page, tmp_path: Path
) -> None:
    """One file is said to be unreadable; the one after it is kept."""
    stuck = f"createImageBitmap = (of, ...how) => of.name === 'stuck.jpg' ? {NEVER} : decode(of, ...how);"
    phone.add_init_script(f"const decode = createImageBitmap.bind(window); {stuck}")
    open_consultation_on_both(clinic, phone, desktop)

    choose(phone, [made_photo(tmp_path / "stuck.jpg"), made_photo(tmp_path / "good.jpg")])

    expect(phone.get_by_role("button", name="Upload 1 photo")).to_be_visible()
    expect(phone.locator("#notices")).to_contain_text("stuck.jpg could not be opened", timeout=LONG)


def test_a_hash_without_an_end_is_a_storage_that_failed(clinic: Clinic, phone: Page, desktop: Page) -> None:
    """The photo stays in the page, the page says so, and saves it at the next try."""
    phone.add_init_script(
        LENS + f"const digest = crypto.subtle.digest.bind(crypto.subtle);"
        f"crypto.subtle.digest = (...of) => window.silent ? {NEVER} : digest(...of);"
    )
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)
    phone.evaluate("window.silent = true")
    phone.get_by_role("button", name="Take photo").click()

    expect(phone.get_by_text("could not save 1 photo")).to_be_visible(timeout=LONG)
    phone.evaluate("window.silent = false")
    phone.get_by_role("button", name="Try again").click()

    expect(phone.get_by_role("button", name="Review (1)")).to_be_visible()
    assert len(on_the_phone(phone)) == 1


def test_a_worker_that_is_never_registered_leaves_the_sending_to_the_page(
    clinic: Clinic, phone: Page, desktop: Page
) -> None:
    """Photos are stored all the same."""
    phone.add_init_script(LENS + f"ServiceWorkerContainer.prototype.register = () => {NEVER};")
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)
    take(phone, 1)
    review(phone, 1)
    upload(phone, 1)

    stored_today(phone, 1)
    expect_stored_once(desktop, clinic, 1)
