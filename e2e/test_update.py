"""A new version of the app never gets in the way of a photo."""

import asyncio
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from e2e.clinic import ROOT, Clinic, free_port
from e2e.conftest import PHONE
from e2e.doubles.proxy import Proxy, Request, Writer, open_proxy
from e2e.verbs import at, capture, queue_row, sign_in, stored_today, until
from e2e.watch import Watch


@pytest.fixture
def link(tmp_path: Path) -> Iterator[tuple[Clinic, Proxy]]:
    """A clinic that serves a copy of the program, so that a test can publish another version."""
    root = tmp_path / "program"
    for folder in ("app", "pwa", "service_worker"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    port = free_port()
    with open_proxy(port) as link:
        origins = f"http://localhost:{port},http://localhost:{link.port}"
        clinic = Clinic(tmp_path / "clinic", port, root, PUBLIC_ORIGINS=origins)
        clinic.start()
        yield clinic, link
        clinic.kill()


@pytest.fixture
def clinic(link: tuple[Clinic, Proxy]) -> Clinic:
    """The clinic alone."""
    return link[0]


def publish_another_version(clinic: Clinic) -> None:
    """Change one file of the phone's shell and restart the server."""
    words = clinic.root / "pwa" / "page" / "words-phone.js"
    words.write_text(words.read_text() + "\n// another version\n")
    clinic.stop()
    clinic.start()


def test_an_update_waits_for_a_replay_and_then_asks(
    link: tuple[Clinic, Proxy], open_context: Callable[..., BrowserContext], watch: Watch
) -> None:
    """The new version installs while a photo is on its way; the photo arrives, then the app asks."""
    watch.allow("ERR_", "status of")
    clinic, proxy = link
    phone = open_context(**{**PHONE, "base_url": f"http://localhost:{proxy.port}"}).new_page()
    sign_in(phone, clinic)
    at(phone, "connected")
    phone.evaluate("navigator.serviceWorker.ready.then(() => true)")
    phone.reload()
    released = threading.Event()

    async def hold(_: Proxy, request: Request, writer: Writer) -> None:
        await asyncio.to_thread(released.wait, 60)
        await proxy.send(writer, await proxy.upstream(request))

    held = proxy.fault("PUT", r"^/photos/", hold, times=1)
    capture(phone, 1)
    expect(queue_row(phone, "Sending")).to_have_count(1)

    publish_another_version(clinic)
    phone.evaluate("navigator.serviceWorker.getRegistration().then((one) => one.update()).then(() => true)")
    until(phone, "() => navigator.serviceWorker.getRegistration().then((one) => one.waiting)")
    expect(phone.get_by_role("button", name="Reload")).not_to_be_visible()
    assert held.hits == 1
    released.set()

    stored_today(phone, 1)
    with phone.expect_navigation():
        phone.get_by_role("button", name="Reload").click()
    at(phone, "connected")
    expect(phone.get_by_text("1 stored today")).to_be_visible()
    assert [row["state"] for row in clinic.photos()] == ["stored"]
    assert "another version" in phone.evaluate(
        "fetch('/pwa/page/words-phone.js').then((answer) => answer.text())"
    )
