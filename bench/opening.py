"""(f) The first opening of the pages on a slow network and a slow phone, until they can be used.

Chromium's own throttling: 150 ms, 1.6 Mbit/s down, 0.75 Mbit/s up, processor slowed four times. Cold is
a profile that has never been here; warm is the second opening, when the service worker answers.
"""

from pathlib import Path
from typing import Any

import msgspec
from playwright.sync_api import BrowserContext, CDPSession, Page

from bench.browsing import Chromium, sign_in_by_cookie
from bench.report import Line, line
from bench.running import MeasuredClinic
from bench.users import make_account, prepare
from e2e.conftest import DESKTOP, PHONE
from tests.support.ports import free_port

PART = "opening"
SLOW_4G = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1_600_000 / 8,
    "uploadThroughput": 750_000 / 8,
}
SLOWED = 4
MOST_LOOKS = 1500
# Marks the moment from which on the first action works.
READY = """(selector) => {
  const look = () => {
    const found = document.querySelector(selector);
    if (found && !found.disabled && found.checkVisibility()) performance.mark("ready");
    else requestAnimationFrame(look);
  };
  look();
}"""
FOUND = """() => {
  const entries = performance.getEntriesByType("paint");
  const paint = entries.find(({ name }) => name === "first-contentful-paint");
  return [performance.getEntriesByName("ready")[0]?.startTime ?? 0, paint?.startTime ?? 0];
}"""


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """One page and what it must reach: milliseconds, requests, kilobytes as sent."""

    name: str
    address: str
    options: dict[str, Any]
    action: str
    requests: float
    kilobytes: float


class Opening(msgspec.Struct, frozen=True):
    """What one opening took: milliseconds, milliseconds, requests, bytes as sent."""

    ready: float
    paint: float
    requests: int
    sent: int


PAGES = (
    Opened(
        name="phone",
        address="/mobile",
        options=PHONE,
        action="#open-camera",
        requests=12,
        kilobytes=60,
    ),
    Opened(
        name="desktop",
        address="/desktop",
        options=DESKTOP,
        action="#new-consultation",
        requests=12,
        kilobytes=85,
    ),
)


def measure(folder: Path, chromium: Chromium, rounds: int) -> list[Line]:
    """Each page cold and warm, in turn."""
    clinic = MeasuredClinic(folder / "opening", free_port())
    account = prepare(clinic, make_account)
    clinic.start()
    try:
        found = [_round(clinic, chromium, account.name) for _ in range(rounds)]
    finally:
        clinic.kill()
    return [each for page in PAGES for each in _lines(page, [one[page.name] for one in found])]


def _round(clinic: MeasuredClinic, chromium: Chromium, name: str) -> dict[str, list[Opening]]:
    found = {}
    for page in PAGES:
        with chromium.opened(**page.options) as context:
            sign_in_by_cookie(context, clinic.url, name)
            found[page.name] = [_open(context, clinic.url, page) for _ in ("cold", "warm")]
    return found


def _open(context: BrowserContext, origin: str, opened: Opened) -> Opening:
    page = context.new_page()
    session = context.new_cdp_session(page)
    sent = _counting(session)
    session.send("Network.emulateNetworkConditions", SLOW_4G)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
    page.add_init_script(f"({READY})({msgspec.json.encode(opened.action).decode()})")
    page.goto(f"{origin}{opened.address}")
    ready, paint = _until_ready(page)
    result = Opening(ready, paint, len(sent), sum(sent.values()))
    # The next opening finds what this one keeps for offline.
    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    page.close()
    return result


def _counting(session: CDPSession) -> dict[str, int]:
    """Bytes on the wire by request, as they come."""
    sent: dict[str, int] = {}

    def begun(event: dict[str, Any]) -> None:
        sent.setdefault(event["requestId"], 0)

    def finished(event: dict[str, Any]) -> None:
        sent[event["requestId"]] = int(event["encodedDataLength"])

    session.on("Network.requestWillBeSent", begun)
    session.on("Network.loadingFinished", finished)
    session.send("Network.enable")
    return sent


def _until_ready(page: Page) -> tuple[float, float]:
    for _ in range(MOST_LOOKS):
        ready, paint = page.evaluate(FOUND)
        if ready and paint:
            return ready, paint
        page.wait_for_timeout(20)
    raise AssertionError(f"{page.url} cannot be used: ready {ready}, first paint {paint}")


def _lines(page: Opened, found: list[list[Opening]]) -> list[Line]:
    cold, warm = ([one[place] for one in found] for place in (0, 1))
    what = f"{page.name}, cold: until {page.action} can be tapped"
    return [
        line(PART, what, [one.ready for one in cold], "ms", goal=1500),
        line(PART, f"{page.name}, cold: first paint", [one.paint for one in cold], "ms", goal=900),
        line(PART, f"{page.name}, cold: requests", [one.requests for one in cold], "", goal=page.requests),
        line(
            PART, f"{page.name}, cold: as sent", [one.sent / 1000 for one in cold], "kB", goal=page.kilobytes
        ),
        line(PART, f"{page.name}, warm: the same", [one.ready for one in warm], "ms"),
        line(PART, f"{page.name}, warm: first paint", [one.paint for one in warm], "ms"),
    ]
