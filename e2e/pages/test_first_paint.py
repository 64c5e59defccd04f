"""The first screen of a page stands before its scripts run, and nothing moves when they do."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from e2e.conftest import DESKTOP, PHONE
from e2e.support.clinic import Clinic
from e2e.support.verbs import expect_state, sign_in, start_consultation

# What has moved since the page began, as scores of layout shift; a word that takes another's place is less.
SHIFTS = """() => new Promise((resolve) => {
  const found = [];
  const observer = new PerformanceObserver((list) => found.push(...list.getEntries()));
  observer.observe({ type: "layout-shift", buffered: true });
  const name = ({ node }) => node?.id || node?.className || node?.nodeName;
  const seen = () => found.filter(({ value }) => value > 0.0005);
  const told = () => seen().map(({ value, sources }) => [value, ...sources.map(name)]);
  requestAnimationFrame(() => requestAnimationFrame(() => resolve(told())));
})"""
# What a late banner does to a page.
PUSH = """() => new Promise((resolve) => {
  const banner = document.createElement("p");
  banner.textContent = "Late";
  document.body.prepend(banner);
  requestAnimationFrame(() => requestAnimationFrame(resolve));
})"""


@pytest.mark.parametrize(
    ("address", "options", "action"),
    [("/mobile", PHONE, "Open camera"), ("/desktop", DESKTOP, "New consultation")],
    ids=["phone", "desktop"],
)
def test_the_first_screen_needs_no_script(
    open_context: Callable[..., BrowserContext], address: str, options: dict[str, Any], action: str
) -> None:
    """What can be done stands there at once, and cannot be tapped before it works."""
    page = open_context(**options, java_script_enabled=False).new_page()
    page.goto(address)

    expect(page.get_by_role("button", name=action)).to_be_visible()
    expect(page.get_by_role("button", name=action)).to_be_disabled()


def test_nothing_moves_while_the_phone_opens(clinic: Clinic, phone: Page) -> None:
    """Neither when the server has answered nor at the second opening; the control is moved by a banner."""
    sign_in(phone, clinic)
    for _ in range(2):
        expect(phone.get_by_role("heading", name="No consultation open")).to_be_visible()
        expect_state(phone, "connected")
        expect(phone.get_by_text("This browser may clear saved photos")).to_be_visible()
        assert phone.evaluate(SHIFTS) == []
        phone.reload()

    phone.evaluate(PUSH)
    assert phone.evaluate(SHIFTS) != []


def test_nothing_moves_while_the_desktop_opens(clinic: Clinic, desktop: Page) -> None:
    """With and without a consultation."""
    sign_in(desktop, clinic, "/desktop")
    expect(desktop.get_by_role("img", name="Scan to open on your phone")).to_be_visible()
    assert desktop.evaluate(SHIFTS) == []

    start_consultation(desktop, "Room 2")
    desktop.reload()
    expect(desktop.get_by_role("heading", name="Room 2")).to_be_visible()
    assert desktop.evaluate(SHIFTS) == []


def test_nothing_moves_while_the_sign_in_opens(clinic: Clinic, phone: Page) -> None:
    """The form comes in its place."""
    phone.goto("/sign-in?back=/mobile")
    expect(phone.get_by_label("Name")).to_be_focused()
    assert phone.evaluate(SHIFTS) == []
