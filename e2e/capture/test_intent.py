"""What a clinician meant to do is done or answered: Back, files, notices, addresses."""

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect

from e2e.conftest import PHONE, Launch
from e2e.support.clinic import Clinic
from e2e.support.pictures import made_photo
from e2e.support.stored import on_the_phone
from e2e.support.verbs import (
    choose,
    expect_state,
    expect_stored_once,
    open_camera,
    open_consultation_on_both,
    review,
    stored_today,
    take,
    upload,
    wait_for_worker,
    wait_until_true,
)
from e2e.support.watch import Watch

NO_LINK = r"ERR_INTERNET_DISCONNECTED|Failed to fetch"
# Files beyond the twelfth never come out of the decoder, and its limit of 15 s never ends meanwhile.
STUCK_AFTER_TWELVE = """
let opened = 0;
const open = window.createImageBitmap;
window.createImageBitmap = (source, ...how) =>
  source instanceof File && ++opened > 12 ? new Promise(() => {}) : open(source, ...how);
const later = window.setTimeout;
window.setTimeout = (what, ms, ...given) => (ms === 15000 ? 0 : later(what, ms, ...given));
"""


def test_back_leaves_the_camera_and_the_review_and_then_the_app(
    clinic: Clinic, phone: Page, desktop: Page
) -> None:
    """One Back for one screen; from the first screen it leads where the phone came from, at once."""
    open_consultation_on_both(clinic, phone, desktop)
    phone.goto("about:blank")
    phone.goto("/mobile")
    open_camera(phone)
    take(phone, 1)

    phone.go_back()
    expect_state(phone, "connected")
    phone.get_by_role("button", name="Review (1)").click()
    expect_state(phone, "reviewing")
    phone.go_back()
    expect_state(phone, "connected")
    expect(phone.get_by_text("1 photo not uploaded yet")).to_be_visible()
    open_camera(phone)
    review(phone, 1)
    phone.get_by_role("button", name="Close review").click()
    expect_state(phone, "connected")
    wait_until_true(phone, "() => history.state === null")
    assert phone.url == f"{clinic.url}/mobile"

    phone.go_back()
    assert phone.url == "about:blank"
    phone.go_forward()
    expect_state(phone, "connected")
    assert len(on_the_phone(phone)) == 1


def many(folder: Path, count: int) -> list[Path]:
    """So many small pictures, each another one."""
    files = [folder / f"picked_{number}.jpg" for number in range(count)]
    for number, file in enumerate(files):
        picture = Image.new("RGB", (96, 72), (8 * number, 255 - 8 * number, 90))
        picture.paste((20, 20, 20), (10, 10, 50, 10 + 2 * (number + 1)))
        picture.save(file, quality=90)
    return files


def test_a_page_closed_while_files_were_added_says_how_many_it_did_not_keep(
    clinic: Clinic, phone: Page, desktop: Page, tmp_path: Path
) -> None:
    """Thirty picked, twelve kept: the count is shown meanwhile, and said once on the next opening."""
    open_consultation_on_both(clinic, phone, desktop)
    page = phone.context.new_page()
    page.add_init_script(STUCK_AFTER_TWELVE)
    page.goto("/mobile")
    choose(page, many(tmp_path, 30))
    expect(page.get_by_text("Saving chosen photos: 12 of 30")).to_be_visible()
    assert len(on_the_phone(page)) == 12
    wait_for_counts(page, 30, 12)
    page.close()

    phone.reload()

    sentence = phone.get_by_text("18 of 30 chosen photos were not kept, because the page was closed first.")
    expect(sentence).to_be_visible()
    review(phone, 12)
    phone.locator("#notices").get_by_role("button", name="OK").click()
    expect(sentence).to_have_count(0)
    upload(phone, 12)
    stored_today(phone, 12)
    expect_stored_once(desktop, clinic, 12)
    phone.reload()
    expect_state(phone, "connected")
    expect(phone.get_by_text("12 stored today")).to_be_visible()
    expect(sentence).to_have_count(0)


