"""The camera: every way in which it fails is said, has a way out, and costs no photo."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageFilter
from playwright.sync_api import Browser, BrowserContext, Page, expect

from e2e.conftest import PHONE, Launch
from e2e.support.camera import film
from e2e.support.clinic import Clinic
from e2e.support.pictures import made_photo
from e2e.support.stored import on_the_phone
from e2e.support.verbs import (
    camera_message,
    choose,
    expect_arrived,
    expect_state,
    expect_stored_once,
    gallery,
    open_camera,
    open_consultation_on_both,
    review,
    send_all,
    stored_today,
    take,
    upload,
    wait_until_true,
)

SPY_ON_STREAMS = """
window.streams = [];
const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (constraints) => {
  const stream = await open(constraints);
  window.streams.push(stream);
  return stream;
};
"""
SPY_ON_WAKE_LOCKS = """
window.wakeLocks = [];
const request = navigator.wakeLock.request.bind(navigator.wakeLock);
navigator.wakeLock.request = async (kind) => {
  const lock = await request(kind);
  window.wakeLocks.push(lock);
  return lock;
};
"""
BUSY_CAMERA = """
navigator.mediaDevices.getUserMedia = () =>
  Promise.reject(new DOMException("Could not start video source", "NotReadableError"));
"""


def choosing_still_works(clinic: Clinic, phone: Page, desktop: Page, folder: Path) -> None:
    """The way out: a chosen file is stored."""
    expect(camera_message(phone).get_by_role("button", name="Choose photos")).to_be_visible()
    expect(phone.get_by_role("button", name="Take photo")).to_be_disabled()
    choose(phone, [made_photo(folder / "chosen.jpg")])
    upload(phone, 1)
    expect_arrived(phone, desktop, clinic, 1)


def test_a_camera_that_is_not_allowed_is_said(
    clinic: Clinic, desktop: Page, open_context: Callable[..., BrowserContext], tmp_path: Path
) -> None:
    """The sentence says where to allow it, and photos can be chosen instead."""
    phone = open_context(**{**PHONE, "permissions": ["background-sync"]}).new_page()
    open_consultation_on_both(clinic, phone, desktop)

    phone.get_by_role("button", name="Open camera").click()

    expect(camera_message(phone)).to_contain_text("The camera is not allowed for this page.")
    expect(camera_message(phone).get_by_role("button", name="Try again")).to_be_visible()
    choosing_still_works(clinic, phone, desktop, tmp_path)


def test_a_phone_without_a_camera_says_so(
    clinic: Clinic, desktop: Page, launch: Launch, tmp_path: Path
) -> None:
    """No camera is no dead end."""
    phone = launch(None, "--use-fake-device-for-media-stream=device-count=0")
    open_consultation_on_both(clinic, phone, desktop)

    phone.get_by_role("button", name="Open camera").click()

    expect(camera_message(phone)).to_contain_text("No camera was found.")
    choosing_still_works(clinic, phone, desktop, tmp_path)


def test_a_camera_in_use_elsewhere_says_what_to_close(
    clinic: Clinic, phone: Page, desktop: Page, tmp_path: Path
) -> None:
    """Busy and forbidden are distinguished."""
    phone.add_init_script(BUSY_CAMERA)
    open_consultation_on_both(clinic, phone, desktop)

    phone.get_by_role("button", name="Open camera").click()

    expect(camera_message(phone)).to_contain_text("Another app is using the camera.")
    choosing_still_works(clinic, phone, desktop, tmp_path)


def allow(browser: Browser, phone: Page, name: str, setting: str = "granted") -> None:
    """Change a permission as a user does in the browser's settings, at any moment."""
    target = phone.context.new_cdp_session(phone).send("Target.getTargetInfo")["targetInfo"]
    browser.new_browser_cdp_session().send(
        "Browser.setPermission",
        {
            "permission": {"name": name},
            "setting": setting,
            "origin": phone.evaluate("location.origin"),
            "browserContextId": target["browserContextId"],
        },
    )


def test_a_permission_taken_away_in_a_camera_session_can_be_given_back(
    clinic: Clinic, browser: Browser, phone: Page, desktop: Page
) -> None:
    """The picture ends, the page says so, and the same camera session goes on once it is allowed again."""
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)
    take(phone, 1)

    allow(browser, phone, "camera", "denied")
    expect(camera_message(phone)).to_contain_text("The camera is not allowed for this page.")
    expect(phone.get_by_role("button", name="Take photo")).to_be_disabled()
    allow(browser, phone, "camera", "granted")
    camera_message(phone).get_by_role("button", name="Try again").click()

    take(phone, 1, before=1)
    review(phone, 2)
    upload(phone, 2)
    expect_arrived(phone, desktop, clinic, 2)


