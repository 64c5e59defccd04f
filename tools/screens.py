"""Takes the README's screenshots of the real program: ``.venv/bin/python -m tools.screens``."""

import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from e2e.conftest import DESKTOP, PHONE, QUIET, chromium
from e2e.support.camera import drawn, film
from e2e.support.clinic import Clinic, open_clinic
from e2e.support.verbs import (
    gallery,
    open_camera,
    queue_row,
    review,
    sign_in,
    start_consultation,
    stored_today,
    take,
    upload,
)

SCREENS = Path(__file__).resolve().parent.parent / "docs" / "screens"
LABEL = "Room 2 · J.S. 54y"


def main() -> None:
    """One consultation, from sign-in to the desktop, with a picture of each screen."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp())
    camera = film(folder / "film.mjpeg", treat=lambda _: drawn())
    arguments = [*QUIET, "--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={camera}"]
    with open_clinic(folder / "clinic") as clinic, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium(), args=arguments)
        desktop = browser.new_context(base_url=clinic.url, **DESKTOP).new_page()
        phone = browser.new_context(base_url=clinic.url, **{**PHONE, "device_scale_factor": 1}).new_page()
        consultation(clinic, phone, desktop)
        browser.close()


def consultation(clinic: Clinic, phone: Page, desktop: Page) -> None:
    """What a clinician does, and what the screens show meanwhile."""
    phone.goto("/sign-in?back=/mobile")
    shoot(phone, "sign-in")
    sign_in(desktop, clinic, "/desktop")
    start_consultation(desktop, LABEL)
    sign_in(phone, clinic)
    expect(phone.get_by_role("heading", name=LABEL)).to_be_visible()
    open_camera(phone)
    take(phone, 3)
    shoot(phone, "phone-camera")
    review(phone, 3)
    shoot(phone, "phone-review")
    upload(phone, 3)
    stored_today(phone, 3)
    phone.context.set_offline(True)
    open_camera(phone)
    take(phone, 2)
    review(phone, 2)
    upload(phone, 2)
    expect(queue_row(phone, "Waiting for connection")).to_have_count(2)
    shoot(phone, "phone-connected")
    phone.context.set_offline(False)
    stored_today(phone, 5)
    gallery(desktop, 5)
    shoot(desktop, "desktop")
    desktop.get_by_role("list", name="Photos").get_by_role("button").first.click()
    expect(desktop.get_by_role("dialog")).to_be_visible()
    shoot(desktop, "desktop-photo")


def shoot(page: Page, name: str) -> None:
    """A picture of what is on the screen, once its images are there."""
    page.wait_for_function("[...document.images].every((image) => image.complete)")
    path = SCREENS / f"{name}.png"
    page.screenshot(path=path, animations="disabled")
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE).save(path, optimize=True)


if __name__ == "__main__":
    main()
