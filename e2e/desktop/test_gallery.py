"""Photos on the desktop: walked by keys, described, printed, moved, deleted; the server agrees each time."""

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect

from e2e.support.api_upload import store_photos
from e2e.support.clinic import Clinic
from e2e.support.desk import consultations, notes_of, open_photo, saved, tiles
from e2e.support.verbs import api, expect_stored_once, gallery, start_consultation, wait_until_true

PILL = re.compile(r"^\d+ new photos?$")


def test_the_print_has_notes_photos_captions_and_times(desk: Page) -> None:
    """Whose they are, what is on them, when each was taken and received: all on paper, and it prints."""
    early = datetime.now(UTC) - timedelta(minutes=50)
    store_photos(desk, 1, seed=1, captured_at=early)
    store_photos(desk, 1, seed=2)
    gallery(desk, 2)
    notes_of(desk).fill("Mole on the left forearm, unchanged.")
    dialog = open_photo(desk, 1)
    dialog.get_by_role("textbox", name="Caption").fill("Asymmetric border")
    dialog.get_by_role("combobox", name="Side").select_option("Left")
    dialog.get_by_label("Body site").fill("forearm")
    saved(dialog)
    dialog.get_by_role("button", name="Close").click()

    desk.evaluate("dispatchEvent(new Event('beforeprint'))")
    desk.emulate_media(media="print")

    sheet = desk.locator("#sheet")
    expect(sheet.get_by_role("heading", name="Room 2")).to_be_visible()
    expect(sheet.get_by_text("Mole on the left forearm, unchanged.")).to_be_visible()
    figures = sheet.get_by_role("figure")
    expect(figures).to_have_count(2)
    expect(figures.first).to_contain_text("Asymmetric border")
    expect(figures.first).to_contain_text("Left forearm")
    times = desk.evaluate(
        """(iso) => new Date(iso).toLocaleTimeString('en-GB', {hour: '2-digit', minute: '2-digit'})""",
        early.isoformat(),
    )
    expect(figures.first).to_contain_text(re.compile(rf"{times}, received .*\d\d:\d\d"))
    expect(figures.nth(1)).not_to_contain_text("received")
    expect(notes_of(desk)).not_to_be_visible()
    paper = desk.pdf()
    assert paper.startswith(b"%PDF")
    assert paper.count(b"/Subtype /Image") >= 2


def test_the_print_button_waits_for_every_picture(desk: Page) -> None:
    """When the browser's own print opens, each picture of the sheet is loaded."""
    desk.add_init_script(
        """window.print = () => {
             window.printed = [...document.querySelectorAll('#sheet img')].map((one) => one.naturalWidth);
           };"""
    )
    store_photos(desk, 3)
    desk.reload()
    gallery(desk, 3)

    desk.get_by_role("button", name="Print").click()

    wait_until_true(desk, "() => window.printed")
    assert desk.evaluate("printed") == [400, 400, 400]


def test_the_gallery_is_walked_with_the_keyboard(clinic: Clinic, desk: Page) -> None:
    """Arrows move, Enter opens, arrows turn, Escape leads back to the tile of that photo."""
    store_photos(desk, 3)
    gallery(desk, 3)
    tiles(desk).first.focus()

    desk.keyboard.press("ArrowRight")
    expect(tiles(desk).nth(1)).to_be_focused()
    desk.keyboard.press("Enter")
    dialog = desk.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="Photo 2 of 3")).to_be_visible()
    desk.keyboard.press("ArrowRight")
    expect(dialog.get_by_role("heading", name="Photo 3 of 3")).to_be_visible()
    desk.keyboard.press("ArrowRight")
    expect(dialog.get_by_role("heading", name="Photo 3 of 3")).to_be_visible()
    desk.keyboard.press("ArrowLeft")
    desk.keyboard.press("ArrowLeft")
    expect(dialog.get_by_role("heading", name="Photo 1 of 3")).to_be_visible()
    desk.keyboard.press("Escape")

    expect(dialog).to_have_count(0)
    expect(tiles(desk).first).to_be_focused()
    expect_stored_once(desk, clinic, 3)


def test_a_description_is_saved_and_shown_at_both_desks(clinic: Clinic, desk: Page, other: Page) -> None:
    """Caption, body site, side and view: on the tile, on the server, on the other screen."""
    [photo] = store_photos(desk)
    gallery(desk, 1)
    dialog = open_photo(desk, 1)

    dialog.get_by_role("textbox", name="Caption").fill("Two weeks after excision")
    dialog.get_by_label("Body site").fill("forearm")
    dialog.get_by_role("combobox", name="Side").select_option("Left")
    dialog.get_by_role("combobox", name="View").select_option("Close-up")
    saved(dialog)
    dialog.get_by_role("button", name="Close").click()

    for page in (desk, other):
        expect(tiles(page).first).to_contain_text("Left forearm, close-up")
        expect(tiles(page).first).to_contain_text("Two weeks after excision")
    [row] = expect_stored_once(desk, clinic, 1)
    stored = (row["photo_id"], row["caption"], row["body_site"], row["side"], row["view"])
    assert stored == (photo, "Two weeks after excision", "forearm", "left", "close-up")


