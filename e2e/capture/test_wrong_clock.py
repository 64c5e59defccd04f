"""The phone's clock is a claim: photos get the server's time, both are kept, and the page says so."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from e2e.support.clinic import Clinic
from e2e.support.stored import on_the_phone
from e2e.support.verbs import api, gallery, open_camera, open_consultation_on_both, review, take, upload

CLOCKS = {"1970": datetime(1970, 1, 2, tzinfo=UTC), "2099": datetime(2099, 6, 1, tzinfo=UTC)}
CLOCK_AT = """
const now = Date.now.bind(Date);
const opened = now();
const Real = Date;
Date = class extends Real {
  constructor(...of) { of.length ? super(...of) : super(Date.now()); }
  static now() { return START + now() - opened; }
};
"""


def moment(text: str) -> datetime:
    """A time of an answer."""
    return datetime.fromisoformat(text)


@pytest.mark.parametrize("year", list(CLOCKS))
def test_a_photo_gets_the_servers_time_and_keeps_the_phones(
    clinic: Clinic, phone: Page, desktop: Page, year: str
) -> None:
    """The phone says that its clock is wrong; nothing waits for a day; the desktop shows both times."""
    start = str(int(CLOCKS[year].timestamp() * 1000))
    phone.add_init_script(CLOCK_AT.replace("START", start))
    open_consultation_on_both(clinic, phone, desktop)
    expect(phone.get_by_text("This phone's clock is wrong by")).to_be_visible()
    open_camera(phone)
    take(phone, 1)

    (kept,) = on_the_phone(phone)
    assert abs(moment(kept["capturedAt"]) - datetime.now(UTC)) < timedelta(minutes=2)
    assert abs(moment(kept["deviceCapturedAt"]) - CLOCKS[year]) < timedelta(hours=1)
    phone.get_by_role("button", name="Close camera").click()
    expect(phone.get_by_text("waited here for more than")).to_have_count(0)
    phone.get_by_role("button", name="Review (1)").click()
    upload(phone, 1)

    # The browser's worker keeps the true clock here: only the page gets another.
    gallery(desktop, 1)
    (row,) = clinic.photos()
    listed = api(desktop, f"/api/consultations/{row['filed_in']}/photos")["photos"]
    assert abs(moment(listed[0]["capturedAt"]) - datetime.now(UTC)) < timedelta(minutes=2)
    assert moment(listed[0]["deviceCapturedAt"]).year == CLOCKS[year].year
    expect(desktop.get_by_text("the phone's clock said").first).to_be_visible()


def test_a_right_clock_is_not_mentioned(clinic: Clinic, phone: Page, desktop: Page) -> None:
    """The control: the two times are one."""
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)
    take(phone, 1)

    (kept,) = on_the_phone(phone)
    assert kept["capturedAt"] == kept["deviceCapturedAt"]
    review(phone, 1)
    expect(phone.get_by_text("clock is wrong")).to_have_count(0)


def test_a_clock_that_is_set_while_the_page_is_open_moves_no_photo(
    clinic: Clinic, phone: Page, desktop: Page
) -> None:
    """The monotonic clock shows that it was a jump; the page says that the clock is wrong."""
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)
    take(phone, 1)
    phone.evaluate("Date.now = ((now) => () => now() - 5 * 3600000)(Date.now)")
    take(phone, 1, before=1)

    before, after = on_the_phone(phone)
    apart = moment(after["capturedAt"]) - moment(before["capturedAt"])
    assert timedelta() <= apart < timedelta(minutes=2)
    assert moment(after["deviceCapturedAt"]) < moment(before["deviceCapturedAt"])
    phone.get_by_role("button", name="Close camera").click()
    expect(phone.get_by_text("This phone's clock is wrong by 5 hours.")).to_be_visible()
