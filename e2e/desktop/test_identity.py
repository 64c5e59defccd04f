"""The patient of a photo, on the desktop: named by what distinguishes, questioned where in doubt (kind 8)."""

import re
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import Locator, Page, expect

from app.domain.photos.model import THUMBNAIL_EDGE
from e2e.support.api_upload import HEIGHT, WIDTH, store_photo, store_photos
from e2e.support.clinic import Clinic
from e2e.support.desk import consultations, open_photo, tiles
from e2e.support.verbs import api, gallery, start_consultation
from e2e.support.watch import Watch
from tests.support.pictures import jpeg


def listed(desktop: Page) -> Locator:
    """The list of consultations."""
    return desktop.get_by_role("list", name="Consultations")


def submit_new(desktop: Page, label: str, second: str = "") -> Locator:
    """Fill in "New consultation" and press its button; the dialog."""
    desktop.get_by_role("button", name="New consultation").first.click()
    dialog = desktop.get_by_role("dialog", name="New consultation")
    dialog.get_by_label("Label").fill(label)
    dialog.get_by_label("Second identifier").fill(second)
    dialog.get_by_role("button", name="Start consultation").click()
    return dialog


def stray(desk: Page) -> tuple[str, dict[str, Any]]:
    """A photo of Room 2 that was taken while the desktop was on Room 3; its id, and Room 3."""
    me = api(desk, "/api/me")
    consultation = me["currentConsultation"]["id"]
    start_consultation(desk, "Room 3 · M.T.")
    photo = store_photo(desk, me["user"]["id"], consultation, jpeg(WIDTH, HEIGHT, 1), datetime.now(UTC))
    return photo, consultations(desk)["Room 3 · M.T."]


def backdate(clinic: Clinic, consultation: str, days: int, closed: bool) -> None:
    """As if it had been opened, and closed, so many days ago."""
    path = next((clinic.folder / "data").glob("*.sqlite3"))
    opened = int((datetime.now(UTC) - timedelta(days=days)).timestamp() * 1000)
    with sqlite3.connect(path, timeout=30) as database:
        database.execute(
            "UPDATE consultations SET opened_at = ?, closed_at = ? WHERE consultation_id = ?",
            (opened, opened + 1000 if closed else None, consultation),
        )
    database.close()


def test_an_equal_open_label_asks_for_an_identifier_and_what_differs_stands_out(
    desk: Page, watch: Watch
) -> None:
    """Refused with a sentence that names the other one; with an identifier the two look different."""
    watch.allow("status of 409")
    dialog = submit_new(desk, "room 2")

    expect(dialog.get_by_text("is open as well. Add a second identifier here")).to_be_visible()
    second = dialog.get_by_label("Second identifier")
    expect(second).to_be_focused()
    expect(second).to_have_attribute("aria-invalid", "true")
    second.fill("3 Apr 1972")
    dialog.get_by_role("button", name="Start consultation").click()

    expect(dialog).to_have_count(0)
    rows = listed(desk).get_by_role("button")
    expect(rows.nth(0).locator(".differs")).to_have_text("3 Apr 1972")
    expect(rows.nth(1).locator(".differs")).to_have_text(re.compile(r"^Opened \d\d:\d\d"))
    expect(desk.locator("#consultation-head .consultation-title .differs")).to_have_text("3 Apr 1972")
    assert len(api(desk, "/api/consultations")["consultations"]) == 3


def test_the_list_shows_days_and_closed_consultations_cannot_be_taken_for_todays(
    clinic: Clinic, desk: Page
) -> None:
    """Today, Yesterday and dates head the list; a closed one says so, and no time lacks its day."""
    for label, days, closed in (("Room 5", 1, True), ("Room 6", 3, False)):
        start_consultation(desk, label)
        backdate(clinic, consultations(desk)[label]["id"], days, closed)
    desk.reload()

    expect(listed(desk).get_by_role("heading")).to_have_count(4)
    headings = listed(desk).get_by_role("heading").all_inner_texts()
    old = datetime.now(UTC).astimezone() - timedelta(days=3)
    assert headings[:2] == ["Today", "Yesterday"]
    assert str(old.day) in headings[2].split()
    row = listed(desk).get_by_role("button").filter(has_text="Room 5")
    day = (datetime.now(UTC).astimezone() - timedelta(days=1)).day
    expect(row).to_contain_text(re.compile(rf"Closed {day} \w+, \d\d:\d\d"))
    row.click()
    expect(desk.locator("#place")).to_contain_text(re.compile(rf"Closed {day} \w+, \d\d:\d\d"))
    listed(desk).get_by_role("button").filter(has_text="Room 6").click()
    expect(desk.locator("#consultation-head .consultation-title")).to_contain_text(
        re.compile(rf"Opened {old.day} \w+, \d\d:\d\d")
    )


