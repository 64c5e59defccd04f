"""A new version of the app never gets in the way of a photo."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from e2e.conftest import PHONE
from e2e.doubles.proxy import Proxy
from e2e.support.clinic import Clinic
from e2e.support.verbs import (
    capture,
    expect_state,
    queue_row,
    sign_in_with_worker,
    stored_today,
    wait_until_true,
)
from e2e.support.versions import change_the_page, hold_a_photo, open_copy, restart
from e2e.support.watch import Watch


@pytest.fixture
def link(tmp_path: Path) -> Iterator[tuple[Clinic, Proxy]]:
    """A clinic that serves a copy of the program, so that a test can publish another version."""
    with open_copy(tmp_path) as both:
        yield both


@pytest.fixture
def clinic(link: tuple[Clinic, Proxy]) -> Clinic:
    """The clinic alone."""
    return link[0]


def test_an_update_waits_for_a_replay_and_then_asks(
    link: tuple[Clinic, Proxy], open_context: Callable[..., BrowserContext], watch: Watch
) -> None:
    """The new version installs while a photo is on its way; the photo arrives, then the app asks."""
    watch.allow("ERR_", "status of", "WebSocket")
    clinic, proxy = link
    phone = open_context(**{**PHONE, "base_url": f"http://localhost:{proxy.port}"}).new_page()
    sign_in_with_worker(phone, clinic)
    phone.reload()
    held, released = hold_a_photo(proxy)
    capture(phone, 1)
    expect(queue_row(phone, "Sending")).to_have_count(1)

    change_the_page(clinic.root, "another version")
    restart(clinic)
    phone.evaluate("navigator.serviceWorker.getRegistration().then((one) => one.update()).then(() => true)")
    wait_until_true(phone, "() => navigator.serviceWorker.getRegistration().then((one) => one.waiting)")
    expect(phone.get_by_role("button", name="Reload")).not_to_be_visible()
    assert held.hits == 1
    released.set()

    stored_today(phone, 1)
    with phone.expect_navigation():
        phone.get_by_role("button", name="Reload").click()
    expect_state(phone, "connected")
    expect(phone.get_by_text("1 stored today")).to_be_visible()
    assert [row["state"] for row in clinic.photos()] == ["stored"]
    assert phone.evaluate("remark") == "another version"
