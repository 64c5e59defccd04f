"""The camera: every way in which it fails is said, has a way out, and costs no photo."""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from PIL import Image, ImageFilter
from playwright.sync_api import Browser, BrowserContext, CDPSession, Locator, Page, Playwright, expect

from e2e.camera import film
from e2e.clinic import Clinic, open_clinic
from e2e.conftest import PHONE, QUIET, chromium
from e2e.pictures import made_photo
from e2e.stored import age_the_server_s_word, on_the_phone
from e2e.verbs import (
    api,
    at,
    choose,
    gallery,
    open_camera,
    open_room,
    review,
    stored_today,
    take,
    the_server_holds,
    upload,
)
from e2e.watch import Watch

NO_LINK = r"ERR_INTERNET_DISCONNECTED|Failed to fetch"
SPY_ON_STREAMS = """
window.streams = [];
const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (wish) => {
  const stream = await open(wish);
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
# Without it estimate() answers usage + 10 GiB whatever the quota: a guard against fingerprinting.
TRUE_ESTIMATE = "--disable-features=StaticStorageQuota"

Launch = Callable[..., Page]


@pytest.fixture
def launch(playwright: Playwright, watch: Watch, clinic: Clinic) -> Iterator[Launch]:
    """Phones in browsers of their own, for switches that hold for a whole browser."""
    browsers: list[Browser] = []

    def launch_one(*arguments: str) -> Page:
        browsers.append(playwright.chromium.launch(executable_path=chromium(), args=[*QUIET, *arguments]))
        context = browsers[-1].new_context(**{**PHONE, "base_url": clinic.url})
        context.set_default_timeout(15_000)
        watch.context(context)
        return context.new_page()

    yield launch_one
    for browser in browsers:
        browser.close()


def filmed(path: Path) -> Sequence[str]:
    """Switches for a camera that looks at a film."""
    return ("--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={path}")


def message(phone: Page) -> Locator:
    """What the camera screen says in place of a picture."""
    return phone.locator("#camera-message")


def choosing_still_works(clinic: Clinic, phone: Page, desktop: Page, folder: Path) -> None:
    """The way out: a chosen file is stored all the same."""
    expect(message(phone).get_by_role("button", name="Choose photos")).to_be_visible()
    expect(phone.get_by_role("button", name="Take photo")).to_be_disabled()
    choose(phone, [made_photo(folder / "chosen.jpg")])
    upload(phone, 1)
    stored_today(phone, 1)
    gallery(desktop, 1)
    the_server_holds(desktop, clinic, 1)


def test_a_camera_that_is_not_allowed_is_said(
    clinic: Clinic, desktop: Page, open_context: Callable[..., BrowserContext], tmp_path: Path
) -> None:
    """The sentence says where to allow it, and photos can be chosen instead."""
    phone = open_context(**{**PHONE, "permissions": ["background-sync"]}).new_page()
    open_room(clinic, phone, desktop)

    phone.get_by_role("button", name="Open camera").click()

    expect(message(phone)).to_contain_text("The camera is not allowed for this page.")
    expect(message(phone).get_by_role("button", name="Try again")).to_be_visible()
    choosing_still_works(clinic, phone, desktop, tmp_path)


def test_a_phone_without_a_camera_says_so(
    clinic: Clinic, desktop: Page, launch: Launch, tmp_path: Path
) -> None:
    """No camera is no dead end."""
    phone = launch("--use-fake-device-for-media-stream=device-count=0")
    open_room(clinic, phone, desktop)

    phone.get_by_role("button", name="Open camera").click()

    expect(message(phone)).to_contain_text("No camera was found.")
    choosing_still_works(clinic, phone, desktop, tmp_path)


def test_a_camera_in_use_elsewhere_says_what_to_close(
    clinic: Clinic, phone: Page, desktop: Page, tmp_path: Path
) -> None:
    """Busy is told from forbidden."""
    phone.add_init_script(BUSY_CAMERA)
    open_room(clinic, phone, desktop)

    phone.get_by_role("button", name="Open camera").click()

    expect(message(phone)).to_contain_text("Another app is using the camera.")
    choosing_still_works(clinic, phone, desktop, tmp_path)


def allow(browser: Browser, phone: Page, name: str, setting: str = "granted") -> None:
    """Change a permission as a person does in the browser's settings, at any moment."""
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


def test_a_permission_taken_away_in_mid_visit_can_be_given_back(
    clinic: Clinic, browser: Browser, phone: Page, desktop: Page
) -> None:
    """The picture ends, the page says so, and the same visit goes on once it is allowed again."""
    open_room(clinic, phone, desktop)
    open_camera(phone)
    take(phone, 1)

    allow(browser, phone, "camera", "denied")
    expect(message(phone)).to_contain_text("The camera is not allowed for this page.")
    expect(phone.get_by_role("button", name="Take photo")).to_be_disabled()
    allow(browser, phone, "camera", "granted")
    message(phone).get_by_role("button", name="Try again").click()

    take(phone, 1, before=1)
    review(phone, 2)
    upload(phone, 2)
    stored_today(phone, 2)
    gallery(desktop, 2)
    the_server_holds(desktop, clinic, 2)


