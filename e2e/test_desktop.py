"""The desktop: words are never lost, what is shown is what the server holds, and the keyboard does it all."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

from e2e.clinic import Clinic, free_port
from e2e.conftest import DESKTOP
from e2e.courier import deliver
from e2e.doubles.proxy import Proxy, open_proxy
from e2e.verbs import api, gallery, sign_in, start_consultation, the_server_holds
from e2e.watch import Watch


@pytest.fixture
def desk(clinic: Clinic, desktop: Page) -> Page:
    """A signed-in desktop with an open consultation."""
    sign_in(desktop, clinic, "/desktop")
    start_consultation(desktop, "Room 2")
    return desktop


@pytest.fixture
def other(clinic: Clinic, desk: Page, open_context: Callable[..., BrowserContext]) -> Page:
    """The same clinician at another desk, looking at the same consultation."""
    other = open_context(**DESKTOP).new_page()
    sign_in(other, clinic, "/desktop")
    expect(other.get_by_role("heading", name="Room 2")).to_be_visible()
    expect(other.get_by_text("Live", exact=True)).to_be_visible()
    return other


def notes_of(page: Page) -> Locator:
    """The box for notes."""
    return page.get_by_role("textbox", name="Notes")


def visits(page: Page) -> dict[str, Any]:
    """Consultations by label, as the server knows them."""
    return {one["label"]: one for one in api(page, "/api/consultations")["consultations"]}


def tiles(page: Page) -> Locator:
    """The photos of the gallery, as buttons."""
    return page.get_by_role("list", name="Photos").get_by_role("button")


def open_photo(page: Page, number: int) -> Locator:
    """Open one photo; its dialog."""
    tiles(page).nth(number - 1).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name=f"Photo {number} of ")).to_be_visible()
    return dialog


def saved(place: Page | Locator) -> None:
    """What was typed is on the server, and the page says so."""
    expect(place.get_by_text("Saved", exact=True)).to_be_visible()


def test_notes_save_themselves_and_survive_a_reload(desk: Page) -> None:
    """Nobody presses a button; nothing typed stays behind in the tab once it is saved."""
    notes_of(desk).fill("Itches since Monday.\nNo fever.")
    saved(desk)

    desk.reload()

    expect(notes_of(desk)).to_have_value("Itches since Monday.\nNo fever.")
    assert visits(desk)["Room 2"]["notes"] == "Itches since Monday.\nNo fever."
    assert desk.evaluate("JSON.stringify({...sessionStorage})") == "{}"
    # The signal client notes there which transport worked; nothing of a patient.
    assert desk.evaluate("Object.keys(localStorage)") == ["ably-transport-preference"]


def test_notes_typed_a_moment_before_a_reload_are_there_after_it(desk: Page) -> None:
    """The pause before a save is no window in which words can be lost."""
    notes_of(desk).fill("Typed at the last moment")

    desk.reload()

    expect(notes_of(desk)).to_have_value("Typed at the last moment")
    saved(desk)
    assert visits(desk)["Room 2"]["notes"] == "Typed at the last moment"


def test_notes_typed_at_two_desks_are_both_kept(desk: Page, other: Page) -> None:
    """Neither overwrites the other: the second to save is asked, and Keep both keeps both."""
    slow: list[Route] = []
    other.route(re.compile(r"/api/consultations/[0-9a-f-]{36}$"), lambda route: slow.append(route), times=1)
    notes_of(other).fill("From the second desk")
    expect(other.get_by_text("Saving…")).to_be_visible()
    notes_of(desk).fill("From the first desk")
    saved(desk)
    slow[0].continue_()

    other.get_by_role("button", name="Keep both").click()

    saved(other)
    notes = visits(desk)["Room 2"]["notes"]
    assert notes == "From the first desk\n\nFrom the second desk"
    expect(notes_of(desk)).to_have_value(notes)


def test_the_print_has_notes_photos_captions_and_times(desk: Page) -> None:
    """Whose they are, what is on them, when each was taken and received: all on paper, and it prints."""
    early = datetime.now(UTC) - timedelta(minutes=50)
    deliver(desk, 1, seed=1, captured_at=early)
    deliver(desk, 1, seed=2)
    gallery(desk, 2)
    notes_of(desk).fill("Mole on the left forearm, unchanged.")
    dialog = open_photo(desk, 1)
    dialog.get_by_role("textbox", name="Caption").fill("Asymmetric border")
    dialog.get_by_role("combobox", name="Side").select_option("Left")
    dialog.get_by_label("Body site").fill("forearm")
    saved(dialog)
    dialog.get_by_role("button", name="Close").click()

    desk.evaluate("dispatchEvent(new Event('beforeprint'))")
    desk.emulate_media(media="print")

    sheet = desk.locator("#sheet")
    expect(sheet.get_by_role("heading", name="Room 2")).to_be_visible()
    expect(sheet.get_by_text("Mole on the left forearm, unchanged.")).to_be_visible()
    figures = sheet.get_by_role("figure")
    expect(figures).to_have_count(2)
    expect(figures.first).to_contain_text("Asymmetric border")
    expect(figures.first).to_contain_text("Left forearm")
    times = desk.evaluate(
        """(iso) => new Date(iso).toLocaleTimeString('en-GB', {hour: '2-digit', minute: '2-digit'})""",
        early.isoformat(),
    )
    expect(figures.first).to_contain_text(re.compile(rf"{times}, received .*\d\d:\d\d"))
    expect(figures.nth(1)).not_to_contain_text("received")
    expect(notes_of(desk)).not_to_be_visible()
    paper = desk.pdf()
    assert paper.startswith(b"%PDF")
    assert paper.count(b"/Subtype /Image") >= 2


def test_the_print_button_waits_for_every_picture(desk: Page) -> None:
    """When the browser's own print opens, each picture of the sheet is loaded."""
    desk.add_init_script(
        """window.print = () => {
             window.printed = [...document.querySelectorAll('#sheet img')].map((one) => one.naturalWidth);
           };"""
    )
    deliver(desk, 3)
    desk.reload()
    gallery(desk, 3)

    desk.get_by_role("button", name="Print").click()

    desk.wait_for_function("window.printed")
    assert desk.evaluate("printed") == [400, 400, 400]


