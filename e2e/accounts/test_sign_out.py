"""A sign-out reaches every tab at once, and leaves nothing of a patient on the device but waiting photos."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from e2e.conftest import DESKTOP, PHONE
from e2e.support.api_upload import WIDTH, store_photos
from e2e.support.clinic import Clinic
from e2e.support.handset import Handset
from e2e.support.stored import bodies, thumbnails
from e2e.support.verbs import (
    expect_state,
    gallery,
    open_camera,
    open_consultation_on_both,
    sign_in,
    start_consultation,
    take,
    wait_for_worker,
)
from e2e.support.watch import Watch

SIGN_IN = re.compile("/sign-in")
NO_LINK = r"ERR_INTERNET_DISCONNECTED|Failed to fetch"
LABEL, SECOND = "Qzlabel81", "Qzsecond82"
META = """async () => {
  const open = indexedDB.open("clinicpro-capture");
  const database = await new Promise((resolve) => (open.onsuccess = () => resolve(open.result)));
  const all = (name) => new Promise((resolve) => {
    const request = database.transaction(name).objectStore(name).getAll();
    request.onsuccess = () => resolve(request.result);
  });
  const kept = { meta: await all("meta"), photos: await all("photos") };
  database.close();
  return JSON.stringify([kept, { ...localStorage }, { ...sessionStorage }, history.state, document.title]);
}"""


def sign_out_on_the_phone(page: Page) -> None:
    """By the menu, whatever still waits."""
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("dialog").get_by_role("button", name="Sign out").click()
    page.wait_for_function("!document.querySelector('dialog[open] [value=password]')")
    question = page.get_by_role("dialog").get_by_role("button", name="Sign out")
    if question.count():
        question.click()


def sign_out_on_the_desktop(page: Page) -> None:
    """By the button in the corner."""
    page.get_by_role("button", name="Sign out").click()


def nothing_is_shown(page: Page, label: str) -> None:
    """The camera is closed, and neither the patient's label nor a shutter is on the page."""
    expect(page.get_by_text(label)).to_have_count(0)
    expect(page.get_by_role("button", name="Take photo")).not_to_be_visible()
    assert label not in page.title()


@pytest.mark.parametrize("where", ["/mobile", "/desktop"])
def test_a_sign_out_in_one_tab_closes_the_camera_of_another(
    clinic: Clinic, phone: Page, desktop: Page, watch: Watch, where: str
) -> None:
    """At once, without asking the server; what was shot before stays with its owner and waits."""
    watch.allow("status of 401", NO_LINK)
    open_consultation_on_both(clinic, phone, desktop)
    other = phone.context.new_page()
    other.goto(where)
    expect(other.get_by_role("heading", name="Room 2")).to_be_visible()
    open_camera(phone)
    take(phone, 2)

    if where == "/desktop":
        other.set_viewport_size(DESKTOP["viewport"])
    (sign_out_on_the_phone if where == "/mobile" else sign_out_on_the_desktop)(other)

    nothing_is_shown(phone, "Room 2")
    phone.wait_for_url(SIGN_IN)
    other.wait_for_url(SIGN_IN)
    sign_in(phone, clinic)
    expect(phone.get_by_role("button", name="Review (2)")).to_be_visible()
    assert clinic.photos() == []


def test_a_sign_out_without_a_link_closes_the_other_tabs_as_well(
    clinic: Clinic, phone: Page, desktop: Page, watch: Watch
) -> None:
    """They cannot ask the server, and need not."""
    watch.allow("status of 401", NO_LINK)
    open_consultation_on_both(clinic, phone, desktop)
    wait_for_worker(phone)
    other = phone.context.new_page()
    other.goto("/mobile")
    expect(other.get_by_role("heading", name="Room 2")).to_be_visible()
    open_camera(phone)
    take(phone, 1)
    phone.context.set_offline(True)

    sign_out_on_the_phone(other)

    nothing_is_shown(phone, "Room 2")
    phone.context.set_offline(False)
    phone.wait_for_url(SIGN_IN)


def test_another_user_who_signs_in_ends_the_camera_of_the_first(
    clinic: Clinic, phone: Page, desktop: Page, watch: Watch
) -> None:
    """Ben signs in beside Anna's open camera: her page stops, and his begins with nothing of hers."""
    watch.allow("status of 401", NO_LINK)
    ben = clinic.add_account("ben")
    open_consultation_on_both(clinic, phone, desktop)
    other = phone.context.new_page()
    other.goto("/sign-in?back=/mobile&change=1")
    open_camera(phone)
    take(phone, 1)

    credentials = {"name": "ben", "password": ben}
    other.evaluate(
        """async (credentials) => {
             const headers = { "Content-Type": "application/json", "X-CP-Client": "1" };
             const init = { method: "POST", headers, body: JSON.stringify(credentials) };
             const { user } = await (await fetch("/api/session", init)).json();
             new BroadcastChannel("clinicpro-session").postMessage({ type: "signed-in", user: user.id });
           }""",
        credentials,
    )

    nothing_is_shown(phone, "Room 2")
    expect(phone.get_by_text("1 photo of another person")).to_be_visible()
    expect(phone.get_by_role("button", name=re.compile("Review"))).not_to_be_visible()


