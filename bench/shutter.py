"""(b) From the tap on the shutter to the moment at which the page says that the photo is kept.

The page says so after the bytes were written strictly, read back and hashed again. The floor is the
least that could keep a photo: grab the frame, shrink and encode it, one strict write, nothing verified.
"""

from pathlib import Path

from playwright.sync_api import Page

from bench.browsing import Chromium, phone_page
from bench.report import Line, line, paired
from bench.running import MeasuredClinic
from bench.users import make_account, prepare
from e2e.support.camera import film
from e2e.support.verbs import open_camera

PART = "shutter"
SCRIPT = Path(__file__).with_suffix(".js")
WARM_UP = 3


def measure(folder: Path, chromium: Chromium, taps: int) -> list[Line]:
    """Some taps, each beside its floor."""
    clinic = MeasuredClinic(folder / "shutter")
    account = prepare(clinic, make_account)
    camera = film(folder / "film.mjpeg")
    clinic.start()
    try:
        with chromium.opened(
            "--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={camera}"
        ) as context:
            return _lines(_taps(phone_page(context, clinic.url, account.name), taps))
    finally:
        clinic.kill()


def _taps(page: Page, taps: int) -> dict[str, list[float]]:
    open_camera(page)
    found = page.evaluate(SCRIPT.read_text().split("\n", 2)[2], {"taps": taps + WARM_UP})
    return {name: values[WARM_UP:] for name, values in found.items()}


def _lines(ms: dict[str, list[float]]) -> list[Line]:
    return [
        line(PART, "least that keeps a photo: grab, encode, one strict write", ms["least"], "ms"),
        line(PART, "tap to durable: hashed, written, read back, hashed again", ms["taken"], "ms",
             ratio=paired(ms["taken"], ms["least"]), against="the least"),
        line(PART, "page busy in the tap itself", ms["blocked"], "ms"),
    ]  # fmt: skip
