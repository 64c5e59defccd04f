"""Chosen files come out upright, small and without metadata: only their pixels reach the server."""

import io
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageOps
from playwright.sync_api import Page, expect

from e2e.support.clinic import Clinic
from e2e.support.metadata import traces
from e2e.support.pictures import (
    NAME_IN_EXIF,
    difference,
    made_photo,
    not_opened_here,
    orientations,
    upright,
    with_a_place,
)
from e2e.support.stored import bodies, on_the_phone
from e2e.support.verbs import (
    choose,
    gallery,
    open_consultation_on_both,
    stored_today,
    upload,
    wait_until_true,
)

ALIKE = 4.0
LONGEST = 800


def reviewed(phone: Page, count: int) -> list[str]:
    """Ids of the photos to review, in the order in which their files were chosen."""
    items = phone.get_by_role("list", name="Photos to review").get_by_role("listitem")
    expect(items).to_have_count(count, timeout=30_000)
    return [record["photoId"] for record in on_the_phone(phone)]


def send(phone: Page, desktop: Page, clinic: Clinic, files: list[Path]) -> dict[Path, bytes]:
    """Choose, upload, and fetch what the store has for each file."""
    choose(phone, files)
    ids = reviewed(phone, len(files))
    upload(phone, len(files))
    stored_today(phone, len(files))
    stored = bodies(desktop, clinic, len(files))
    return {file: stored[photo] for file, photo in zip(files, ids, strict=True)}


def picture(body: bytes) -> Image.Image:
    """The pixels as they lie, turned by nothing."""
    return Image.open(io.BytesIO(body)).convert("RGB")


def is_wide(image: Image.Image) -> bool:
    """Whether a picture lies on its long side."""
    return image.width > image.height


def test_every_orientation_comes_out_upright(
    clinic: Clinic, phone: Page, desktop: Page, tmp_path: Path
) -> None:
    """Whatever EXIF said, the stored pixels are as a viewer shows the source, and need no turning."""
    files = orientations(tmp_path)
    open_consultation_on_both(clinic, phone, desktop)

    stored = send(phone, desktop, clinic, files)

    gallery(desktop, len(files))
    far = {file.name: difference(picture(body), upright(file)) for file, body in stored.items()}
    assert {name: by for name, by in far.items() if by > ALIKE} == {}
    lies = {file.name: is_wide(picture(body)) != is_wide(upright(file)) for file, body in stored.items()}
    assert [name for name, wrong in lies.items() if wrong] == []


def test_a_picture_that_was_not_turned_differs_from_one_that_was(tmp_path: Path) -> None:
    """The control: raw pixels of each turned file differ from what a viewer shows."""
    for file in orientations(tmp_path):
        with Image.open(file) as raw:
            turned = raw.getexif().get(0x0112, 1) != 1
            assert (difference(raw.convert("RGB"), upright(file)) > ALIKE) == turned, file.name


def test_no_place_and_no_text_leaves_the_phone(
    clinic: Clinic, phone: Page, desktop: Page, tmp_path: Path
) -> None:
    """GPS, EXIF, XMP, IPTC and comments stay behind, and the longest edge is 800 pixels."""
    files = with_a_place(tmp_path)
    open_consultation_on_both(clinic, phone, desktop)

    stored = send(phone, desktop, clinic, files)

    gallery(desktop, len(files))
    assert {file.name: traces(body) for file, body in stored.items() if traces(body)} == {}
    assert [file.name for file, body in stored.items() if NAME_IN_EXIF.encode() in body] == []
    edges = {file.name: (max(picture(body).size), max(upright(file).size)) for file, body in stored.items()}
    assert {name: out for name, (out, source) in edges.items() if out != min(source, LONGEST)} == {}


def test_the_detector_finds_what_a_source_contains(tmp_path: Path) -> None:
    """The control: every untouched source contains its place, by both methods."""
    for file in with_a_place(tmp_path):
        found = traces(file.read_bytes())
        assert [trace for trace in found if trace.startswith("GPS")], file.name
        assert "marker 0xe1" in found, file.name


def test_a_small_picture_is_never_enlarged(
    clinic: Clinic, phone: Page, desktop: Page, tmp_path: Path
) -> None:
    """300 pixels stay 300, in the file and in its row on the server."""
    file = made_photo(tmp_path / "small.jpg", size=(300, 200))
    open_consultation_on_both(clinic, phone, desktop)

    [body] = send(phone, desktop, clinic, [file]).values()

    gallery(desktop, 1)
    [row] = clinic.photos()
    assert picture(body).size == (row["width"], row["height"]) == (300, 200)


def test_a_file_that_cannot_be_opened_is_named_and_the_others_are_kept(
    clinic: Clinic, phone: Page, desktop: Page, tmp_path: Path
) -> None:
    """A HEIC file and a renamed text stand between two good ones: two sentences, two photos."""
    bad = not_opened_here(tmp_path)
    first, last = made_photo(tmp_path / "first.jpg"), made_photo(tmp_path / "last.jpg", 6)
    open_consultation_on_both(clinic, phone, desktop)

    choose(phone, [first, *bad, last])
    reviewed(phone, 2)
    for file in bad:
        expect(phone.get_by_text(f"{file.name} could not be opened by this browser")).to_be_visible()
    upload(phone, 2)

    stored_today(phone, 2)
    gallery(desktop, 2)
    stored = [picture(body) for body in bodies(desktop, clinic, 2).values()]
    assert [min(difference(one, upright(file)) for one in stored) < ALIKE for file in (first, last)] == [
        True
    ] * 2


@pytest.mark.parametrize("size", [(400, 300), (300, 400)])
def test_the_preview_in_review_shows_the_whole_frame(
    clinic: Clinic, phone: Page, desktop: Page, tmp_path: Path, size: tuple[int, int]
) -> None:
    """What lies at the edge of a photo is in sight where the clinician decides on a retake."""
    inner = Image.new("RGB", (size[0] - 40, size[1] - 40), "gray")
    ImageOps.expand(inner, border=20, fill="red").save(tmp_path / "edged.png")
    open_consultation_on_both(clinic, phone, desktop)
    choose(phone, [tmp_path / "edged.png"])
    preview = phone.get_by_role("button", name="Look at Photo 1")
    wait_until_true(phone, "() => document.querySelector('#to-review img')?.naturalWidth")

    red, green, _ = picture(preview.screenshot()).split()
    edges = ImageChops.subtract(red, green).point(lambda value: 255 if value > 150 else 0).getbbox()
    assert edges
    left, top, right, bottom = edges
    assert (right - left) / (bottom - top) == pytest.approx(size[0] / size[1], rel=0.03)
