"""Places on the desktop's page, and what the server knows of them."""

from typing import Any

from playwright.sync_api import Locator, Page, expect

from e2e.support.verbs import api


def notes_of(page: Page) -> Locator:
    """The box for notes."""
    return page.get_by_role("textbox", name="Notes")


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


def consultations(page: Page) -> dict[str, Any]:
    """Consultations by label, as the server knows them."""
    return {one["label"]: one for one in api(page, "/api/consultations")["consultations"]}