def test_n_opens_a_new_consultation_but_not_while_typing(desk: Page) -> None:
    """A letter typed into notes is a letter; anywhere else it is a key."""
    notes_of(desk).focus()
    desk.keyboard.type("no new nodes")
    expect(notes_of(desk)).to_have_value("no new nodes")
    expect(desk.get_by_role("dialog")).to_have_count(0)
    saved(desk)

    desk.get_by_role("heading", name="Room 2").click()
    desk.keyboard.press("n")

    dialog = desk.get_by_role("dialog", name="New consultation")
    expect(dialog.get_by_label("Label")).to_be_focused()
    expect(dialog.get_by_label("Label")).to_have_value("")
    desk.keyboard.type("Room 3")
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("heading", name="Room 3")).to_be_visible()
    assert set(visits(desk)) == {"Room 2", "Room 3", "Unfiled"}


def test_the_gallery_is_walked_with_the_keyboard(clinic: Clinic, desk: Page) -> None:
    """Arrows move, Enter opens, arrows turn, Escape leads back to where one was."""
    deliver(desk, 3)
    gallery(desk, 3)
    tiles(desk).first.focus()

    desk.keyboard.press("ArrowRight")
    expect(tiles(desk).nth(1)).to_be_focused()
    desk.keyboard.press("Enter")
    dialog = desk.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="Photo 2 of 3")).to_be_visible()
    desk.keyboard.press("ArrowRight")
    expect(dialog.get_by_role("heading", name="Photo 3 of 3")).to_be_visible()
    desk.keyboard.press("ArrowRight")
    expect(dialog.get_by_role("heading", name="Photo 3 of 3")).to_be_visible()
    desk.keyboard.press("ArrowLeft")
    desk.keyboard.press("ArrowLeft")
    expect(dialog.get_by_role("heading", name="Photo 1 of 3")).to_be_visible()
    desk.keyboard.press("Escape")

    expect(dialog).to_have_count(0)
    expect(tiles(desk).first).to_be_focused()
    the_server_holds(desk, clinic, 3)


