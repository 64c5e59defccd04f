"""The server becomes another version while photos are on their way, and goes back again."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from e2e.conftest import PHONE
from e2e.doubles.proxy import Proxy
from e2e.support.clinic import Clinic
from e2e.support.verbs import (
    capture,
    expect_state,
    expect_stored_once,
    queue_row,
    sign_in,
    sign_in_with_worker,
    stored_today,
)
from e2e.support.versions import (
    change_the_page,
    change_the_schema,
    copy_program,
    hold_a_photo,
    open_copy,
    restart,
)
from e2e.support.watch import Watch

MARK = "window.pageOfTheFirstLoad"


@pytest.fixture
def link(tmp_path: Path) -> Iterator[tuple[Clinic, Proxy]]:
    """A clinic that runs a copy of the program, behind a link that can delay a photo."""
    with open_copy(tmp_path) as both:
        yield both


@pytest.fixture
def clinic(link: tuple[Clinic, Proxy]) -> Clinic:
    """The clinic alone."""
    return link[0]


@pytest.fixture
def old_phone(link: tuple[Clinic, Proxy], open_context: Callable[..., BrowserContext], watch: Watch) -> Page:
    """A signed-in phone with the app of the version that is about to be replaced."""
    watch.allow("ERR_", "status of", "WebSocket", "warning: Ably")
    clinic, proxy = link
    phone = open_context(**{**PHONE, "base_url": f"http://localhost:{proxy.port}"}).new_page()
    sign_in_with_worker(phone, clinic)
    phone.evaluate(f"{MARK} = true")
    return phone


def revision(clinic: Clinic) -> str:
    """The revision of the database's schema."""
    return str(clinic.rows("SELECT version_num FROM alembic_version")[0]["version_num"])


def update_the_app(phone: Page) -> None:
    """Find the new version, and reload as the app offers to."""
    phone.evaluate("navigator.serviceWorker.getRegistration().then((one) => one.update()).then(() => true)")
    with phone.expect_navigation():
        phone.get_by_role("button", name="Reload").click()
    expect_state(phone, "connected")
    assert phone.evaluate("remark") == "the next version"


def test_the_next_version_takes_what_the_old_app_still_sends(
    link: tuple[Clinic, Proxy], old_phone: Page, desktop: Page, tmp_path: Path
) -> None:
    """Presigned by the old server, put and completed at the new one, whose database has another shape."""
    clinic, proxy = link
    sign_in(desktop, clinic, "/desktop")
    held, released = hold_a_photo(proxy)
    capture(old_phone, 3)
    expect(queue_row(old_phone, "Sending")).to_have_count(1)
    next_version = copy_program(tmp_path / "next version")
    change_the_page(next_version, "the next version")
    shape = change_the_schema(next_version)
    assert revision(clinic) != shape

    restart(clinic, next_version)
    released.set()

    stored_today(old_phone, 3)
    assert held.hits == 1
    assert revision(clinic) == shape
    assert old_phone.evaluate(MARK) is True
    expect_stored_once(desktop, clinic, 3)


def test_the_old_version_refuses_the_new_database_and_photos_wait_until_the_new_one_is_back(
    link: tuple[Clinic, Proxy], old_phone: Page, desktop: Page, tmp_path: Path
) -> None:
    """A downgrade that cannot work says so at once; what the phone took meanwhile arrives afterwards."""
    clinic, _ = link
    sign_in(desktop, clinic, "/desktop")
    this_version = clinic.root
    next_version = copy_program(tmp_path / "next version")
    change_the_schema(next_version)
    restart(clinic, next_version)
    clinic.stop()
    clinic.root = this_version

    refusal = clinic.run("serve")
    capture(old_phone, 2)
    expect(
        queue_row(old_phone, "Waiting for connection").or_(queue_row(old_phone, "Retrying"))
    ).to_have_count(2)
    clinic.root = next_version
    clinic.start()

    assert refusal.returncode == 1
    assert "The database was last used by a newer version of the app." in refusal.stderr
    stored_today(old_phone, 2)
    expect_stored_once(desktop, clinic, 2)


def test_the_old_version_takes_what_the_next_app_sends_while_the_database_has_its_shape(
    link: tuple[Clinic, Proxy], old_phone: Page, desktop: Page, tmp_path: Path
) -> None:
    """A downgrade after a version that only changed the pages: the newer app's photos arrive, too."""
    clinic, proxy = link
    sign_in(desktop, clinic, "/desktop")
    old_phone.reload()  # Only a page that the worker serves has something to update.
    this_version = clinic.root
    next_version = copy_program(tmp_path / "next version")
    change_the_page(next_version, "the next version")
    restart(clinic, next_version)
    update_the_app(old_phone)
    _, released = hold_a_photo(proxy)
    capture(old_phone, 2)
    expect(queue_row(old_phone, "Sending")).to_have_count(1)

    restart(clinic, this_version)
    released.set()

    stored_today(old_phone, 2)
    expect_stored_once(desktop, clinic, 2)
