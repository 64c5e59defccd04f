"""The first moment of the desktop's page: no word is lost before it knows what it shows."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from e2e.desk import notes_of, saved, visits
from e2e.verbs import start_consultation


def come_back_without(page: Page, path: str) -> Callable[[], None]:
    """Leave the page and load it anew; its first answer from one path is held back until the call."""
    held: list[Route] = []
    page.goto("about:blank")  # What the page that is left still asks for must not be held in its place.
    page.route(lambda url: urlsplit(url).path == path, lambda route: held.append(route), times=1)
    with page.expect_request(lambda request: urlsplit(request.url).path == path):
        page.goto("/desktop")

    def let_go() -> None:
        held[0].continue_()

    return let_go


@pytest.mark.parametrize("late", ["/api/me", "/api/consultations"])
def test_notes_take_no_words_before_the_page_knows_what_they_hold(desk: Page, late: str) -> None:
    """Words from before come back first, and what is typed then goes on from them."""
    notes_of(desk).fill("Before the load,")

    let_go = come_back_without(desk, late)
    expect(notes_of(desk)).to_be_hidden()
    let_go()

    expect(notes_of(desk)).to_have_value("Before the load,")
    notes_of(desk).press_sequentially(" and after it.")
    saved(desk)
    assert visits(desk)["Room 2"]["notes"] == "Before the load, and after it."


def test_notes_of_a_consultation_started_in_the_first_moment_are_kept(desk: Page) -> None:
    """The page shows it before it knows whose words it may keep; the words wait for that."""
    let_go = come_back_without(desk, "/api/me")
    start_consultation(desk, "Room 3")
    expect(notes_of(desk)).to_be_hidden()
    let_go()
    notes_of(desk).fill("First words")

    desk.reload()

    expect(notes_of(desk)).to_have_value("First words")
    saved(desk)
    assert visits(desk)["Room 3"]["notes"] == "First words"


def test_words_kept_over_a_reload_never_overwrite_those_of_another_desk(desk: Page, other: Page) -> None:
    """What both wrote is kept: the page asks, as it would have without the reload."""
    held: list[Route] = []
    desk.route("**/api/consultations/*", lambda route: held.append(route))
    notes_of(desk).fill("From the first desk")
    expect(desk.get_by_text("Saving…")).to_be_visible()
    notes_of(other).fill("From the second desk")
    saved(other)

    desk.unroute_all()
    desk.reload()
    desk.get_by_role("button", name="Keep both").click()

    saved(desk)
    assert visits(desk)["Room 2"]["notes"] == "From the second desk\n\nFrom the first desk"


def test_words_taken_away_before_a_reload_need_no_question_after_it(desk: Page) -> None:
    """Nobody else has written: what was left standing is saved."""
    notes_of(desk).fill("Itches since Monday. No fever.")
    saved(desk)
    notes_of(desk).fill("No fever.")

    desk.reload()

    expect(notes_of(desk)).to_have_value("No fever.")
    saved(desk)
    assert visits(desk)["Room 2"]["notes"] == "No fever."


def test_a_consultation_is_open_for_notes_before_its_photos_are_listed(desk: Page) -> None:
    """The dialog is gone with the server's yes; what is typed next goes where the eyes are."""
    held: list[Route] = []
    desk.route("**/photos", lambda route: held.append(route))

    start_consultation(desk, "Room 3")
    notes_of(desk).fill("First words")

    saved(desk)
    assert visits(desk)["Room 3"]["notes"] == "First words"