def test_a_description_is_saved_and_shown_at_both_desks(clinic: Clinic, desk: Page, other: Page) -> None:
    """Caption, body site, side and view: on the tile, on the server, on the other screen."""
    [photo] = deliver(desk)
    gallery(desk, 1)
    dialog = open_photo(desk, 1)

    dialog.get_by_role("textbox", name="Caption").fill("Two weeks after excision")
    dialog.get_by_label("Body site").fill("forearm")
    dialog.get_by_role("combobox", name="Side").select_option("Left")
    dialog.get_by_role("combobox", name="View").select_option("Close-up")
    saved(dialog)
    dialog.get_by_role("button", name="Close").click()

    for page in (desk, other):
        expect(tiles(page).first).to_contain_text("Left forearm, close-up")
        expect(tiles(page).first).to_contain_text("Two weeks after excision")
    [row] = the_server_holds(desk, clinic, 1)
    told = (row["photo_id"], row["caption"], row["body_site"], row["side"], row["view"])
    assert told == (photo, "Two weeks after excision", "forearm", "left", "close-up")


def test_a_deleted_photo_is_gone_everywhere(clinic: Clinic, desk: Page, other: Page) -> None:
    """Asked first; then away from both screens, from the list, from the store and from the disk."""
    doomed, kept = deliver(desk, 2)
    gallery(other, 2)
    consultation = visits(desk)["Room 2"]["id"]
    address = {
        one["id"]: one["url"] for one in api(desk, f"/api/consultations/{consultation}/photos")["photos"]
    }[doomed]
    assert desk.request.get(address).status == 200
    dialog = open_photo(desk, 1)

    dialog.get_by_role("button", name="Delete").click()
    question = desk.get_by_role("dialog", name="Delete this photo?")
    question.get_by_role("button", name="Cancel").click()
    gallery(other, 2)
    dialog.get_by_role("button", name="Delete").click()
    question.get_by_role("button", name="Delete for good").click()

    expect(tiles(desk)).to_have_count(1)
    expect(tiles(other)).to_have_count(1)
    states = {row["photo_id"]: row["state"] for row in clinic.photos()}
    assert states == {doomed: "deleted", kept: "stored"}
    desk.wait_for_function("(url) => fetch(url).then((answer) => answer.status === 404)", arg=address)
    files = [path.name for path in (clinic.folder / "data" / "objects").rglob("*") if path.is_file()]
    assert [name for name in files if doomed in name] == []


def test_a_photo_is_moved_and_the_move_undone(clinic: Clinic, desk: Page, other: Page) -> None:
    """It leaves one consultation for the other on both screens; Undo brings it back; both are recorded."""
    [photo] = deliver(desk)
    gallery(desk, 1)
    start_consultation(desk, "Room 3")
    desk.get_by_role("list", name="Consultations").get_by_text("Room 2").click()
    gallery(desk, 1)
    dialog = open_photo(desk, 1)

    dialog.get_by_role("button", name="Move to…").click()
    question = desk.get_by_role("dialog", name="Move this photo to another consultation?")
    question.get_by_role("combobox", name="Consultation").select_option("Room 3")
    question.get_by_role("button", name="Move photo").click()

    expect(tiles(desk)).to_have_count(0)
    expect(tiles(other)).to_have_count(0)
    [row] = the_server_holds(desk, clinic, 1)
    assert row["filed_in"] == visits(desk)["Room 3"]["id"]
    desk.get_by_role("button", name="Undo").click()
    gallery(desk, 1)
    gallery(other, 1)
    [row] = the_server_holds(desk, clinic, 1)
    assert (row["photo_id"], row["filed_in"]) == (photo, visits(desk)["Room 2"]["id"])