def test_a_deleted_photo_is_gone_everywhere(clinic: Clinic, desk: Page, other: Page) -> None:
    """Asked first; then away from both screens, from the list, from the store and from the disk."""
    deleted, kept = store_photos(desk, 2)
    gallery(other, 2)
    consultation = consultations(desk)["Room 2"]["id"]
    address = {
        one["id"]: one["url"] for one in api(desk, f"/api/consultations/{consultation}/photos")["photos"]
    }[deleted]
    assert desk.request.get(address).status == 200
    dialog = open_photo(desk, 1)

    dialog.get_by_role("button", name="Delete").click()
    question = desk.get_by_role("dialog", name="Delete this photo?")
    question.get_by_role("button", name="Cancel").click()
    gallery(other, 2)
    dialog.get_by_role("button", name="Delete").click()
    question.get_by_role("button", name="Delete for good").click()

    expect(tiles(desk)).to_have_count(1)
    expect(tiles(other)).to_have_count(1)
    states = {row["photo_id"]: row["state"] for row in clinic.photos()}
    assert states == {deleted: "deleted", kept: "stored"}
    assert desk.request.get(address).status == 404
    files = [path.name for path in (clinic.folder / "data" / "objects").rglob("*") if path.is_file()]
    assert [name for name in files if deleted in name] == []


def test_a_photo_is_moved_and_the_move_undone(clinic: Clinic, desk: Page, other: Page) -> None:
    """It leaves one consultation for the other on both screens; Undo brings it back; both are recorded."""
    [photo] = store_photos(desk)
    gallery(desk, 1)
    start_consultation(desk, "Room 3")
    desk.get_by_role("list", name="Consultations").get_by_text("Room 2").click()
    gallery(desk, 1)
    dialog = open_photo(desk, 1)

    dialog.get_by_role("button", name="Move to…").click()
    question = desk.get_by_role("dialog", name="Move this photo to another consultation?")
    question.get_by_role("radio", name="Room 3").check()
    question.get_by_role("button", name="Move photo").click()

    expect(tiles(desk)).to_have_count(0)
    expect(tiles(other)).to_have_count(0)
    [row] = expect_stored_once(desk, clinic, 1)
    assert row["filed_in"] == consultations(desk)["Room 3"]["id"]
    desk.get_by_role("button", name="Undo").click()
    gallery(desk, 1)
    gallery(other, 1)
    [row] = expect_stored_once(desk, clinic, 1)
    assert (row["photo_id"], row["filed_in"]) == (photo, consultations(desk)["Room 2"]["id"])


def test_a_photo_that_arrives_out_of_sight_is_one_tap_away(desk: Page) -> None:
    """The pill counts what came below the fold, moves nothing, and leaves once it was seen."""
    desk.set_viewport_size({"width": 1280, "height": 800})
    pill = desk.get_by_role("button", name=PILL)
    store_photos(desk, 15)
    gallery(desk, 15)
    tiles(desk).first.scroll_into_view_if_needed()
    before = tiles(desk).first.bounding_box()

    store_photos(desk, 1, seed=15)
    expect(pill).to_have_text("1 new photo ↓")
    store_photos(desk, 1, seed=16)
    expect(pill).to_have_text("2 new photos ↓")
    expect(pill).to_be_in_viewport(ratio=1)
    assert tiles(desk).first.bounding_box() == before
    pill.click()

    expect(tiles(desk).nth(15)).to_be_in_viewport(ratio=1)
    expect(tiles(desk).nth(15)).to_be_focused()
    expect(pill).to_have_count(0)

    tiles(desk).first.scroll_into_view_if_needed()
    store_photos(desk, 1, seed=17)
    expect(pill).to_have_text("1 new photo ↓")
    tiles(desk).nth(17).scroll_into_view_if_needed()
    expect(pill).to_have_count(0)


def test_a_photo_that_arrives_in_sight_needs_no_pill(desk: Page) -> None:
    """No pill leads to what is already in sight."""
    store_photos(desk, 1)
    gallery(desk, 1)

    store_photos(desk, 1, seed=1)

    gallery(desk, 2)
    desk.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    expect(desk.get_by_role("button", name=PILL)).to_have_count(0)
