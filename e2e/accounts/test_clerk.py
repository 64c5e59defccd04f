"""Where Clerk signs users in: its own script, served from here, under the policies of these pages."""

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from e2e.conftest import PHONE
from e2e.doubles.clerk import USER, Clerk
from e2e.support.clinic import Clinic, open_clinic
from e2e.support.verbs import capture, stored_today


@pytest.fixture
def clerk() -> Clerk:
    """Clerk's servers, as far as its script uses them."""
    return Clerk()


@pytest.fixture
def clinic(tmp_path: Path, clerk: Clerk) -> Iterator[Clinic]:
    """A clinic without accounts of its own."""
    with open_clinic(tmp_path / "clinic", **clerk.settings()) as clinic:
        yield clinic


@pytest.fixture
def phone(open_context: Callable[..., BrowserContext], clinic: Clinic, clerk: Clerk) -> Page:
    """A phone that can reach Clerk."""
    context = open_context(**PHONE)
    clerk.attend(context, clinic.url)
    return context.new_page()


def test_a_user_who_signs_in_with_clerk_takes_a_photo(clinic: Clinic, clerk: Clerk, phone: Page) -> None:
    """To Clerk's page and back, with a token that the server accepts; nothing breaks a policy."""
    foreign: list[str] = []
    phone.on("request", lambda request: foreign.append(urlsplit(request.url).netloc))
    phone.goto("/mobile")
    phone.get_by_role("button", name="Continue to sign in").click()
    phone.wait_for_url(f"{clinic.url}/mobile")

    capture(phone, 1)
    stored_today(phone, 1)

    phone.get_by_role("button", name="Menu").click()
    menu = phone.get_by_role("dialog")
    expect(menu.get_by_role("button", name="Sign out")).to_be_visible()
    expect(menu.get_by_role("button", name="Change password")).to_have_count(0)  # Clerk has it.
    assert [row["owner"] for row in clinic.photos()] == [USER]
    here = urlsplit(clinic.url).netloc
    assert set(foreign) == {here, "clerk.clinic.example", "accounts.clinic.example"}


def test_the_sign_in_page_alone_allows_the_styles_that_clerk_brings(clinic: Clinic, phone: Page) -> None:
    """One nonce for one answer, the same on the page and in its policy."""
    answer = phone.goto("/sign-in?back=/mobile")
    assert answer is not None
    expect(phone.get_by_role("button", name="Continue to sign in")).to_be_visible()
    nonce = phone.locator('meta[name="cp-nonce"]').get_attribute("content")

    assert f"'nonce-{nonce}'" in answer.headers["content-security-policy"]
    assert phone.evaluate(STYLED, nonce) == "rgb(1, 2, 3)"


STYLED = """(nonce) => {
  const style = document.createElement('style');
  style.setAttribute('nonce', nonce);
  style.textContent = 'h1 { color: rgb(1, 2, 3) !important; }';
  document.head.append(style);
  return getComputedStyle(document.querySelector('#hosted h1')).color;
}"""