def wait_for_counts(page: Page, count: int, kept: int) -> None:
    """Wait until the phone has stored how many picked files it keeps; the screen may show it sooner."""
    wait_until_true(
        page,
        """async () => {
             const opening = indexedDB.open("clinicpro-capture");
             const database = await new Promise((done) => (opening.onsuccess = () => done(opening.result)));
             const request = database.transaction("meta").objectStore("meta").get("picked");
             await new Promise((done) => (request.onsuccess = done));
             database.close();
             const [one] = Object.values(request.result ?? {});
             return one?.all === ALL && one?.kept === KEPT;
           }""".replace("ALL", str(count)).replace("KEPT", str(kept)),
    )


def test_files_that_all_arrive_leave_no_notice(
    clinic: Clinic, phone: Page, desktop: Page, tmp_path: Path
) -> None:
    """The control: all kept, so neither a count nor a sentence remains."""
    open_consultation_on_both(clinic, phone, desktop)
    choose(phone, many(tmp_path, 3))
    expect(phone.get_by_role("button", name="Upload 3 photos")).to_be_visible()
    expect(phone.get_by_text("Saving chosen photos")).to_be_hidden()

    phone.reload()

    review(phone, 3)
    expect(phone.get_by_text("not kept")).to_have_count(0)


@pytest.mark.parametrize("times", [[3], [1, 1, 1]], ids=["at once", "one by one"])
def test_a_file_picked_three_times_is_kept_once_and_named(
    clinic: Clinic, phone: Page, desktop: Page, tmp_path: Path, times: list[int]
) -> None:
    """Each repetition is said with the file's name; one photo is sent."""
    open_consultation_on_both(clinic, phone, desktop)
    file = made_photo(tmp_path / "wound.jpg")
    for count in times:
        if phone.locator("body").get_attribute("data-state") == "reviewing":
            phone.get_by_role("button", name="Close review").click()
        choose(phone, [file] * count)
        expect(phone.get_by_role("button", name="Upload 1 photo")).to_be_visible()
        expect(phone.get_by_text("Saving chosen photos")).to_be_hidden()

    said = "wound.jpg is already on this phone for this consultation. It is kept once."
    expect(phone.locator("#notices").get_by_text(said)).to_have_count(2)
    upload(phone, 1)
    stored_today(phone, 1)
    expect_stored_once(desktop, clinic, 1)


def test_each_notice_has_an_ok_of_its_own(clinic: Clinic, phone: Page, desktop: Page, tmp_path: Path) -> None:
    """Dismissing one leaves the other to be read."""
    open_consultation_on_both(clinic, phone, desktop)
    letters = [tmp_path / "first.jpg", tmp_path / "second.jpg"]
    for letter in letters:
        letter.write_text("Dear colleague, this is no picture.")
    choose(phone, letters)
    notices = [
        phone.locator("#notices .note").filter(has_text=f"{letter.name} could not be opened")
        for letter in letters
    ]
    for notice in notices:
        expect(notice.get_by_role("button", name="OK")).to_be_visible()

    notices[0].get_by_role("button", name="OK").click()

    expect(notices[0]).to_have_count(0)
    expect(notices[1]).to_be_visible()
    notices[1].get_by_role("button", name="OK").click()
    expect(phone.locator("#notices .note")).to_have_count(0)


def camera_of_the_icon(phone: Page) -> str:
    """Where the installed icon's "Open camera" leads."""
    manifest = phone.request.get("/manifest.webmanifest").json()
    [url] = [one["url"] for one in manifest["shortcuts"] if one["name"] == "Open camera"]
    return str(url)