def test_a_mistyped_label_is_corrected_and_the_other_screen_follows(
    clinic: Clinic, desk: Page, other: Page
) -> None:
    """Both texts are in the audit; open screens show the new label by themselves."""
    desk.get_by_role("button", name="Correct", exact=True).click()
    dialog = desk.get_by_role("dialog", name="Correct label or identifier")
    expect(dialog.get_by_label("Label")).to_have_value("Room 2")
    expect(dialog).not_to_contain_text("photo")
    dialog.get_by_label("Label").fill("Room 2 · J.S.")
    dialog.get_by_label("Second identifier").fill("12 Mar 1961")
    dialog.get_by_role("button", name="Save").click()

    for page in (desk, other):
        expect(page.get_by_role("heading", name="Room 2 · J.S.")).to_be_visible()
        expect(page.locator("#consultation-head")).to_contain_text("12 Mar 1961")
    kept = clinic.rows("SELECT action, before, after FROM consultation_audit ORDER BY seq")
    assert [tuple(row) for row in kept] == [
        ("label", "Room 2", "Room 2 · J.S."),
        ("second-identifier", "", "12 Mar 1961"),
    ]


def test_a_correction_says_that_the_photos_go_with_it(desk: Page) -> None:
    """Photos under another label are another patient's photos."""
    store_photos(desk, 2)
    expect(desk.locator("#consultation-head")).to_contain_text("2 photos")

    desk.get_by_role("button", name="Correct", exact=True).click()

    dialog = desk.get_by_role("dialog", name="Correct label or identifier")
    expect(dialog).to_contain_text("2 photos stay in it, under the new words. For another patient,")


def test_an_empty_consultation_is_discarded_and_a_late_photo_brings_it_back(desk: Page) -> None:
    """It leaves the list after a question; one with photos offers no such button."""
    me = api(desk, "/api/me")
    consultation = me["currentConsultation"]["id"]
    desk.get_by_role("button", name="Discard", exact=True).click()
    desk.get_by_role("dialog").get_by_role("button", name="Discard consultation").click()

    expect(listed(desk).get_by_text("Room 2")).to_have_count(0)
    assert api(desk, "/api/me")["currentConsultation"] is None
    store_photo(desk, me["user"]["id"], consultation, jpeg(WIDTH, HEIGHT, 1), datetime.now(UTC))
    listed(desk).get_by_text("Room 2").click()
    gallery(desk, 1)
    expect(desk.get_by_role("button", name="Discard", exact=True)).to_have_count(0)


def test_a_photo_taken_while_the_desktop_was_elsewhere_is_asked_about_and_kept(desk: Page) -> None:
    """Noticed from elsewhere, asked on the tile and beside the photo; Yes ends it, Undo asks again."""
    stray(desk)
    expect(listed(desk).get_by_text("1 photo to check")).to_be_visible()
    desk.get_by_role("button", name="Look").click()
    tile = desk.get_by_role("list", name="Photos").get_by_role("listitem")
    expect(tile).to_contain_text("Taken while the desktop was on Room 3 · M.T.")
    expect(tile).to_contain_text("Right patient?")
    expect(tile).to_contain_text("Yes keeps it in Room 2.")
    dialog = open_photo(desk, 1)
    expect(dialog).to_contain_text("Taken while the desktop was on Room 3 · M.T.")
    expect(dialog).to_contain_text("Yes keeps it in Room 2.")
    expect(dialog.locator("header")).to_contain_text(re.compile(r"Room 2.*Opened \d\d:\d\d"))
    desk.keyboard.press("Escape")

    tile.get_by_role("button", name="Yes", exact=True).click()

    expect(tile).not_to_contain_text("Right patient?")
    expect(listed(desk).get_by_text("to check")).to_have_count(0)
    desk.get_by_role("button", name="Undo").click()
    expect(tile).to_contain_text("Right patient?")


def test_look_leads_to_the_photo_in_question_wherever_it_lies(desk: Page) -> None:
    """Below twelve others, out of sight, it is scrolled to and can be answered."""
    store_photos(desk, 12)
    stray(desk)

    desk.get_by_role("button", name="Look").click()

    tile = desk.get_by_role("list", name="Photos").get_by_role("listitem").filter(has_text="Right patient?")
    expect(tile.get_by_role("button", name="Yes", exact=True)).to_be_in_viewport()


