"""Fixtures of the browser tests: a clinic, a browser with a fake camera, a phone, a desktop."""

import os
import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, Playwright, expect, sync_playwright

from e2e.support.camera import film
from e2e.support.clinic import Clinic, open_clinic
from e2e.support.handset import Handset
from e2e.support.verbs import sign_in, start_consultation
from e2e.support.watch import Watch

# A busy machine may take seconds for a page; nothing here measures speed.
LIMIT_MS = 30_000
# What the snapshot leaves out: the state of the page and of its camera.
CAMERA = """() => {
  const { paused, readyState, currentTime, srcObject } = document.querySelector("video") ?? {};
  const tracks = srcObject?.getTracks().map(({ readyState, muted }) => [readyState, muted]);
  return JSON.stringify({ ...document.body.dataset, paused, readyState, currentTime, tracks });
}"""
Launch = Callable[..., Page]
ROOT = Path(__file__).resolve().parent.parent
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 780},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
    "user_agent": "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/156.0.0.0 Mobile Safari/537.36",
    "permissions": ["camera", "background-sync"],
}
DESKTOP: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-quic", "--no-first-run"]  # fmt: skip


def chromium() -> str:
    """The browser that set-up found."""
    given = os.environ.get("CHROMIUM")
    recorded = ROOT / ".setup" / "chromium"
    found = given or (recorded.read_text().strip() if recorded.exists() else shutil.which("chromium"))
    assert found, "No Chromium was found. Install one and run: CHROMIUM=/path/to/chromium make test"
    return found


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure tells what its pages show: the next reader has no other way to look."""
    report = yield
    if report.when == "call" and report.failed:
        pages = {n: p for n, p in getattr(item, "funcargs", {}).items() if isinstance(p, Page)}
        report.sections += [(f"what the {name} shows", screen(page)) for name, page in pages.items()]
    return report


def screen(page: Page) -> str:
    """The state, what can be read and what can be tapped."""
    try:
        return page.locator("body").aria_snapshot(timeout=5_000) + f"\n{page.evaluate(CAMERA)}"
    except Error as error:
        return f"{page.url}: {error.message}"


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """One driver for the whole run."""
    expect.set_options(timeout=LIMIT_MS)
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The film in front of every camera."""
    return film(tmp_path_factory.mktemp("camera") / "film.mjpeg")


@pytest.fixture(scope="session")
def browser_arguments(camera: Path) -> list[str]:
    """Switches of every browser: quiet, with the fake camera."""
    return [*QUIET, *filmed(camera)]


def filmed(film: Path) -> list[str]:
    """Switches for a camera that looks at a film."""
    return ["--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={film}"]


@pytest.fixture(scope="session")
def browser(playwright: Playwright, browser_arguments: list[str]) -> Iterator[Browser]:
    """One browser; each test gets contexts of its own."""
    browser = playwright.chromium.launch(executable_path=chromium(), args=browser_arguments)
    yield browser
    browser.close()


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    """A running clinic of this test alone."""
    with open_clinic(tmp_path / "clinic") as clinic:
        yield clinic


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Fails the test on what no page may do."""
    watch = Watch()
    yield watch
    assert watch.verdict() == []


@pytest.fixture
def open_context(browser: Browser, watch: Watch, clinic: Clinic) -> Iterator[Callable[..., BrowserContext]]:
    """Opens watched contexts on the clinic and closes them at the end."""
    opened: list[BrowserContext] = []

    def open_one(**options: Any) -> BrowserContext:
        context = browser.new_context(**{"base_url": clinic.url, **options})
        context.set_default_timeout(LIMIT_MS)
        watch.context(context)
        opened.append(context)
        return context

    yield open_one
    for context in opened:
        context.close()


@pytest.fixture
def phone(open_context: Callable[..., BrowserContext]) -> Page:
    """A phone's page without an address yet."""
    return open_context(**PHONE).new_page()


@pytest.fixture
def desktop(open_context: Callable[..., BrowserContext]) -> Page:
    """A desktop's page without an address yet."""
    return open_context(**DESKTOP).new_page()


@pytest.fixture
def launch(playwright: Playwright, watch: Watch, clinic: Clinic) -> Iterator[Launch]:
    """A phone in a browser of its own: ``launch(film, *switches)``, without a film no camera of ours."""
    browsers: list[Browser] = []

    def launch_one(film: Path | None, *switches: str) -> Page:
        camera = filmed(film) if film else []
        arguments = [*QUIET, *camera, *switches]
        browsers.append(playwright.chromium.launch(executable_path=chromium(), args=arguments))
        context = browsers[-1].new_context(**{**PHONE, "base_url": clinic.url})
        context.set_default_timeout(LIMIT_MS)
        watch.context(context)
        return context.new_page()

    yield launch_one
    for browser in browsers:
        browser.close()


@pytest.fixture
def desk(clinic: Clinic, desktop: Page) -> Page:
    """A signed-in desktop with an open consultation, Room 2."""
    sign_in(desktop, clinic, "/desktop")
    start_consultation(desktop, "Room 2")
    return desktop


@pytest.fixture
def other(clinic: Clinic, desk: Page, open_context: Callable[..., BrowserContext]) -> Page:
    """The same clinician at another desk, looking at the same consultation."""
    other = open_context(**DESKTOP).new_page()
    sign_in(other, clinic, "/desktop")
    expect(other.get_by_role("heading", name="Room 2")).to_be_visible()
    expect(other.get_by_text("Live", exact=True)).to_be_visible()
    return other


@pytest.fixture
def handset(
    playwright: Playwright, browser_arguments: list[str], watch: Watch, clinic: Clinic
) -> Iterator[Handset]:
    """A phone with a profile on disk, which survives a kill."""
    options = {**PHONE, "base_url": clinic.url}
    handset = Handset(playwright, chromium(), browser_arguments, options, watch)
    yield handset
    handset.forget()