def tracks(phone: Page) -> list[str]:
    """State of every camera track that the page ever opened."""
    states: list[str] = phone.evaluate(
        "streams.flatMap((stream) => stream.getTracks().map((one) => one.readyState))"
    )
    return states


def test_one_stream_serves_a_camera_session_and_ends_with_it(
    clinic: Clinic, phone: Page, desktop: Page
) -> None:
    """Three photos, one stream; closing the camera stops it, and so does going to review."""
    phone.add_init_script(SPY_ON_STREAMS)
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)
    take(phone, 3)
    assert tracks(phone) == ["live"]

    phone.get_by_role("button", name="Close camera").click()
    expect_state(phone, "connected")
    assert tracks(phone) == ["ended"]
    open_camera(phone)
    assert tracks(phone) == ["ended", "live"]
    review(phone, 3)
    assert tracks(phone) == ["ended", "ended"]

    upload(phone, 3)
    expect_arrived(phone, desktop, clinic, 3)


def blurred(frame: Image.Image) -> Image.Image:
    """An unsteady hand: a radius of 6 at the size in which photos are kept."""
    return frame.filter(ImageFilter.GaussianBlur(15))


def darkened(frame: Image.Image) -> Image.Image:
    """A fifth of the light."""
    return frame.point(lambda value: value // 5)


@pytest.mark.parametrize(
    ("spoil", "badge", "other"),
    [
        (None, None, "Looks"),
        (blurred, "Looks blurred", "Looks dark"),
        (darkened, "Looks dark", "Looks blurred"),
    ],
    ids=["as it is", "blurred", "darkened"],
)
def test_a_poor_picture_gets_a_badge_and_no_obstacle(
    clinic: Clinic,
    desktop: Page,
    launch: Launch,
    tmp_path: Path,
    spoil: Callable[[Image.Image], Image.Image] | None,
    badge: str | None,
    other: str,
) -> None:
    """The badge is on the photo in review; the photo is sent like any other."""
    phone = launch(film(tmp_path / "film.mjpeg", frames=3, treat=spoil))
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)
    take(phone, 1)

    card = review(phone, 1).first

    if badge:
        expect(card.get_by_text(badge)).to_be_visible()
    expect(card.get_by_text(other)).to_have_count(0)
    expect(card.get_by_role("checkbox")).to_be_checked()
    upload(phone, 1)
    expect_arrived(phone, desktop, clinic, 1)


def test_ten_fast_taps_give_ten_photos(clinic: Clinic, phone: Page, desktop: Page) -> None:
    """Without a wait between taps, no tap is lost."""
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)

    phone.get_by_role("button", name="Take photo").evaluate(
        "async (shutter) => { for (let n = 0; n < 10; n++) { shutter.click(); await 0; } }"
    )

    expect(phone.get_by_role("button", name="Review (10)")).to_be_visible()
    assert len({record["photoId"] for record in on_the_phone(phone)}) == 10
    review(phone, 10)
    upload(phone, 10)
    expect_arrived(phone, desktop, clinic, 10)


def test_the_screen_stays_on_while_photos_are_sent(
    clinic: Clinic, browser: Browser, phone: Page, desktop: Page
) -> None:
    """A wake lock is requested when sending begins, not before, and released when all is stored."""
    phone.add_init_script(SPY_ON_WAKE_LOCKS)
    open_consultation_on_both(clinic, phone, desktop)
    allow(browser, phone, "screen-wake-lock")
    open_camera(phone)
    take(phone, 2)
    review(phone, 2)
    assert phone.evaluate("wakeLocks.length") == 0

    upload(phone, 2)

    stored_today(phone, 2)
    wait_until_true(phone, "() => wakeLocks.length > 0 && wakeLocks.every((lock) => lock.released)")
    gallery(desktop, 2)
    expect_stored_once(desktop, clinic, 2)


def test_a_picture_that_vanishes_between_encoder_and_page_is_encoded_again(
    clinic: Clinic, phone: Page, desktop: Page
) -> None:
    """WebKit loses what the encoder made when its storage process ends; the frame itself is still there."""
    open_consultation_on_both(clinic, phone, desktop)
    phone.evaluate("""() => {
      const read = Blob.prototype.arrayBuffer;
      Blob.prototype.arrayBuffer = function () {
        Blob.prototype.arrayBuffer = read;
        return Promise.reject(new DOMException("the process is gone", "NotReadableError"));
      };
    }""")
    open_camera(phone)

    take(phone, 1)

    send_all(phone, 1)
    expect_stored_once(desktop, clinic, 1)
