"""A consultation that the server has not confirmed for a while is asked about before the first shutter."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from e2e.conftest import PHONE
from e2e.support.clinic import Clinic, open_clinic
from e2e.support.stored import age_the_confirmation
from e2e.support.verbs import (
    api,
    expect_stored_once,
    open_camera,
    open_consultation_on_both,
    review,
    send_all,
    stored_today,
    take,
    upload,
    wait_for_worker,
)
from e2e.support.watch import Watch

NO_LINK = r"ERR_INTERNET_DISCONNECTED|Failed to fetch"


@pytest.fixture
def forgetful(tmp_path: Path) -> Iterator[Clinic]:
    """A clinic where a consultation is stale after one minute."""
    with open_clinic(tmp_path / "forgetful", CONSULTATION_STALE_MINUTES="1") as clinic:
        yield clinic


@pytest.mark.parametrize(("answer", "filed_in"), [("Use Room 2", "Room 2"), ("No consultation", "Unfiled")])
def test_an_old_consultation_is_asked_about_before_the_first_shutter(
    forgetful: Clinic,
    open_context: Callable[..., BrowserContext],
    watch: Watch,
    answer: str,
    filed_in: str,
) -> None:
    """Without a link, two minutes after the last answer: its age is shown, and the clinician decides."""
    watch.allow(NO_LINK)
    desktop = open_context(base_url=forgetful.url).new_page()
    phone = open_context(**{**PHONE, "base_url": forgetful.url}).new_page()
    open_consultation_on_both(forgetful, phone, desktop)
    wait_for_worker(phone)
    phone.context.set_offline(True)
    age_the_confirmation(phone, minutes=2)
    phone.reload()
    expect(phone.get_by_role("heading", name="Room 2")).to_be_visible()

    phone.get_by_role("button", name="Open camera").click()
    expect(phone.get_by_text(re.compile("Room 2 was last confirmed 2 minutes ago"))).to_be_visible()
    expect(phone.get_by_role("button", name="Take photo")).not_to_be_visible()
    phone.get_by_role("group").get_by_role("button", name=answer).click()
    take(phone, 1)
    review(phone, 1)
    phone.context.set_offline(False)
    upload(phone, 1)

    stored_today(phone, 1)
    [row] = expect_stored_once(desktop, forgetful, 1)
    labels = {one["id"]: one["label"] for one in api(desktop, "/api/consultations")["consultations"]}
    assert labels[row["filed_in"]] == filed_in


def test_a_fresh_consultation_is_not_asked_about(
    forgetful: Clinic, open_context: Callable[..., BrowserContext]
) -> None:
    """The control: with a fresh answer of the server, the shutter is free at once."""
    desktop = open_context(base_url=forgetful.url).new_page()
    phone = open_context(**{**PHONE, "base_url": forgetful.url}).new_page()
    open_consultation_on_both(forgetful, phone, desktop)

    open_camera(phone)

    take(phone, 1)
    send_all(phone, 1)
    expect_stored_once(desktop, forgetful, 1)