def test_a_new_password_in_one_tab_leaves_the_other_at_work(
    clinic: Clinic, phone: Page, desktop: Page, watch: Watch
) -> None:
    """The same user has another session; the open camera stays and takes the next photo."""
    # The desktop is another browser, whose session ends.
    watch.allow("status of 401", "warning: Ably")
    open_consultation_on_both(clinic, phone, desktop)
    other = phone.context.new_page()
    other.goto("/sign-in?back=/mobile&change=1")
    open_camera(phone)
    take(phone, 1)

    fresh = "quiet-harbour-lantern-42"
    other.get_by_label("Current password").fill(clinic.password)
    other.get_by_label("New password").fill(fresh)
    other.get_by_role("button", name="Change password").click()
    expect(other.get_by_role("heading", name=re.compile("changed", re.IGNORECASE))).to_be_visible()

    take(phone, 1, before=1)
    expect(phone.get_by_role("heading", name="Room 2")).to_be_visible()
    expect_state(phone, "camera")


def start_with_canaries(desktop: Page) -> None:
    """A consultation whose texts can be searched for."""
    desktop.get_by_role("button", name="New consultation").first.click()
    form = desktop.get_by_role("dialog", name="New consultation")
    form.get_by_label("Label").fill(LABEL)
    form.get_by_label("Second identifier").fill(SECOND)
    form.get_by_role("button", name="Start consultation").click()
    expect(desktop.get_by_role("heading", name=LABEL)).to_be_visible()


@pytest.mark.parametrize("where", ["/mobile", "/desktop"])
def test_no_text_of_a_patient_is_kept_after_a_sign_out(
    clinic: Clinic, open_context: Callable[..., BrowserContext], watch: Watch, where: str
) -> None:
    """Neither in the phone's storage nor in the page, on whichever page the sign-out was."""
    watch.allow("status of 401", NO_LINK)
    context = open_context(**{**PHONE, "viewport": DESKTOP["viewport"], "is_mobile": False})
    desktop = context.new_page()
    sign_in(desktop, clinic, "/desktop")
    start_with_canaries(desktop)
    phone = context.new_page()
    phone.goto("/mobile")
    expect(phone.get_by_role("heading", name=LABEL)).to_be_visible()
    phone.wait_for_function(
        f"({META})().then((kept) => kept.includes('{LABEL}') && kept.includes('{SECOND}'))"
    )

    (sign_out_on_the_phone if where == "/mobile" else sign_out_on_the_desktop)(
        phone if where == "/mobile" else desktop
    )

    phone.wait_for_url(SIGN_IN)
    desktop.wait_for_url(SIGN_IN)
    kept = phone.evaluate(META)
    assert [word for word in (LABEL, SECOND, clinic.name) if word in kept] == []
    for page in (phone, desktop):
        page.go_back()
        expect(page.get_by_text(LABEL)).to_have_count(0)


def test_no_picture_is_kept_on_the_disk_after_a_sign_out(
    clinic: Clinic, handset: Handset, watch: Watch
) -> None:
    """The whole profile is searched for pieces of the pictures that were shown."""
    watch.allow("status of 401", NO_LINK)
    desktop = handset.open()
    desktop.set_viewport_size(DESKTOP["viewport"])
    sign_in(desktop, clinic, "/desktop")
    start_consultation(desktop, "Room 2")
    store_photos(desktop, 2)
    gallery(desktop, 2)
    desktop.wait_for_function(
        "[...document.querySelectorAll('#gallery img')].every((image) => image.naturalWidth > 0)"
    )
    desktop.get_by_role("list", name="Photos").get_by_role("button").first.click()
    expect(desktop.locator("#photo-dialog img")).to_have_js_property("naturalWidth", WIDTH)
    desktop.keyboard.press("Escape")
    shown = [*bodies(desktop, clinic, 2).values(), *thumbnails(desktop).values()]
    pieces = [body[600:632] for body in shown]
    assert len(pieces) == 4
    sign_out_on_the_desktop(desktop)
    desktop.wait_for_url(SIGN_IN)
    # The control: what may be kept is found by the same search.
    desktop.evaluate(
        "caches.open('control').then((cache) => cache.put('/control', new Response('Qzcontrol83')))"
    )
    handset.close()

    assert found_on_disk(handset.profile, [*pieces, b"Qzcontrol83"]) == [b"Qzcontrol83"]


def found_on_disk(folder: Path, pieces: list[bytes]) -> list[bytes]:
    """The pieces that any file of a folder contains."""
    contents = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    return [piece for piece in pieces if any(piece in content for content in contents)]


def test_the_answers_of_pictures_forbid_every_cache(clinic: Clinic, desk: Page) -> None:
    """The picture's address carries it, so that any store answers the same."""
    answers: list[Any] = []
    desk.on("response", lambda answer: answers.append(answer) if "X-Amz-Signature" in answer.url else None)
    store_photos(desk, 1)
    gallery(desk, 1)
    desk.wait_for_function("document.querySelector('#gallery img').naturalWidth > 0")
    desk.get_by_role("list", name="Photos").get_by_role("button").first.click()
    expect(desk.get_by_role("dialog")).to_be_visible()
    expect(desk.locator("#photo-dialog img")).to_have_js_property("naturalWidth", WIDTH)

    shown = [answer for answer in answers if answer.request.method == "GET"]
    # One request each: the thumbnail, which the dialog begins with, and the photo.
    assert [answer.headers["cache-control"] for answer in shown] == ["private, no-store"] * 2
    assert [".thumb.webp?" in answer.url for answer in shown] == [True, False]
    assert all("response-cache-control=private%2C%20no-store" in answer.url for answer in shown)
