"""A photo shows this moment: no picture that stands still, none before the lens sees, no changed pixels."""

import pytest
from playwright.sync_api import Locator, Page, expect

from e2e.doubles.lens import LENS
from e2e.support.clinic import Clinic
from e2e.support.stored import on_the_phone
from e2e.support.verbs import (
    camera_message,
    expect_stored_once,
    open_camera,
    open_consultation_on_both,
    review,
    send_all,
    take,
    wait_until_true,
)

STANDS_STILL = "The camera's picture stands still"
RANDOM_PIXELS = """
const read = CanvasRenderingContext2D.prototype.getImageData;
CanvasRenderingContext2D.prototype.getImageData = function (...where) {
  const image = read.apply(this, where);
  if (window.honest) return image;
  for (let at = 0; at < image.data.length; at++) image.data[at] = Math.random() * 256;
  return image;
};
"""
ONE_BIT_OF_A_PIXEL = """
const read = CanvasRenderingContext2D.prototype.getImageData;
CanvasRenderingContext2D.prototype.getImageData = function (...where) {
  const image = read.apply(this, where);
  image.data[4 * 77] ^= 1;
  return image;
};
"""
RANDOM_FILES = """
const encode = HTMLCanvasElement.prototype.toBlob;
HTMLCanvasElement.prototype.toBlob = function (...how) {
  const pen = this.getContext("2d");
  for (let at = 0; at < 40; at++) {
    pen.fillStyle = `hsl(${Math.random() * 360} 100% 50%)`;
    pen.fillRect(Math.random() * this.width, Math.random() * this.height, 2, 2);
  }
  return encode.apply(this, how);
};
"""
NO_FRAME_CALLBACKS = "delete HTMLVideoElement.prototype.requestVideoFrameCallback;"


def shutter(phone: Page) -> Locator:
    """The button that takes a photo."""
    return phone.get_by_role("button", name="Take photo")


@pytest.mark.parametrize("engine", ["", NO_FRAME_CALLBACKS], ids=["frame callbacks", "no frame callbacks"])
def test_a_picture_that_stands_still_is_not_taken(
    clinic: Clinic, phone: Page, desktop: Page, engine: str
) -> None:
    """The track lives, no frame comes: the shutter is off, shows why, and comes back by itself."""
    phone.add_init_script(LENS + engine)
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)
    take(phone, 1)

    phone.evaluate("lens.picture = ''")
    expect(camera_message(phone)).to_contain_text(STANDS_STILL)
    expect(shutter(phone)).to_be_disabled()
    assert phone.evaluate("lens.track.readyState + lens.track.muted") == "livefalse"
    assert len(on_the_phone(phone)) == 1

    phone.evaluate("lens.picture = 'scene'")
    expect(shutter(phone)).to_be_enabled()
    expect(camera_message(phone)).to_be_empty()
    assert phone.evaluate("lens.opened") == 1
    take(phone, 1, before=1)
    send_all(phone, 2)
    expect_stored_once(desktop, clinic, 2)


def test_a_tap_on_a_picture_that_just_stopped_takes_the_next_frame_or_none(
    clinic: Clinic, phone: Page, desktop: Page
) -> None:
    """Before the page can know that the frames stopped, a tap waits for one; an old picture is not kept."""
    phone.add_init_script(LENS)
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)
    phone.evaluate("lens.picture = ''")
    # The shutter is still on: the page takes a picture as live for half a second.
    wait_until_true(phone, "() => performance.now() - (window.stopped ??= performance.now()) > 700")

    shutter(phone).evaluate("button => button.click()")

    expect(camera_message(phone)).to_contain_text(STANDS_STILL)
    assert on_the_phone(phone) == []
    phone.evaluate("lens.picture = 'scene'")
    take(phone, 1)


def test_black_first_frames_are_not_offered(clinic: Clinic, phone: Page, desktop: Page) -> None:
    """A camera that has not exposed yet sends black; the shutter waits for a picture."""
    phone.add_init_script(LENS + "lens.picture = 'black';")
    open_consultation_on_both(clinic, phone, desktop)

    phone.get_by_role("button", name="Open camera").click()

    expect(camera_message(phone)).to_contain_text("only one colour")
    expect(shutter(phone)).to_be_disabled()
    phone.evaluate("lens.picture = 'scene'")
    take(phone, 1)


def test_a_dark_scene_can_be_taken(clinic: Clinic, phone: Page, desktop: Page) -> None:
    """The control: darkness with the noise of a sensor is a picture, and gets its badge."""
    phone.add_init_script(LENS + "lens.picture = 'dark';")
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)

    take(phone, 1)

    expect(review(phone, 1).first.get_by_text("Looks dark")).to_be_visible()


@pytest.mark.parametrize(
    "protection", [RANDOM_PIXELS, ONE_BIT_OF_A_PIXEL], ids=["random pixels", "one bit of one pixel"]
)
def test_changed_pixels_are_noticed_before_a_photo(
    clinic: Clinic, phone: Page, desktop: Page, protection: str
) -> None:
    """Protection against fingerprinting: the page says what to change, and takes no photo."""
    phone.add_init_script(LENS + protection)
    open_consultation_on_both(clinic, phone, desktop)

    phone.get_by_role("button", name="Open camera").click()

    expect(camera_message(phone)).to_contain_text("changes the pixels of pictures")
    expect(camera_message(phone)).to_contain_text("protection against fingerprinting")
    expect(shutter(phone)).to_be_disabled()


def test_a_browser_that_stops_changing_pixels_is_trusted_again(
    clinic: Clinic, phone: Page, desktop: Page
) -> None:
    """The way out is tried without a reload."""
    phone.add_init_script(LENS + RANDOM_PIXELS)
    open_consultation_on_both(clinic, phone, desktop)
    phone.get_by_role("button", name="Open camera").click()
    expect(camera_message(phone)).to_contain_text("changes the pixels of pictures")

    phone.evaluate("window.honest = true")
    camera_message(phone).get_by_role("button", name="Try again").click()

    take(phone, 1)


def test_pixels_that_change_only_in_files_are_noticed(clinic: Clinic, phone: Page, desktop: Page) -> None:
    """Where the encoder is the one that changes them: the photo is not saved, and the page says why."""
    phone.add_init_script(LENS + RANDOM_FILES)
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)

    shutter(phone).click()

    phone.get_by_role("button", name="Close camera").click()
    expect(phone.locator("#notices")).to_contain_text(
        "That photo was not saved: this browser changes the pixels"
    )
    assert on_the_phone(phone) == []
