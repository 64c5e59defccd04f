"""Every failure of the link, the sign-in or the photo ends as designed, and nothing is lost."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from e2e.conftest import DESKTOP, PHONE
from e2e.doubles.faults import only_the_first, problem
from e2e.doubles.proxy import Proxy, answer_with, lose_answer, open_proxy, reset_connection
from e2e.support.clinic import Clinic, open_clinic
from e2e.support.verbs import (
    capture,
    expect_arrived,
    expect_stored_once,
    gallery,
    queue_row,
    sign_in,
    start_consultation,
    stored_today,
)
from e2e.support.watch import Watch
from tests.support.ports import free_port

OBJECT = r"^/photos/consultations/"
COMPLETE = r"/complete$"


@pytest.fixture
def link(tmp_path: Path) -> Iterator[tuple[Clinic, Proxy]]:
    """A clinic behind a link that can be made to fail; both addresses are its own."""
    port = free_port()
    with open_proxy(port) as proxy:
        origins = f"http://localhost:{port},http://localhost:{proxy.port}"
        with open_clinic(tmp_path / "clinic", port, PUBLIC_ORIGINS=origins) as clinic:
            yield clinic, proxy


@pytest.fixture
def clinic(link: tuple[Clinic, Proxy]) -> Clinic:
    """The clinic of this file's tests."""
    return link[0]


@pytest.fixture
def proxy(link: tuple[Clinic, Proxy]) -> Proxy:
    """The phone's link to it."""
    return link[1]


@pytest.fixture
def scene(clinic: Clinic, proxy: Proxy, open_context: Callable[..., BrowserContext]) -> tuple[Page, Page]:
    """A desktop with an open consultation on the good link, a signed-in phone behind the proxy."""
    desktop = open_context(**DESKTOP).new_page()
    sign_in(desktop, clinic, "/desktop")
    start_consultation(desktop, "Room 2")
    context = open_context(**{**PHONE, "base_url": f"http://localhost:{proxy.port}"})
    phone = context.new_page()
    sign_in(phone, clinic)
    expect(phone.get_by_role("heading", name="Room 2")).to_be_visible()
    return phone, desktop


def test_a_lost_answer_to_the_put_stores_the_photo_once(
    clinic: Clinic, proxy: Proxy, scene: tuple[Page, Page], watch: Watch
) -> None:
    """The store took the photo, its answer was lost: the next PUT is refused with 412, which is success."""
    watch.allow("status of 412", "ERR_")
    phone, desktop = scene
    lost = proxy.fault("PUT", OBJECT, lose_answer, times=1)

    capture(phone, 2)

    expect_arrived(phone, desktop, clinic, 2)
    assert lost.hits == 1


def test_a_lost_answer_to_complete_yields_one_row_and_one_receipt(
    clinic: Clinic, proxy: Proxy, scene: tuple[Page, Page], watch: Watch
) -> None:
    """The receipt is asked for again; the server gives the same one."""
    watch.allow("ERR_")
    phone, desktop = scene
    lost = proxy.fault("POST", COMPLETE, lose_answer, times=1)

    capture(phone, 1)

    expect_arrived(phone, desktop, clinic, 1)
    assert lost.hits == 1


def test_a_captive_portal_is_no_receipt(
    clinic: Clinic, proxy: Proxy, scene: tuple[Page, Page], watch: Watch
) -> None:
    """A portal answers everything with 200 and a page: the photos wait, and arrive when it is gone."""
    watch.allow("ERR_", "status of", "MIME type", "SyntaxError", "JSON")
    phone, desktop = scene
    portal = proxy.fault("*", r"^/(api|photos|health)", answer_with(200, "<h1>Free Wi-Fi</h1>"))

    capture(phone, 2)
    expect(queue_row(phone, re.compile("Waiting for connection|Retrying"))).to_have_count(2)
    assert portal.hits > 0
    assert clinic.photos() == []
    proxy.heal()
    phone.get_by_role("button", name="Send now").click()

    expect_arrived(phone, desktop, clinic, 2)


def test_a_reset_link_only_delays(
    clinic: Clinic, proxy: Proxy, scene: tuple[Page, Page], watch: Watch
) -> None:
    """Two PUTs are reset on the way; both photos arrive without a tap."""
    watch.allow("ERR_", "status of")
    phone, desktop = scene
    broken = proxy.fault("PUT", OBJECT, reset_connection, times=2)

    capture(phone, 2)

    expect_arrived(phone, desktop, clinic, 2)
    assert broken.hits == 2


def test_one_poisoned_photo_is_parked_and_the_rest_are_stored(
    clinic: Clinic, proxy: Proxy, scene: tuple[Page, Page], watch: Watch
) -> None:
    """The first photo is always refused as no photo; it needs attention and blocks no other."""
    watch.allow("status of 422")
    phone, desktop = scene
    proxy.fault("POST", COMPLETE, only_the_first(problem(422, "invalid-image")))

    capture(phone, 4)

    stored_today(phone, 3)
    expect(queue_row(phone, "Needs attention")).to_have_count(1)
    gallery(desktop, 3)
    assert sum(row["state"] == "stored" for row in clinic.photos()) == 3


def test_an_expired_sign_in_pauses_the_queue_and_a_new_one_resumes_it(
    clinic: Clinic, proxy: Proxy, scene: tuple[Page, Page], watch: Watch
) -> None:
    """401 in mid queue: the photos wait untouched, then travel on after the sign-in."""
    watch.allow("status of 401", "status of 412", "ERR_")
    phone, desktop = scene
    asking = r"/api/uploads/presign|/api/session/token|/complete$"
    proxy.fault("POST", asking, problem(401, "unauthenticated"))

    capture(phone, 3)
    expect(queue_row(phone, "Sign in to continue")).to_have_count(3)
    phone.context.clear_cookies()
    proxy.heal()
    sign_in(phone, clinic)

    expect_arrived(phone, desktop, clinic, 3)


def test_a_server_that_dies_and_returns_finds_every_photo(
    clinic: Clinic, scene: tuple[Page, Page], watch: Watch
) -> None:
    """``kill -9`` of the server while photos are sent: after its restart all are stored, once."""
    watch.allow("ERR_", "status of", "WebSocket", "Failed to fetch")
    phone, desktop = scene
    clinic.kill()

    capture(phone, 3)
    expect(queue_row(phone, re.compile("Waiting for connection|Retrying"))).to_have_count(3)
    clinic.start()
    phone.get_by_role("button", name="Send now").click()

    stored_today(phone, 3)
    gallery(desktop, 3, limit_ms=30_000)
    expect_stored_once(desktop, clinic, 3)
