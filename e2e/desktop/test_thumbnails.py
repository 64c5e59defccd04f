"""The gallery shows thumbnails, everything else the photo; both are gone when the photo is deleted."""

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, Route, expect

from app.domain.photos.model import THUMBNAIL_EDGE
from e2e.support.api_upload import WIDTH, store_photos
from e2e.support.clinic import Clinic
from e2e.support.desk import open_photo, tiles
from e2e.support.stored import bodies, thumbnails
from e2e.support.verbs import gallery, wait_until_true
from e2e.support.watch import Watch

PHOTO = re.compile(r"/photos/consultations/[^?]*/[0-9a-f-]{36}\.jpg\?")
THUMBNAIL = re.compile(r"/photos/consultations/[^?]*\.thumb\.webp\?")


def pictures(desk: Page) -> Locator:
    """The images of the gallery."""
    return desk.get_by_role("list", name="Photos").get_by_role("img")


def large(desk: Page) -> Locator:
    """The image of the photo dialog."""
    return desk.locator("#photo-dialog .viewport img")


def on_the_disk(clinic: Clinic) -> list[Path]:
    """Every file of the store."""
    return sorted(path for path in (clinic.folder / "data" / "objects").rglob("*.*") if path.is_file())


def test_the_gallery_shows_thumbnails_and_the_large_view_the_photo(clinic: Clinic, desk: Page) -> None:
    """At most 320 pixels in a tile, the bytes of the shutter behind it; deleted, neither is left."""
    ids = store_photos(desk, 2)
    gallery(desk, 2)

    for number in range(2):
        expect(pictures(desk).nth(number)).to_have_js_property("naturalWidth", THUMBNAIL_EDGE)
    dialog = open_photo(desk, 1)
    expect(large(desk)).to_have_js_property("naturalWidth", WIDTH)
    kept = [path.name for path in on_the_disk(clinic)]
    assert sorted(kept) == sorted(f"{one}.{ending}" for one in ids for ending in ("jpg", "thumb.webp"))
    small, full = thumbnails(desk), bodies(desk, clinic, 2)
    assert all(small[one].startswith(b"RIFF") and len(small[one]) < len(full[one]) for one in ids)

    dialog.get_by_role("button", name="Delete").click()
    desk.get_by_role("dialog").get_by_role("button", name="Delete for good").click()

    expect(tiles(desk)).to_have_count(1)
    left = {path.name for path in on_the_disk(clinic)}
    assert left == {f"{ids[1]}.jpg", f"{ids[1]}.thumb.webp"}


def test_a_thumbnail_that_does_not_load_gives_way_to_the_photo(
    clinic: Clinic, desk: Page, watch: Watch
) -> None:
    """Lost on the disk: the tile shows the photo, whole and without a word; the other keeps its thumbnail."""
    watch.allow("status of 404")
    lost, _ = store_photos(desk, 2)
    gallery(desk, 2)
    next(path for path in on_the_disk(clinic) if path.name == f"{lost}.thumb.webp").unlink()

    desk.reload()

    expect(pictures(desk).nth(0)).to_have_js_property("naturalWidth", WIDTH)
    expect(pictures(desk).nth(1)).to_have_js_property("naturalWidth", THUMBNAIL_EDGE)
    expect(desk.locator("#gallery .is-broken")).to_have_count(0)


def test_a_photo_that_cannot_be_shown_either_says_so(desk: Page, watch: Watch) -> None:
    """The control: without thumbnail and photo the tile says that it could not be loaded."""
    watch.allow("ERR_FAILED")
    store_photos(desk, 1)
    gallery(desk, 1)
    for address in (THUMBNAIL, PHOTO):
        desk.route(address, lambda route: route.abort())

    desk.reload()

    expect(desk.locator("#gallery .is-broken")).to_have_count(1)
    assert pictures(desk).evaluate("image => image.naturalWidth") == 0


def test_the_photo_of_before_never_stands_under_the_next_title(desk: Page) -> None:
    """While the next photo is on its way its own thumbnail is shown, and then the photo."""
    store_photos(desk, 2)
    gallery(desk, 2)
    open_photo(desk, 1)
    expect(large(desk)).to_have_js_property("naturalWidth", WIDTH)
    held: list[Route] = []
    desk.route(PHOTO, lambda route: held.append(route))

    desk.keyboard.press("ArrowRight")

    dialog = desk.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="Photo 2 of 2")).to_be_visible()
    shown = large(desk).evaluate("image => [image.naturalWidth, image.currentSrc]")
    assert shown == [THUMBNAIL_EDGE, pictures(desk).nth(1).evaluate("image => image.currentSrc")]
    while not held:
        desk.evaluate("new Promise(requestAnimationFrame)")
    held[0].continue_()
    expect(large(desk)).to_have_js_property("naturalWidth", WIDTH)


def test_the_key_that_prints_waits_for_the_photos_themselves(desk: Page) -> None:
    """Ctrl+P like the button; the browser's own command prints what is on the screen."""
    desk.add_init_script(
        """window.print = () => {
             window.printed = [...document.querySelectorAll('#sheet img')].map((one) => one.naturalWidth);
           };"""
    )
    store_photos(desk, 2)
    desk.reload()
    gallery(desk, 2)

    desk.keyboard.press("Control+p")

    wait_until_true(desk, "() => window.printed")
    assert desk.evaluate("printed") == [WIDTH, WIDTH]
    desk.evaluate("dispatchEvent(new Event('beforeprint'))")
    on_paper = desk.locator("#sheet img")
    for number in range(2):
        assert on_paper.nth(number).evaluate("image => image.naturalWidth") == THUMBNAIL_EDGE
