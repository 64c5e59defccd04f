"""The desktop: notes are never lost, two desks agree, and the page shows how fresh it is."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from e2e.conftest import DESKTOP
from e2e.doubles.proxy import Proxy, open_proxy
from e2e.support.api_upload import store_photos
from e2e.support.clinic import Clinic, open_clinic
from e2e.support.desk import consultations, notes_of, saved
from e2e.support.verbs import expect_stored_once, gallery, sign_in, start_consultation
from e2e.support.watch import Watch
from tests.support.ports import free_port


def test_notes_save_themselves_and_survive_a_reload(desk: Page) -> None:
    """No button is needed; nothing typed stays in the tab once it is saved."""
    notes_of(desk).fill("Itches since Monday.\nNo fever.")
    saved(desk)

    desk.reload()

    expect(notes_of(desk)).to_have_value("Itches since Monday.\nNo fever.")
    assert consultations(desk)["Room 2"]["notes"] == "Itches since Monday.\nNo fever."
    assert desk.evaluate("JSON.stringify({...sessionStorage})") == "{}"
    # The signal client stores there which transport worked; nothing of a patient.
    assert desk.evaluate("Object.keys(localStorage)") == ["ably-transport-preference"]


def test_notes_typed_a_moment_before_a_reload_are_there_after_it(desk: Page) -> None:
    """The pause before a save is no window in which notes can be lost."""
    notes_of(desk).fill("Typed at the last moment")

    desk.reload()

    expect(notes_of(desk)).to_have_value("Typed at the last moment")
    saved(desk)
    assert consultations(desk)["Room 2"]["notes"] == "Typed at the last moment"


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
    notes = consultations(desk)["Room 2"]["notes"]
    assert notes == "From the first desk\n\nFrom the second desk"
    expect(notes_of(desk)).to_have_value(notes)


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
    assert set(consultations(desk)) == {"Room 2", "Room 3", "Unfiled"}


def test_a_consultation_that_could_not_start_blames_no_field(
    clinic: Clinic, desk: Page, watch: Watch
) -> None:
    """The alert stands above the buttons, and the label is marked invalid only where it is missing."""
    watch.allow("ERR_", "WebSocket", "Ably")
    clinic.kill()
    desk.get_by_role("button", name="New consultation").first.click()
    dialog = desk.get_by_role("dialog", name="New consultation")
    label = dialog.get_by_label("Label")
    label.fill("Room 3")
    dialog.get_by_role("button", name="Start").click()

    alert = dialog.locator(".note[role=alert]")
    expect(alert).to_contain_text("The consultation was not started.")
    expect(label).to_have_attribute("aria-invalid", "false")
    expect(dialog.locator(".field-error")).to_be_empty()
    above = alert.bounding_box()
    below = dialog.get_by_role("button", name="Start").bounding_box()
    field = dialog.locator("#new-second-hint").bounding_box()
    assert above
    assert below
    assert field
    assert field["y"] + field["height"] <= above["y"]
    assert above["y"] + above["height"] <= below["y"]

    label.fill("")
    dialog.get_by_role("button", name="Start").click()
    expect(alert).to_be_hidden()
    expect(label).to_have_attribute("aria-invalid", "true")
    expect(dialog.locator(".field-error")).to_contain_text("Enter a label")


def test_two_desks_stay_in_step(clinic: Clinic, desk: Page, other: Page) -> None:
    """A photo, notes and a new consultation appear at the other desk by themselves."""
    store_photos(desk)
    gallery(other, 1)
    notes_of(desk).fill("Seen by both")
    expect(notes_of(other)).to_have_value("Seen by both")

    start_consultation(desk, "Room 3")

    expect(other.get_by_text("New photos now go to Room 3")).to_be_visible()
    expect(other.get_by_role("heading", name="Room 2")).to_be_visible()
    expect(other.get_by_role("list", name="Consultations").get_by_text("Room 3")).to_be_visible()
    expect_stored_once(desk, clinic, 1)


def test_a_session_that_ended_asks_for_a_sign_in_and_keeps_what_was_typed(
    clinic: Clinic, desktop: Page, watch: Watch
) -> None:
    """The notes stay on the page, and are saved by themselves after the sign-in."""
    watch.allow("status of 401", "Ably", "WebSocket")
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
    assert consultations(desktop)["Room 2"]["notes"] == "Typed after the session had ended"
    assert desktop.evaluate("JSON.stringify({...sessionStorage})") == "{}"


@pytest.fixture
def link(tmp_path: Path) -> Iterator[tuple[Clinic, Proxy]]:
    """A clinic whose signals can be cut while its pages go on."""
    port = free_port()
    with open_proxy(port) as proxy:
        origins = f"http://localhost:{port},http://localhost:{proxy.port}"
        with open_clinic(tmp_path / "linked", port, PUBLIC_ORIGINS=origins) as clinic:
            yield clinic, proxy


def test_without_signals_photos_still_appear(
    link: tuple[Clinic, Proxy], open_context: Callable[..., BrowserContext], watch: Watch
) -> None:
    """Live, Reconnecting, Polling, and Live again: the page shows which, and every photo in each."""
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
    store_photos(desktop)
    gallery(desktop, 1)
    expect(status).to_have_text("Polling")
    proxy.sockets_down = False
    expect(status).to_have_text("Live")
    store_photos(desktop, seed=9)
    gallery(desktop, 2, limit_ms=4_000)
    expect_stored_once(desktop, clinic, 2)
