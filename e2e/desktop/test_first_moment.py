"""The first moment of the desktop's page: no typed text is lost before it knows what it shows."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from e2e.support.desk import consultations, notes_of, saved
from e2e.support.verbs import start_consultation


def come_back_without(page: Page, path: str) -> Callable[[], None]:
    """Leave the page and load it again; its first answer from one path is delayed until the call."""
    delayed: list[Route] = []
    page.goto("about:blank")  # A request of the old page must not be delayed instead.
    page.route(lambda url: urlsplit(url).path == path, lambda route: delayed.append(route), times=1)
    with page.expect_request(lambda request: urlsplit(request.url).path == path):
        page.goto("/desktop")

    def let_go() -> None:
        delayed[0].continue_()

    return let_go


@pytest.mark.parametrize("late", ["/api/me", "/api/consultations"])
def test_notes_take_no_words_before_the_page_knows_what_they_hold(desk: Page, late: str) -> None:
    """The text from before comes back first, and what is typed then goes on from it."""
    notes_of(desk).fill("Before the load,")

    let_go = come_back_without(desk, late)
    expect(notes_of(desk)).to_be_hidden()
    let_go()

    expect(notes_of(desk)).to_have_value("Before the load,")
    notes_of(desk).press_sequentially(" and after it.")
    saved(desk)
    assert consultations(desk)["Room 2"]["notes"] == "Before the load, and after it."


def test_notes_of_a_consultation_started_in_the_first_moment_are_kept(desk: Page) -> None:
    """The page shows it before it knows the user; its notes take text only after that."""
    let_go = come_back_without(desk, "/api/me")
    start_consultation(desk, "Room 3")
    expect(notes_of(desk)).to_be_hidden()
    let_go()
    notes_of(desk).fill("First words")

    desk.reload()

    expect(notes_of(desk)).to_have_value("First words")
    saved(desk)
    assert consultations(desk)["Room 3"]["notes"] == "First words"


def test_words_kept_over_a_reload_never_overwrite_those_of_another_desk(desk: Page, other: Page) -> None:
    """What both wrote is kept: the page asks, as it would have without the reload."""
    delayed: list[Route] = []
    desk.route("**/api/consultations/*", lambda route: delayed.append(route))
    notes_of(desk).fill("From the first desk")
    expect(desk.get_by_text("Saving…")).to_be_visible()
    notes_of(other).fill("From the second desk")
    saved(other)

    desk.unroute_all()
    desk.reload()
    desk.get_by_role("button", name="Keep both").click()

    saved(desk)
    assert consultations(desk)["Room 2"]["notes"] == "From the second desk\n\nFrom the first desk"


def test_words_taken_away_before_a_reload_need_no_question_after_it(desk: Page) -> None:
    """No other desk has written: the text that was left is saved."""
    notes_of(desk).fill("Itches since Monday. No fever.")
    saved(desk)
    notes_of(desk).fill("No fever.")

    desk.reload()

    expect(notes_of(desk)).to_have_value("No fever.")
    saved(desk)
    assert consultations(desk)["Room 2"]["notes"] == "No fever."


def test_a_consultation_is_open_for_notes_before_its_photos_are_listed(desk: Page) -> None:
    """The dialog closes with the server's answer; what is typed next goes into the shown consultation."""
    delayed: list[Route] = []
    desk.route("**/photos", lambda route: delayed.append(route))

    start_consultation(desk, "Room 3")
    notes_of(desk).fill("First words")

    saved(desk)
    assert consultations(desk)["Room 3"]["notes"] == "First words"