def test_move_shows_the_photo_and_chooses_nothing_by_itself(clinic: Clinic, desk: Page) -> None:
    """Search, day, time and identifier; Move waits for a choice, and a hidden choice is not kept."""
    photo, other_consultation = stray(desk)
    submit_new(desk, "Room 4", "3 Apr 1972")
    expect(desk.get_by_role("heading", name="Room 4")).to_be_visible()
    listed(desk).get_by_text("Room 2").click()
    desk.get_by_role("list", name="Photos").get_by_role("button", name="Move", exact=True).click()

    dialog = desk.get_by_role("dialog", name="Move this photo to another consultation?")
    picture = dialog.get_by_role("img", name="The photo to move")
    expect(picture).to_have_js_property("naturalWidth", THUMBNAIL_EDGE)
    yes = dialog.get_by_role("button", name="Move photo")
    expect(dialog.get_by_role("radio")).to_have_count(3)
    expect(dialog.locator("input:checked")).to_have_count(0)
    expect(yes).to_be_disabled()
    expect(dialog.locator("label").filter(has_text="Room 4")).to_contain_text(
        re.compile(r"3 Apr 1972.*Opened today, \d\d:\d\d")
    )
    desk.set_viewport_size({"width": 1024, "height": 700})
    expect(dialog.get_by_role("button", name="Cancel")).to_be_in_viewport(ratio=1)
    dialog.get_by_role("radio", name="Room 3 · M.T.").check()
    expect(yes).to_be_enabled()
    dialog.get_by_label("Search").fill("apr 1972")
    expect(dialog.get_by_role("radio")).to_have_count(1)
    expect(yes).to_be_disabled()
    dialog.get_by_label("Search").fill("m.t.")
    dialog.get_by_role("radio").check()
    yes.click()

    expect(tiles(desk)).to_have_count(0)
    [row] = clinic.photos()
    assert (row["photo_id"], row["filed_in"]) == (photo, other_consultation["id"])
    assert row["place_confirmed_at"] is not None


def test_three_consultations_of_one_minute_download_under_three_names(desk: Page) -> None:
    """Identifier or initials, day, site, view and a piece of the id; what is in question says so."""
    names = set()
    for number, (label, second) in enumerate(
        (("Room 7 · A.B.", ""), ("Room 8", "12/03:1961"), ("Room 9", ""))
    ):
        dialog = submit_new(desk, label, second)
        expect(dialog).to_have_count(0)
        [photo] = store_photos(desk, seed=number)
        api(
            desk, f"/api/photos/{photo}", "PATCH", {"bodySite": "forearm", "side": "left", "view": "close-up"}
        )
        gallery(desk, 1)
        expect(tiles(desk)).to_contain_text("Left forearm, close-up")
        viewer = open_photo(desk, 1)
        with desk.expect_download() as waiting:
            viewer.get_by_role("button", name="Download").click()
        names.add(waiting.value.suggested_filename)
        assert photo.replace("-", "")[-12:] in waiting.value.suggested_filename
        desk.keyboard.press("Escape")

    day = datetime.now(UTC).astimezone().strftime("%Y-%m-%d")
    whose = {name.split(f"_{day}")[0] for name in names}
    assert whose == {"R-7-AB", "12-03-1961", "R-9"}
    assert all(
        re.fullmatch(r"[A-Za-z0-9_-]+_left-forearm_close-up_[0-9a-f]{12}\.jpg", name) for name in names
    )


def test_another_screen_that_changed_where_new_photos_go_is_answered(desk: Page, other: Page) -> None:
    """The card stays, as it may be a colleague with the same account; the other screen shows going back."""
    start_consultation(desk, "Room 3 · M.T.")
    card = other.locator("#moved")
    expect(card).to_contain_text("New photos now go to Room 3 · M.T.")
    expect(card).to_contain_text("Another screen changed this.")
    expect(card).to_contain_text(re.compile(r"Before:.*Room 2.*Opened \d\d:\d\d"))
    expect(desk.locator("#moved")).to_be_hidden()

    card.get_by_role("button", name="No, go back").click()

    expect(card).to_be_hidden()
    expect(desk.locator("#moved")).to_contain_text("New photos now go to Room 2")
    assert api(other, "/api/me")["currentConsultation"]["label"] == "Room 2"
    desk.locator("#moved").get_by_role("button", name="Yes, keep it").click()
    expect(desk.locator("#moved")).to_be_hidden()
    assert api(desk, "/api/me")["currentConsultation"]["label"] == "Room 2"


def test_paper_carries_identifier_and_day_and_what_is_not_confirmed(desk: Page) -> None:
    """On every photo, since pages fall apart."""
    stray(desk)
    listed(desk).get_by_text("Room 2").click()
    gallery(desk, 1)
    second = "12 Mar 1961"
    consultation = consultations(desk)["Room 2"]["id"]
    api(desk, f"/api/consultations/{consultation}", "PATCH", {"secondIdentifier": second})
    expect(desk.locator("#consultation-head")).to_contain_text(second)

    desk.evaluate("dispatchEvent(new Event('beforeprint'))")
    desk.emulate_media(media="print")

    caption = desk.locator("#sheet figcaption")
    day = datetime.now(UTC).astimezone().strftime("%d").lstrip("0")
    expect(caption).to_contain_text(re.compile(rf"Room 2 · {second} · Opened {day} \w+ \d{{4}}, \d\d:\d\d"))
    expect(caption).to_contain_text("Patient not confirmed: taken while the desktop was on Room 3 · M.T.")
