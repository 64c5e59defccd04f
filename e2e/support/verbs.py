"""What users do, by the names that are on the screen."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page, expect

from e2e.support.clinic import Clinic, sha256
from tests.support.waiting import wait_until

MOST_TAPS = 10
WORKER_CONTROLS = """() => {
  const { serviceWorker } = navigator;
  const changed = () => new Promise((done) => (serviceWorker.oncontrollerchange = done));
  return (serviceWorker.controller ? Promise.resolve() : changed()).then(() => true);
}"""
# What a browser says of a request by one of our own pages.
OWN_PAGE = {"sec-fetch-site": "same-origin", "x-cp-client": "1"}


def sign_in(page: Page, clinic: Clinic, back: str = "/mobile", name: str = "", password: str = "") -> None:
    """Sign in and arrive at ``back``; a browser that has shown no page yet does without the form."""
    credentials = name or clinic.name, password or clinic.password
    if page.context.cookies() or page.url != "about:blank":
        sign_in_by_form(page, back, *credentials)
    else:
        body = dict(zip(("name", "password"), credentials, strict=True))
        expect(page.request.post("/api/session", data=body, headers=OWN_PAGE)).to_be_ok()
        page.goto(back)


def sign_in_by_form(page: Page, back: str, name: str, password: str) -> None:
    """Sign in as a user does and arrive at ``back``."""
    page.goto(f"/sign-in?back={back}")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()
    # The address of the sign-in page ends in ``back``, too.
    page.wait_for_url(lambda url: urlsplit(url).path == back)


def sign_in_with_worker(phone: Page, clinic: Clinic) -> None:
    """Sign in on the phone and wait for its service worker: from then on it starts without a link."""
    sign_in(phone, clinic)
    expect_state(phone, "connected")
    # The server has answered once: what it said is known without a link as well.
    expect(phone.get_by_role("button", name="Open camera")).to_be_enabled()
    wait_for_worker(phone)


def wait_for_worker(phone: Page) -> None:
    """Wait until the service worker answers for the page; one that is ready may not do so yet.

    A route that is set right after may still miss the page's requests: set it before the page opens.
    """
    phone.evaluate(WORKER_CONTROLS)


def start_consultation(desktop: Page, label: str) -> None:
    """Open a new consultation on the desktop."""
    desktop.get_by_role("button", name="New consultation").first.click()
    dialog = desktop.get_by_role("dialog")
    dialog.get_by_label("Label").fill(label)
    dialog.get_by_role("button", name=re.compile("start|create", re.I)).click()
    # A list may name it before the start is answered; until then the dialog takes every key.
    expect(dialog).to_have_count(0)
    expect(desktop.get_by_role("heading", name=label)).to_be_visible()


def expect_state(page: Page, state: str) -> None:
    """The page is in this MobileState."""
    expect(page.locator("body")).to_have_attribute("data-state", state)


def open_camera(phone: Page) -> None:
    """Open the camera, tap the name where the server could not be asked, wait until a photo can be taken."""
    phone.get_by_role("button", name="Open camera").click()
    expect_state(phone, "camera")
    ready = phone.locator("#take-photo:enabled").or_(name_to_tap(phone)).filter(visible=True)
    expect(ready).to_have_count(1)
    tap_name(phone)
    expect(phone.get_by_role("button", name="Take photo")).to_be_enabled()


def camera_message(phone: Page) -> Locator:
    """What the camera screen says in place of a picture."""
    return phone.locator("#camera-message")


def take(phone: Page, count: int, before: int = 0) -> None:
    """Tap the shutter, again where it says so, and the name where it is asked for once more.

    Each photo counts once it is safe on the phone.
    """
    again = phone.locator("#shutter-says").filter(has_text="Tap again")
    for number in range(before + 1, before + count + 1):
        safe = phone.get_by_role("button", name=f"Review ({number})")
        for _ in range(MOST_TAPS):
            phone.get_by_role("button", name="Take photo").click()
            expect(safe.or_(again).or_(name_to_tap(phone)).first).to_be_visible()
            tap_name(phone)
            if safe.is_visible():
                break
        expect(safe).to_be_visible()


def name_to_tap(phone: Page) -> Locator:
    """Where the server could not be asked for 20 s: the patient to whom the next photos belong."""
    return phone.get_by_role("button", name=re.compile("^Yes, "))


def tap_name(phone: Page) -> None:
    """Answer, if there is a question; the shutter comes back."""
    if name_to_tap(phone).is_visible():
        name_to_tap(phone).click()
        expect(phone.get_by_role("button", name="Take photo")).to_be_enabled()


def review(phone: Page, count: int) -> Locator:
    """Go to the review screen; the items of the list."""
    phone.get_by_role("button", name=f"Review ({count})").click()
    expect_state(phone, "reviewing")
    items = phone.get_by_role("list", name="Photos to review").get_by_role("listitem")
    expect(items).to_have_count(count)
    return items


def upload(phone: Page, count: int) -> None:
    """Approve the checked photos."""
    noun = "photo" if count == 1 else "photos"
    phone.get_by_role("button", name=f"Upload {count} {noun}").click()


def capture(phone: Page, count: int) -> None:
    """Camera, shutter, review, upload."""
    open_camera(phone)
    take(phone, count)
    review(phone, count)
    upload(phone, count)


def queue_row(phone: Page, words: str | re.Pattern[str]) -> Locator:
    """Rows of the upload queue with these words."""
    return phone.get_by_role("list", name="Upload queue").get_by_role("listitem").filter(has_text=words)


def stored_today(phone: Page, count: int) -> None:
    """The quiet line that says how many photos are safe."""
    expect(phone.get_by_text(f"{count} stored today")).to_be_visible(timeout=30_000)


def gallery(desktop: Page, count: int, limit_ms: int = 30_000) -> None:
    """The desktop shows this many photos, loaded."""
    pictures = desktop.get_by_role("list", name="Photos").get_by_role("img")
    expect(pictures).to_have_count(count, timeout=limit_ms)
    for number in range(count):
        pictures.nth(number).scroll_into_view_if_needed()
        expect(pictures.nth(number)).to_have_js_property("complete", True)
        assert pictures.nth(number).evaluate("image => image.naturalWidth") > 0


def api(page: Page, path: str, method: str = "GET", body: Any = None) -> Any:
    """Ask the API as the signed-in page would, without the page's own code."""
    return page.evaluate(
        """async ([path, method, body]) => {
             const headers = {'content-type': 'application/json', 'x-cp-client': '1'};
             const session = await fetch('/api/session/token', {method: 'POST', headers});
             const {token} = await session.json();
             const bearer = {...headers, authorization: `Bearer ${token}`};
             const answer = await fetch(path, {method, headers: bearer,
               body: body === null ? undefined : JSON.stringify(body)});
             return answer.status === 204 ? null : await answer.json();
           }""",
        [path, method, body],
    )


