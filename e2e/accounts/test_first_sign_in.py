"""A generated password was printed, so that others may have read it: it leads to a form, and no further."""

import pytest
from playwright.sync_api import Page, expect

from e2e.accounts.test_sign_in import try_to_sign_in
from e2e.pages.test_screens import faults
from e2e.support.clinic import Clinic
from e2e.support.verbs import capture, expect_stored_once, open_consultation_on_both, queue_row, stored_today
from e2e.support.watch import Watch

OWN = "three green bottles"
ANOTHER = "four brown kettles"
NO_TOKEN = r"status of 40[13].*/api/session/token"


def printed(clinic: Clinic, action: str, name: str) -> str:
    """The password that an operator's command prints."""
    done = clinic.run("user", action, name)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[-1]


def expect_the_form(page: Page) -> None:
    """A new password is asked for, and there is no way round it."""
    expect(page.get_by_role("heading", name="Choose your own password")).to_be_visible()
    expect(page.get_by_role("link", name="Not now")).to_be_hidden()


def choose(page: Page, password: str) -> None:
    """Fill and send the form for a new password."""
    page.get_by_label("New password").fill(password)
    page.get_by_role("button", name="Change password").click()


def test_a_printed_password_is_changed_first(clinic: Clinic, desktop: Page, watch: Watch) -> None:
    """What was just typed is not asked again; a password that is guessed easily is refused with the rule."""
    watch.allow("status of 400")
    generated = printed(clinic, "add", "ben")
    desktop.goto("/sign-in?back=/desktop")
    try_to_sign_in(desktop, "ben", generated)

    expect_the_form(desktop)
    expect(desktop.get_by_label("New password")).to_be_focused()
    expect(desktop.get_by_label("Current password")).to_be_hidden()
    assert faults(desktop) == []
    choose(desktop, "Password123!")
    expect(desktop.get_by_role("alert")).to_contain_text("easy to guess")
    choose(desktop, OWN)
    desktop.get_by_role("link", name="Continue").click()

    desktop.wait_for_url(f"{clinic.url}/desktop")
    expect(desktop.get_by_role("button", name="New consultation").first).to_be_visible()


@pytest.mark.parametrize("address", ["/mobile", "/desktop", "/sign-in?back=/mobile"])
def test_every_page_leads_to_the_form_until_the_user_has_chosen_a_password(
    clinic: Clinic, phone: Page, watch: Watch, address: str
) -> None:
    """Left in the middle and opened again: the printed password is asked once more, and then it is done."""
    watch.allow(NO_TOKEN)
    generated = printed(clinic, "add", "ben")
    phone.goto("/sign-in?back=/mobile")
    try_to_sign_in(phone, "ben", generated)
    expect_the_form(phone)

    phone.goto(address)

    expect_the_form(phone)
    phone.get_by_label("Current password").fill(generated)
    choose(phone, OWN)
    phone.get_by_role("link", name="Continue").click()
    phone.wait_for_url(f"{clinic.url}{'/desktop' if address == '/desktop' else '/mobile'}")


def test_another_user_is_not_blocked_by_the_form(clinic: Clinic, desktop: Page, phone: Page) -> None:
    """One user left it open: the next one signs in at the same computer."""
    generated = printed(clinic, "add", "ben")
    desktop.goto("/sign-in?back=/desktop")
    try_to_sign_in(desktop, "ben", generated)
    expect_the_form(desktop)

    desktop.get_by_role("link", name="Sign in as somebody else").click()

    expect(desktop.get_by_role("heading", name="Sign in")).to_be_visible()
    try_to_sign_in(desktop, clinic.name, clinic.password)
    desktop.wait_for_url(f"{clinic.url}/desktop")


def test_the_form_of_a_second_device_leads_to_the_sign_in_with_the_new_password(
    clinic: Clinic, desktop: Page, phone: Page, watch: Watch
) -> None:
    """Chosen on the desktop, the password is the phone's as well: its form has nothing left to change."""
    watch.allow("status of 401")
    generated = printed(clinic, "add", "ben")
    for page, back in ((phone, "/mobile"), (desktop, "/desktop")):
        page.goto(f"/sign-in?back={back}")
        try_to_sign_in(page, "ben", generated)
        expect_the_form(page)
    choose(desktop, OWN)
    desktop.get_by_role("link", name="Continue").click()
    desktop.wait_for_url(f"{clinic.url}/desktop")

    choose(phone, ANOTHER)

    expect(phone.get_by_role("heading", name="Sign in")).to_be_visible()
    try_to_sign_in(phone, "ben", OWN)
    phone.wait_for_url(f"{clinic.url}/mobile")


def test_photos_that_wait_are_sent_after_a_reset_and_a_new_password(
    clinic: Clinic, phone: Page, desktop: Page, watch: Watch
) -> None:
    """An operator sets a password for a user whose phone was without a link: nothing is lost by it."""
    watch.allow(NO_TOKEN, "status of 40[13]", "warning: Ably", "ERR_INTERNET_DISCONNECTED", "Failed to fetch")
    open_consultation_on_both(clinic, phone, desktop)
    phone.context.set_offline(True)
    capture(phone, 2)

    generated = printed(clinic, "reset", clinic.name)
    phone.context.set_offline(False)
    expect(queue_row(phone, "Sign in")).to_have_count(2)
    phone.get_by_role("link", name="Sign in").click()
    try_to_sign_in(phone, clinic.name, generated)
    expect_the_form(phone)
    choose(phone, ANOTHER)
    phone.get_by_role("link", name="Continue").click()

    stored_today(phone, 2)
    desktop.goto("/sign-in?back=/desktop")
    try_to_sign_in(desktop, clinic.name, ANOTHER)
    desktop.wait_for_url(f"{clinic.url}/desktop")
    expect_stored_once(desktop, clinic, 2)
