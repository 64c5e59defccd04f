"""Signing in with name and password: what the page shows, where it leads, and where it never leads."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from e2e.pages.test_screens import faults
from e2e.support.clinic import Clinic
from e2e.support.verbs import sign_in
from e2e.support.watch import Watch

FORBIDDEN = r"401 \(Unauthorized\).*/api/session"
SLOWED = r"429 \(Too Many Requests\).*/api/session"


def try_to_sign_in(page: Page, name: str, password: str) -> None:
    """Fill and send the form that is on the screen."""
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_a_wrong_password_is_said_and_can_be_corrected(clinic: Clinic, desktop: Page, watch: Watch) -> None:
    """The sentence names both fields, the password box has the focus, and what was shown is hidden again."""
    watch.allow(FORBIDDEN)
    desktop.goto("/sign-in?back=/desktop")
    password = desktop.get_by_label("Password", exact=True)
    desktop.get_by_role("button", name="Show characters").click()
    expect(password).to_have_attribute("type", "text")

    try_to_sign_in(desktop, clinic.name, "not this one")

    expect(desktop.get_by_role("alert")).to_have_text(
        "The name or the password is not right. Check both and try again."
    )
    expect(password).to_be_focused()
    expect(password).to_have_attribute("type", "password")
    password.fill(clinic.password)
    password.press("Enter")
    desktop.wait_for_url(f"{clinic.url}/desktop")


def test_too_many_attempts_say_how_long_to_wait(clinic: Clinic, desktop: Page, watch: Watch) -> None:
    """The seventh attempt within a moment is not even tried."""
    watch.allow(FORBIDDEN, SLOWED)
    desktop.goto("/sign-in")
    alert = desktop.get_by_role("alert")
    for _ in range(12):
        try_to_sign_in(desktop, clinic.name, "not this one")
        expect(desktop.get_by_role("button", name="Sign in")).to_be_enabled()
        if "Too many attempts" in (alert.text_content() or ""):
            break

    expect(alert).to_contain_text("Too many attempts. Wait ")


def test_a_signed_in_user_goes_straight_back(clinic: Clinic, desktop: Page) -> None:
    """The password is not asked for twice."""
    sign_in(desktop, clinic, "/desktop")
    desktop.wait_for_url(f"{clinic.url}/desktop")

    desktop.goto("/sign-in?back=/desktop")

    desktop.wait_for_url(f"{clinic.url}/desktop")


@pytest.mark.parametrize(
    "back", ["//127.0.0.1:9/", "https://evil.example", "/%5C127.0.0.1:9", "javascript:alert(1)"]
)
def test_a_forged_way_back_leads_to_the_start_page(clinic: Clinic, desktop: Page, back: str) -> None:
    """A link from a stranger cannot lead away after the sign-in."""
    desktop.goto(f"/sign-in?back={back}")

    try_to_sign_in(desktop, clinic.name, clinic.password)

    desktop.wait_for_url(f"{clinic.url}/desktop")


def test_the_password_can_be_changed(clinic: Clinic, desktop: Page) -> None:
    """A short one is refused with the rule; the change keeps the page signed in and ends the old password."""
    sign_in(desktop, clinic, "/desktop")
    desktop.wait_for_url(f"{clinic.url}/desktop")
    desktop.goto("/sign-in?change=1")
    desktop.get_by_label("Current password").fill(clinic.password)
    desktop.get_by_label("New password").fill("short")
    desktop.get_by_role("button", name="Change password").click()
    expect(desktop.get_by_role("alert")).to_have_text("The new password needs at least 10 characters.")

    desktop.get_by_label("New password").fill("three green bottles")
    desktop.get_by_role("button", name="Change password").click()

    expect(desktop.get_by_role("heading", name="The password is changed.")).to_be_focused()
    desktop.get_by_role("link", name="Continue").click()
    desktop.wait_for_url(f"{clinic.url}/desktop")
    desktop.context.clear_cookies()
    sign_in(desktop, clinic, "/desktop", password="three green bottles")


def test_the_password_can_be_changed_again_on_the_desktop_and_on_the_phone(
    clinic: Clinic, desktop: Page, phone: Page, watch: Watch
) -> None:
    """The way stays on both, and each leads back to its page."""
    # The phone's new password ends the desktop's session at once, and the desktop notices.
    watch.allow("status of 401", "warning: Ably")
    sign_in(desktop, clinic, "/desktop")
    desktop.get_by_role("link", name="Change password", exact=True).click()
    change_password(desktop, clinic.password, "three green bottles")
    desktop.wait_for_url(f"{clinic.url}/desktop")
    desktop.get_by_role("link", name="Change password", exact=True).click()
    change_password(desktop, "three green bottles", "four green bottles")
    desktop.wait_for_url(f"{clinic.url}/desktop")

    sign_in(phone, clinic, password="four green bottles")
    # The menu offers what it knows when it is opened: the user comes with the first answer.
    expect(phone.get_by_role("button", name="Open camera")).to_be_enabled()
    phone.get_by_role("button", name="Menu").click()
    phone.get_by_role("dialog").get_by_role("button", name="Change password").click()
    change_password(phone, "four green bottles", "five green bottles")

    phone.wait_for_url(f"{clinic.url}/mobile")
    phone.context.clear_cookies()
    sign_in(phone, clinic, password="five green bottles")


def change_password(page: Page, current: str, new: str) -> None:
    """Fill and send the form for a new password, and go on from its end."""
    page.get_by_label("Current password").fill(current)
    page.get_by_label("New password").fill(new)
    page.get_by_role("button", name="Change password").click()
    page.get_by_role("link", name="Continue").click()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_the_smallest_phone(
    clinic: Clinic, open_context: Callable[..., BrowserContext], scheme: str
) -> None:
    """320 px wide: nothing is cut off, everything can be touched, axe finds nothing on either form."""
    page = open_context(viewport={"width": 320, "height": 568}, color_scheme=scheme).new_page()
    for address, label in (("/sign-in?back=/desktop", "Name"), ("/sign-in?change=1", "New password")):
        page.goto(address)
        expect(page.get_by_label(label)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        assert min(touchable(page)) >= 44
        assert faults(page) == []
        if label == "Name":
            try_to_sign_in(page, clinic.name, clinic.password)
            page.wait_for_url(f"{clinic.url}/desktop")


def touchable(page: Page) -> list[float]:
    """Heights and widths of every control on the screen, in CSS pixels."""
    sizes: list[float] = page.evaluate(
        """() => [...document.querySelectorAll('input, button, a')]
            .filter((control) => control.offsetParent)
            .flatMap((control) => [control.offsetHeight, control.offsetWidth])"""
    )
    return sizes