def expect_stored_once(desktop: Page, clinic: Clinic, count: int) -> list[Any]:
    """Database and store agree: every row stored once, every object with the hash of its capture."""
    rows = clinic.photos()
    assert [row["state"] for row in rows] == ["stored"] * count
    assert len({row["photo_id"] for row in rows}) == count
    for consultation in {row["filed_in"] for row in rows}:
        for photo in api(desktop, f"/api/consultations/{consultation}/photos")["photos"]:
            answer = desktop.request.get(photo["url"])
            assert answer.status == 200
            assert sha256(answer.body()) == photo["sha256"]
    return rows


def send_all(phone: Page, count: int) -> None:
    """Review and upload what was taken, until it is stored."""
    review(phone, count)
    upload(phone, count)
    stored_today(phone, count)


def expect_arrived(phone: Page, desktop: Page, clinic: Clinic, count: int) -> list[Any]:
    """Phone, desktop, database and store agree that so many photos are stored, each once; their rows."""
    stored_today(phone, count)
    gallery(desktop, count)
    return expect_stored_once(desktop, clinic, count)


def open_consultation_on_both(clinic: Clinic, phone: Page, desktop: Page, label: str = "Room 2") -> None:
    """A consultation open on the desktop, and a signed-in phone that shows it."""
    sign_in(desktop, clinic, "/desktop")
    start_consultation(desktop, label)
    sign_in(phone, clinic)
    expect(phone.get_by_role("heading", name=label)).to_be_visible()


def choose(phone: Page, files: Sequence[Path]) -> None:
    """Choose files with the phone's own picker."""
    with phone.expect_file_chooser() as opening:
        phone.get_by_role("button", name="Choose photos").first.click()
    opening.value.set_files(files)
    expect_state(phone, "reviewing")


def pause_of(page: Page) -> Callable[[float], None]:
    """A pause of some seconds in which the page goes on."""
    return lambda seconds: page.wait_for_timeout(seconds * 1000)


def wait_beside(page: Page, state: Callable[[], object], what: str) -> None:
    """Wait for a state outside the page, which goes on meanwhile."""
    wait_until(state, what, pause=pause_of(page))


def wait_until_true(page: Page, condition: str, limit_ms: int = 30_000) -> None:
    """Wait until a JavaScript function, async or not, returns true.

    Playwright's own wait takes a promise of false for true, and a page's policy stops its second look.
    """
    page.evaluate(
        f"""async (limit) => {{
              const isTrue = {condition};
              for (const end = performance.now() + limit; !(await isTrue());) {{
                if (performance.now() > end) throw new Error("it never came true");
                await new Promise((again) => setTimeout(again, 50));
              }}
            }}""",
        limit_ms,
    )