def test_the_icons_open_camera_opens_the_camera_online_and_offline(
    clinic: Clinic, phone: Page, desktop: Page, watch: Watch
) -> None:
    """Once: a reload of that page is no second request."""
    watch.allow(NO_LINK)
    open_consultation_on_both(clinic, phone, desktop)
    wait_for_worker(phone)
    address = camera_of_the_icon(phone)

    phone.goto(address)
    expect_state(phone, "camera")
    take(phone, 1)
    phone.reload()
    expect_state(phone, "connected")

    phone.context.set_offline(True)
    phone.goto(address)
    expect_state(phone, "camera")
    phone.get_by_role("button", name="Yes, Room 2").click()
    take(phone, 1, before=1)
    assert len(on_the_phone(phone)) == 2


def fill_in(phone: Page, clinic: Clinic) -> None:
    """Sign in on the page to which the phone was redirected."""
    phone.wait_for_url(re.compile("/sign-in"))
    name = phone.get_by_label("Name")
    too_early = phone.get_by_role("heading", name="No connection")
    expect(name.or_(too_early).first).to_be_visible()
    # The worker notices the link a moment after the page, which left at once.
    if too_early.is_visible():
        phone.reload()
    name.fill(clinic.name)
    phone.get_by_label("Password", exact=True).fill(clinic.password)
    phone.get_by_role("button", name="Sign in").click()


def test_the_icons_open_camera_survives_the_sign_in(
    clinic: Clinic, phone: Page, open_context: Callable[..., BrowserContext], watch: Watch
) -> None:
    """Signed out: the sign-in comes first, offline a sentence says so; then the camera opens."""
    watch.allow(NO_LINK, r"503 \(Offline\)")
    phone.goto(camera_of_the_icon(phone))
    fill_in(phone, clinic)
    expect_state(phone, "camera")
    take(phone, 1)

    second_phone = open_context(**PHONE).new_page()
    second_phone.goto("/mobile")
    second_phone.wait_for_url(re.compile("/sign-in"))
    wait_for_worker(second_phone)
    second_phone.context.set_offline(True)
    second_phone.goto(camera_of_the_icon(phone))
    expect(second_phone.get_by_text("Connect this phone to the network once, to sign in.")).to_be_visible()
    expect_state(second_phone, "connected")
    second_phone.context.set_offline(False)
    fill_in(second_phone, clinic)
    expect_state(second_phone, "camera")
    take(second_phone, 1)


@pytest.mark.parametrize("link", ["online", "offline"])
def test_every_spelling_of_the_phones_address_leads_to_its_page(
    clinic: Clinic, phone: Page, desktop: Page, watch: Watch, link: str
) -> None:
    """Server and worker agree on what an address is, with its query."""
    watch.allow(NO_LINK)
    open_consultation_on_both(clinic, phone, desktop)
    wait_for_worker(phone)
    phone.context.set_offline(link == "offline")

    for asked in ("/mobile/", "/Mobile", "/mobile?x=1", "/MOBILE/?x=1"):
        phone.goto(asked)
        expect_state(phone, "connected")
        expect(phone.get_by_role("heading", name="Room 2")).to_be_visible()
        _, _, path, query, _ = urlsplit(phone.url)
        assert (path, query) == ("/mobile", urlsplit(asked).query)


@pytest.mark.parametrize("link", ["online", "offline"])
def test_the_front_door_of_a_phone_leads_to_its_page(
    clinic: Clinic, launch: Launch, camera: Path, desktop: Page, watch: Watch, link: str
) -> None:
    """The worker, too, recognizes a phone by its user agent; emulation would set that for the page alone."""
    watch.allow(NO_LINK)
    phone = launch(camera, f"--user-agent={PHONE['user_agent']}")
    open_consultation_on_both(clinic, phone, desktop)
    wait_for_worker(phone)
    phone.context.set_offline(link == "offline")

    phone.goto("/")

    expect_state(phone, "connected")
    expect(phone.get_by_role("heading", name="Room 2")).to_be_visible()
    assert phone.url == f"{clinic.url}/mobile"
