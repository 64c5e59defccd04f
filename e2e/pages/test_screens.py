"""Every screen passes axe at WCAG 2.2 AA in both colour schemes, and the app can be installed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from e2e.conftest import DESKTOP, PHONE
from e2e.support.clinic import ROOT, Clinic
from e2e.support.handset import Handset
from e2e.support.verbs import (
    capture,
    expect_state,
    gallery,
    open_camera,
    review,
    sign_in,
    sign_in_with_worker,
    start_consultation,
    stored_today,
    take,
)

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def faults(page: Page) -> list[dict[str, Any]]:
    """What axe finds on the page as it is: rule and places."""
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(AXE.read_text())
    found = page.evaluate("(levels) => axe.run(document, {runOnly: levels})", LEVELS)
    return [
        {"rule": one["id"], "where": [node["html"][:200] for node in one["nodes"]]}
        for one in found["violations"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_phone_s_screens_are_accessible(
    clinic: Clinic, open_context: Callable[..., BrowserContext], scheme: str
) -> None:
    """Sign-in, connected, camera, reviewing, uploaded."""
    phone = open_context(**PHONE, color_scheme=scheme).new_page()
    phone.goto("/sign-in?back=/mobile")
    seen = {"sign-in": faults(phone)}
    sign_in(phone, clinic)
    expect_state(phone, "connected")
    seen["connected"] = faults(phone)
    open_camera(phone)
    take(phone, 2)
    seen["camera"] = faults(phone)
    review(phone, 2)
    seen["reviewing"] = faults(phone)

    assert {screen: found for screen, found in seen.items() if found} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_desktop_s_screens_are_accessible(
    clinic: Clinic, phone: Page, open_context: Callable[..., BrowserContext], scheme: str
) -> None:
    """Empty, with photos, a photo opened, the trust page."""
    desktop = open_context(**DESKTOP, color_scheme=scheme).new_page()
    sign_in(desktop, clinic, "/desktop")
    expect(desktop.get_by_role("img", name="Scan to open on your phone").first).to_be_visible()
    seen = {"empty": faults(desktop)}
    start_consultation(desktop, "Room 2")
    sign_in(phone, clinic)
    expect(phone.get_by_role("heading", name="Room 2")).to_be_visible()
    capture(phone, 2)
    stored_today(phone, 2)
    gallery(desktop, 2)
    seen["photos"] = faults(desktop)
    desktop.get_by_role("list", name="Photos").get_by_role("listitem").first.get_by_role(
        "button"
    ).first.click()
    expect(desktop.get_by_role("dialog")).to_be_visible()
    seen["photo"] = faults(desktop)
    desktop.goto("/trust")
    seen["trust"] = faults(desktop)

    assert {screen: found for screen, found in seen.items() if found} == {}


def test_axe_finds_a_fault_that_is_there(clinic: Clinic, phone: Page) -> None:
    """The control: a button without a name is seen."""
    phone.goto("/sign-in")
    phone.evaluate("document.body.append(document.createElement('button'))")

    assert [fault["rule"] for fault in faults(phone)] == ["button-name"]


def test_the_app_can_be_installed(clinic: Clinic, handset: Handset) -> None:
    """Chromium has no complaint, and the manifest has our names and icons."""
    phone = handset.open()
    sign_in_with_worker(phone, clinic)
    session = handset.context.new_cdp_session(phone)

    errors = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    manifest = json.loads(session.send("Page.getAppManifest")["data"])

    assert errors == []
    assert manifest["start_url"] == "/mobile"
    assert {icon.get("purpose", "any") for icon in manifest["icons"]} >= {"any", "maskable"}


def test_the_shell_is_all_that_is_cached(clinic: Clinic, phone: Page, tmp_path: Path) -> None:
    """After photos were taken and sent, caches have the shell and no picture; other storage is empty."""
    sign_in_with_worker(phone, clinic)
    phone.reload()
    capture(phone, 1)
    stored_today(phone, 1)

    cached = phone.evaluate(
        """async () => (await Promise.all((await caches.keys()).map(async (name) =>
             (await (await caches.open(name)).keys()).map((one) => new URL(one.url).pathname)))).flat()"""
    )
    # The signals' library stores which transport worked, and nothing else is there.
    local = phone.evaluate(
        """() => {
             const { "ably-transport-preference": _, ...rest } = localStorage;
             return JSON.stringify([rest, { ...sessionStorage }]);
           }"""
    )

    assert cached
    assert [path for path in cached if path.startswith(("/api", "/photos", "/sign-in", "/desktop"))] == []
    assert local == "[{},{}]"
