"""The first moment of the desktop's page: no word is lost before it knows what it shows."""

from playwright.sync_api import Page, Route, expect

from e2e.desk import notes_of, saved, visits
from e2e.verbs import start_consultation


def test_a_consultation_is_open_for_notes_before_its_photos_are_listed(desk: Page) -> None:
    """The dialog is gone with the server's yes; what is typed next goes where the eyes are."""
    held: list[Route] = []
    desk.route("**/photos", lambda route: held.append(route))
    start_consultation(desk, "Room 3")

    expect(desk.get_by_role("dialog")).to_have_count(0)
    notes_of(desk).fill("First words")

    saved(desk)
    assert visits(desk)["Room 3"]["notes"] == "First words"
