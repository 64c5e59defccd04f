"""Nothing jumps while a page loads: what is read or aimed at stays where it was first shown."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from e2e.conftest import DESKTOP, PHONE
from e2e.support.clinic import Clinic
from e2e.support.verbs import sign_in, start_consultation

# The measure of web.dev: shifts that no tap or key brought about, added up; 0.1 is its limit for "good".
GOOD = 0.1
WATCH = """
globalThis.shifted = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) globalThis.shifted += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""


def shifts_after_drawing(page: Page) -> float:
    """The shifts once the page has drawn all that it has."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return float(page.evaluate("shifted"))


def hold_answers(page: Page) -> Callable[[], None]:
    """Delay every answer of the server until the call, so that the page is drawn without it first."""
    delayed: list[Route] = []
    is_open = False

    def answer(route: Route) -> None:
        if is_open:
            route.continue_()
        else:
            delayed.append(route)

    def let_go() -> None:
        nonlocal is_open
        shifts_after_drawing(page)
        is_open = True
        for route in delayed:
            route.continue_()

    page.route("**/api/**", answer)
    return let_go


@pytest.mark.parametrize("options", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_sign_in_page_stands_still(
    clinic: Clinic, open_context: Callable[..., BrowserContext], options: dict[str, object]
) -> None:
    """The form comes where it stays."""
    page = open_context(**options).new_page()
    page.add_init_script(WATCH)
    let_go = hold_answers(page)
    page.goto("/sign-in?back=/desktop")
    let_go()
    expect(page.get_by_label("Name")).to_be_visible()

    assert shifts_after_drawing(page) < GOOD


@pytest.mark.parametrize("consultations", [0, 3], ids=["first time", "with consultations"])
def test_the_desktop_stands_still(clinic: Clinic, desktop: Page, consultations: int) -> None:
    """Consultations, notes and the QR come where they stay, however late the server answers."""
    desktop.add_init_script(WATCH)
    sign_in(desktop, clinic, "/desktop")
    for number in range(consultations):
        start_consultation(desktop, f"Room {number + 1}")
    let_go = hold_answers(desktop)
    desktop.reload()
    let_go()
    expect(desktop.get_by_text("Live", exact=True)).to_be_visible()
    expect(desktop.locator("#qr img")).to_be_visible()

    assert shifts_after_drawing(desktop) < GOOD


def test_a_page_that_jumps_is_found_out(clinic: Clinic, desktop: Page) -> None:
    """The control: a page and a half that comes above what is shown."""
    desktop.add_init_script(WATCH)
    desktop.goto("/sign-in?back=/desktop")
    expect(desktop.get_by_label("Name")).to_be_visible()
    desktop.evaluate(
        "document.body.prepend(Object.assign(document.createElement('p'), {style: 'height: 150vh'}))"
    )

    assert shifts_after_drawing(desktop) > GOOD
