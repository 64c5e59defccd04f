"""Chromium for the measurements: a profile on disk, since a private window keeps its databases in memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, Playwright, expect, sync_playwright

from bench.users import PASSWORD
from e2e.conftest import PHONE, QUIET, chromium
from e2e.support.verbs import OWN_PAGE

LIMIT_MS = 120_000


class Chromium:
    """One driver; each ``opened`` browser has a fresh profile on disk."""

    def __init__(self, playwright: Playwright, folder: Path) -> None:
        self._playwright = playwright
        self._folder = folder
        self._profiles = 0

    @contextmanager
    def opened(self, *arguments: str, **options: Any) -> Iterator[BrowserContext]:
        """A browser with these options of its context, phone-sized without any."""
        self._profiles += 1
        context = self._playwright.chromium.launch_persistent_context(
            self._folder / f"profile{self._profiles}",
            executable_path=chromium(),
            args=[*QUIET, *arguments],
            **(options or PHONE),
        )
        context.set_default_timeout(LIMIT_MS)
        try:
            yield context
        finally:
            context.close()

    @property
    def version(self) -> str:
        """Of the browser that set-up found."""
        browser = self._playwright.chromium.launch(executable_path=chromium())
        try:
            return browser.version
        finally:
            browser.close()


@contextmanager
def browser(folder: Path) -> Iterator[Chromium]:
    """Chromium as set-up found it."""
    with sync_playwright() as playwright:
        yield Chromium(playwright, folder)


def sign_in_by_cookie(context: BrowserContext, origin: str, name: str) -> None:
    """Sign a fresh profile in without opening a page."""
    body = {"name": name, "password": PASSWORD}
    expect(context.request.post(f"{origin}/api/session", data=body, headers=OWN_PAGE)).to_be_ok()


def phone_page(context: BrowserContext, origin: str, name: str) -> Page:
    """The phone's page of a clinic, signed in, with its worker at work."""
    page = context.new_page()
    page.goto(f"{origin}/sign-in?back=/mobile")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{origin}/mobile")
    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    return page