def tracks(phone: Page) -> list[str]:
    """State of every camera track that the page ever opened."""
    return phone.evaluate("streams.flatMap((stream) => stream.getTracks().map((one) => one.readyState))")


def test_one_stream_serves_a_visit_and_ends_with_it(clinic: Clinic, phone: Page, desktop: Page) -> None:
    """Three photos, one stream; closing the camera stops it, and so does going to review."""
    phone.add_init_script(SPY_ON_STREAMS)
    open_room(clinic, phone, desktop)
    open_camera(phone)
    take(phone, 3)
    assert tracks(phone) == ["live"]

    phone.get_by_role("button", name="Close camera").click()
    at(phone, "connected")
    assert tracks(phone) == ["ended"]
    open_camera(phone)
    assert tracks(phone) == ["ended", "live"]
    review(phone, 3)
    assert tracks(phone) == ["ended", "ended"]

    upload(phone, 3)
    stored_today(phone, 3)
    gallery(desktop, 3)
    the_server_holds(desktop, clinic, 3)


def blurred(frame: Image.Image) -> Image.Image:
    """An unsteady hand: a radius of 6 at the size in which photos are kept."""
    return frame.filter(ImageFilter.GaussianBlur(15))


def darkened(frame: Image.Image) -> Image.Image:
    """A fifth of the light."""
    return frame.point(lambda value: value // 5)


@pytest.mark.parametrize(
    ("spoil", "hint", "other"),
    [
        (None, None, "Looks"),
        (blurred, "Looks blurred", "Looks dark"),
        (darkened, "Looks dark", "Looks blurred"),
    ],
    ids=["as it is", "blurred", "darkened"],
)
def test_a_poor_picture_gets_a_hint_and_no_obstacle(
    clinic: Clinic,
    desktop: Page,
    launch: Launch,
    tmp_path: Path,
    spoil: Callable[[Image.Image], Image.Image] | None,
    hint: str | None,
    other: str,
) -> None:
    """The hint stands on the photo in review; the photo is sent like any other."""
    phone = launch(*filmed(film(tmp_path / "film.mjpeg", frames=3, treat=spoil)))
    open_room(clinic, phone, desktop)
    open_camera(phone)
    take(phone, 1)

    card = review(phone, 1).first

    if hint:
        expect(card.get_by_text(hint)).to_be_visible()
    expect(card.get_by_text(other)).to_have_count(0)
    expect(card.get_by_role("checkbox")).to_be_checked()
    upload(phone, 1)
    stored_today(phone, 1)
    gallery(desktop, 1)
    the_server_holds(desktop, clinic, 1)


def test_ten_fast_taps_give_ten_photos(clinic: Clinic, phone: Page, desktop: Page) -> None:
    """Nobody waits between taps, and no tap is lost."""
    open_room(clinic, phone, desktop)
    open_camera(phone)

    phone.get_by_role("button", name="Take photo").evaluate(
        "async (shutter) => { for (let n = 0; n < 10; n++) { shutter.click(); await 0; } }"
    )

    review_button = phone.get_by_role("button", name="Review (10)")
    expect(review_button).to_be_visible(timeout=10_000)
    assert len({record["photoId"] for record in on_the_phone(phone)}) == 10
    review(phone, 10)
    upload(phone, 10)
    stored_today(phone, 10)
    gallery(desktop, 10)
    the_server_holds(desktop, clinic, 10)


def limit_storage(session: CDPSession, clinic: Clinic, size: int | None) -> None:
    """Room of this many bytes for the page, or as much as before."""
    wish = {"origin": clinic.url} if size is None else {"origin": clinic.url, "quotaSize": size}
    session.send("Storage.overrideQuotaForOrigin", wish)


def test_a_phone_that_is_nearly_full_refuses_the_shutter_first(
    clinic: Clinic, desktop: Page, launch: Launch, camera: Path
) -> None:
    """Nothing is taken that could not be kept; what was kept is sent, and room opens the shutter again."""
    phone = launch(*filmed(camera), TRUE_ESTIMATE)
    open_room(clinic, phone, desktop)
    open_camera(phone)
    take(phone, 1)
    phone.get_by_role("button", name="Close camera").click()
    session = phone.context.new_cdp_session(phone)

    limit_storage(session, clinic, 1_000_000)
    phone.get_by_role("button", name="Open camera").click()
    expect(message(phone)).to_contain_text("This phone's storage is almost full.")
    expect(phone.get_by_role("button", name="Take photo")).to_be_disabled()
    phone.get_by_role("button", name="Close camera").click()
    limit_storage(session, clinic, None)
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
        phone.wait_for_function(
            """(number) => document.body.dataset.state === "error" ||
                 document.querySelector("#review-camera").textContent.includes(`(${number})`)""",
            arg=number,
        )
        if phone.locator("body").get_attribute("data-state") == "error":
            return number - 1
    raise AssertionError("the phone never ran full")


def test_a_photo_that_the_phone_cannot_store_is_held_until_it_can(
    clinic: Clinic, phone: Page, desktop: Page
) -> None:
    """The write fails for real: the page says so, keeps the shot, and saves it when there is room."""
    session = phone.context.new_cdp_session(phone)
    # Before the page's first write: Chromium remembers for a while how much room there was.
    limit_storage(session, clinic, 1_500_000)
    open_room(clinic, phone, desktop)
    open_camera(phone)

    kept = take_until_refused(phone)
    expect(phone.get_by_text("This phone could not save 1 photo. It is held only")).to_be_visible()
    assert len(on_the_phone(phone)) == kept > 0
    limit_storage(session, clinic, None)
    phone.get_by_role("button", name="Try again").click()

    phone.get_by_role("button", name=f"Review ({kept + 1})").first.click()
    upload(phone, kept + 1)
    stored_today(phone, kept + 1)
    gallery(desktop, kept + 1)
    the_server_holds(desktop, clinic, kept + 1)


@pytest.fixture
def forgetful(tmp_path: Path) -> Iterator[Clinic]:
    """A clinic where a consultation is stale after one minute."""
    with open_clinic(tmp_path / "forgetful", CONSULTATION_STALE_MINUTES="1") as clinic:
        yield clinic


@pytest.mark.parametrize(("answer", "filed_in"), [("Use Room 2", "Room 2"), ("No consultation", "Unfiled")])
def test_an_old_consultation_is_asked_about_before_the_first_shutter(
    forgetful: Clinic,
    open_context: Callable[..., BrowserContext],
    watch: Watch,
    answer: str,
    filed_in: str,
) -> None:
    """Without a link, two minutes after the server's last word: its age is said, and a person decides."""
    watch.allow(NO_LINK)
    desktop = open_context(base_url=forgetful.url).new_page()
    phone = open_context(**{**PHONE, "base_url": forgetful.url}).new_page()
    open_room(forgetful, phone, desktop)
    phone.evaluate("navigator.serviceWorker.ready.then(() => true)")
    phone.context.set_offline(True)
    age_the_server_s_word(phone, minutes=2)
    phone.reload()
    expect(phone.get_by_role("heading", name="Room 2")).to_be_visible()

    phone.get_by_role("button", name="Open camera").click()
    expect(phone.get_by_text(re.compile("Room 2 was last confirmed 2 minutes ago"))).to_be_visible()
    expect(phone.get_by_role("button", name="Take photo")).not_to_be_visible()
    phone.get_by_role("group").get_by_role("button", name=answer).click()
    take(phone, 1)
    review(phone, 1)
    phone.context.set_offline(False)
    upload(phone, 1)

    stored_today(phone, 1)
    [row] = the_server_holds(desktop, forgetful, 1)
    labels = {one["id"]: one["label"] for one in api(desktop, "/api/consultations")["consultations"]}
    assert labels[row["filed_in"]] == filed_in


def test_a_fresh_consultation_is_not_asked_about(
    forgetful: Clinic, open_context: Callable[..., BrowserContext]
) -> None:
    """The control: with the server's word just heard, the shutter is free at once."""
    desktop = open_context(base_url=forgetful.url).new_page()
    phone = open_context(**{**PHONE, "base_url": forgetful.url}).new_page()
    open_room(forgetful, phone, desktop)

    open_camera(phone)

    take(phone, 1)
    review(phone, 1)
    upload(phone, 1)
    stored_today(phone, 1)
    the_server_holds(desktop, forgetful, 1)


def test_the_screen_stays_on_while_photos_are_sent(
    clinic: Clinic, browser: Browser, phone: Page, desktop: Page
) -> None:
    """A wake lock is asked for when sending begins, not before, and let go when all is stored."""
    phone.add_init_script(SPY_ON_WAKE_LOCKS)
    open_room(clinic, phone, desktop)
    allow(browser, phone, "screen-wake-lock")
    open_camera(phone)
    take(phone, 2)
    review(phone, 2)
    assert phone.evaluate("wakeLocks.length") == 0

    upload(phone, 2)

    stored_today(phone, 2)
    phone.wait_for_function("wakeLocks.length > 0 && wakeLocks.every((lock) => lock.released)")
    gallery(desktop, 2)
    the_server_holds(desktop, clinic, 2)