def test_two_desks_stay_in_step(clinic: Clinic, desk: Page, other: Page) -> None:
    """A photo, notes and a new consultation appear at the other desk by themselves."""
    deliver(desk)
    gallery(other, 1)
    notes_of(desk).fill("Seen by both")
    expect(notes_of(other)).to_have_value("Seen by both")

    start_consultation(desk, "Room 3")

    expect(other.get_by_text("New photos now go to Room 3")).to_be_visible()
    expect(other.get_by_role("heading", name="Room 2")).to_be_visible()
    expect(other.get_by_role("list", name="Consultations").get_by_text("Room 3")).to_be_visible()
    the_server_holds(desk, clinic, 1)


def test_a_session_that_ended_asks_for_a_sign_in_and_keeps_what_was_typed(
    clinic: Clinic, desktop: Page, watch: Watch
) -> None:
    """The words stay on the page, and are saved by themselves after the sign-in."""
    watch.allow("status of 401", "Ably")
    desktop.clock.install()
    sign_in(desktop, clinic, "/desktop")
    start_consultation(desktop, "Room 2")
    desktop.context.clear_cookies()
    desktop.clock.fast_forward(60_000)  # The token that the page still holds runs out.

    notes_of(desktop).fill("Typed after the session had ended")
    link = desktop.get_by_role("link", name="Sign in to continue")
    expect(link).to_be_visible()
    expect(desktop.get_by_text("What you typed is kept on this page.")).to_be_visible()
    expect(notes_of(desktop)).to_have_value("Typed after the session had ended")
    link.click()
    desktop.get_by_label("Name").fill(clinic.name)
    desktop.get_by_label("Password", exact=True).fill(clinic.password)
    desktop.get_by_role("button", name="Sign in").click()

    expect(notes_of(desktop)).to_have_value("Typed after the session had ended")
    saved(desktop)
    assert visits(desktop)["Room 2"]["notes"] == "Typed after the session had ended"
    assert desktop.evaluate("JSON.stringify({...sessionStorage})") == "{}"


@pytest.fixture
def link(tmp_path: Path) -> Iterator[tuple[Clinic, Proxy]]:
    """A clinic whose signals can be cut while its pages go on."""
    port = free_port()
    with open_proxy(port) as proxy:
        origins = f"http://localhost:{port},http://localhost:{proxy.port}"
        clinic = Clinic(tmp_path / "linked", port, PUBLIC_ORIGINS=origins)
        try:
            clinic.start()
            yield clinic, proxy
        finally:
            clinic.kill()


def test_without_signals_photos_still_appear(
    link: tuple[Clinic, Proxy], open_context: Callable[..., BrowserContext], watch: Watch
) -> None:
    """Live, Reconnecting, Polling, and Live again: the page says which, and shows every photo in each."""
    watch.allow("WebSocket")
    clinic, proxy = link
    desktop = open_context(**{**DESKTOP, "base_url": f"http://localhost:{proxy.port}"}).new_page()
    sign_in(desktop, clinic, "/desktop")
    start_consultation(desktop, "Room 2")
    status = desktop.locator("#link")
    expect(status).to_have_text("Live")

    proxy.sockets_down = True
    expect(status).to_have_text("Reconnecting")
    expect(status).to_have_text("Polling")
    deliver(desktop)
    gallery(desktop, 1)
    expect(status).to_have_text("Polling")
    proxy.sockets_down = False
    expect(status).to_have_text("Live", timeout=15_000)
    deliver(desktop, seed=9)
    gallery(desktop, 2, limit_ms=2_000)
    the_server_holds(desktop, clinic, 2)
