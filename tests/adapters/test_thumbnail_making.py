"""Thumbnails come from the worker that has decoded the photo; what goes wrong there costs no photo."""

import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from app.adapters.imaging import inspector as images
from app.adapters.imaging.inspector import PillowInspector
from app.domain.errors import InvalidImage, Unavailable
from app.domain.photos.format import walk_image
from tests.support.pictures import colour_profile, encoded, jpeg, photographs, scene, webp

# The worker's own code with one of its functions replaced, as a process that a file has taken over.
ROGUE = """
import runpy, sys, os, time
worker = runpy.run_path({decoder!r})
worker["main"].__globals__.update({function}=lambda *_: {does})
worker["main"](*(int(argument) for argument in sys.argv[1:]))
"""


@pytest.fixture
async def inspector() -> AsyncIterator[PillowInspector]:
    opened = PillowInspector(workers=1)
    yield opened
    await opened.close()


async def thumbnail_of(inspector: PillowInspector, body: bytes) -> Image.Image:
    """What the inspector made of a photo, decoded; clean by the rules for photos."""
    made = (await inspector.inspect(body)).thumbnail
    assert made is not None
    assert walk_image(made).content_type == "image/webp"
    opened = Image.open(io.BytesIO(made), formats=["WEBP"])
    opened.load()
    assert not {"icc_profile", "exif", "xmp"} & opened.info.keys()
    return opened


def distance(one: Image.Image, other: Image.Image) -> float:
    """Mean difference of two pictures of one size, in levels of 255."""
    pairs = zip(one.convert("RGB").tobytes(), other.convert("RGB").tobytes(), strict=True)
    return sum(abs(a - b) for a, b in pairs) / (one.width * one.height * 3)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((800, 600), (320, 240)),
        ((600, 800), (240, 320)),
        ((2048, 2048), (320, 320)),
        ((2048, 3), (320, 1)),
        ((321, 320), (320, 319)),
    ],
)
async def test_the_longest_side_is_320_pixels(
    inspector: PillowInspector, size: tuple[int, int], expected: tuple[int, int]
) -> None:
    """The other one in proportion; of either format, upright as the photo."""
    for body in (jpeg(*size), webp(*size)):
        assert (await thumbnail_of(inspector, body)).size == expected


async def test_it_shows_what_the_photo_shows(inspector: PillowInspector) -> None:
    """Within a few levels of the photo made as small by itself; another photo is far away."""
    for picture in photographs()[:4]:
        made = await thumbnail_of(inspector, encoded(picture, "JPEG", quality=85))
        small = picture.resize(made.size, Image.Resampling.LANCZOS)

        assert distance(made, small) < 10
        assert distance(made, small.transpose(Image.Transpose.ROTATE_180)) > 20


async def test_it_weighs_little(inspector: PillowInspector) -> None:
    """A tenth to a third of the photo."""
    for picture in photographs()[:4]:
        body = encoded(picture, "JPEG", quality=85)
        made = (await inspector.inspect(body)).thumbnail

        assert made is not None
        assert len(made) < min(30_000, len(body) / 3)


async def test_a_photo_of_that_size_needs_none(inspector: PillowInspector) -> None:
    """It would be the photo once more."""
    assert (await inspector.inspect(jpeg(320, 240))).thumbnail is None


async def test_a_photo_with_a_colour_profile_has_none(inspector: PillowInspector) -> None:
    """Phones send none; the control is the same picture without it."""
    for profile, made in ((colour_profile(), False), (None, True)):
        body = encoded(scene(400, 300), "JPEG", quality=95, icc_profile=profile)
        assert ((await inspector.inspect(body)).thumbnail is not None) is made


async def test_grey_and_transparent_photos_have_one_as_well(inspector: PillowInspector) -> None:
    """Whatever a photo's pixels are made of."""
    assert (await thumbnail_of(inspector, encoded(scene(400, 300).convert("L"), "JPEG"))).size == (320, 240)
    see_through = scene(400, 300)
    see_through.putalpha(128)
    assert (await thumbnail_of(inspector, encoded(see_through, "WEBP", method=0))).mode == "RGBA"


def rogue(monkeypatch: pytest.MonkeyPatch, folder: Path, does: str, function: str = "thumbnail") -> None:
    """From here on, new workers do this instead of making a thumbnail, or instead of another function."""
    script = folder / "rogue.py"
    script.write_text(ROGUE.format(decoder=str(images._SCRIPT), does=does, function=function))
    monkeypatch.setattr(images, "_SCRIPT", script)


OTHER_ANSWERS = {
    "a crash": "os.kill(os.getpid(), 11)",
    "its CPU time used up": "os.kill(os.getpid(), 24)",
    "an end": "os._exit(0)",
    "an end that leaves a child": "os.fork() and os._exit(0) or time.sleep(60)",
    "no answer": "time.sleep(60)",
    "more than any thumbnail": "bytes(600_000)",
    "more than is ever read": "bytes(60_000_000)",
    "no picture": "b'<script>alert(1)</script>'",
    "a JPEG": repr(encoded(Image.new("RGB", (32, 24)), "JPEG")),
    "a large WebP": repr(encoded(Image.new("RGB", (640, 480)), "WEBP")),
    "a WebP with something behind it": repr(encoded(Image.new("RGB", (32, 24)), "WEBP") + b"x"),
}


@pytest.mark.parametrize("name", OTHER_ANSWERS)
async def test_whatever_happens_after_the_verdict_costs_the_thumbnail_only(
    inspector: PillowInspector, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    """The photo is what it is, and so is the next one; nothing but a small clean WebP comes through."""
    rogue(monkeypatch, tmp_path, OTHER_ANSWERS[name])
    monkeypatch.setattr(images, "THUMBNAIL_SECONDS", 0.5)

    for size in ((400, 300), (500, 300)):
        found = await inspector.inspect(jpeg(*size))

        assert (found.content_type, found.width, found.height) == ("image/jpeg", *size)
        assert found.thumbnail is None
    with pytest.raises(InvalidImage):
        await inspector.inspect(jpeg(400, 300)[:-500] + b"\xff\xd9")


async def test_what_a_worker_answers_in_its_place_does_come_through(
    inspector: PillowInspector, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The control: through the same replaced function, a small clean WebP is taken."""
    small = encoded(Image.new("RGB", (32, 24)), "WEBP")
    rogue(monkeypatch, tmp_path, repr(small))

    assert (await inspector.inspect(jpeg(400, 300))).thumbnail == small


@pytest.mark.parametrize(
    "verdict",
    [
        bytes(60_000_000),
        b"\xff",
        b"! \xff",
        b"",
        b"400 300",
        b"400 300 GIF",
        b"400 300 JPEG\n",
        b"-1 300 JPEG",
    ],
    ids=["endless", "no text", "no reason", "empty", "cut off", "other kind", "more", "negative"],
)
async def test_a_verdict_that_no_worker_of_ours_gives_ends_that_worker(
    inspector: PillowInspector, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, verdict: bytes
) -> None:
    """It says nothing about the photo, and what comes behind it is no answer to the next one."""
    does = f"(bytes({len(verdict)}), None)" if len(verdict) > 100 else f"({verdict!r}, None)"
    with monkeypatch.context() as changed:
        rogue(changed, tmp_path, does, "inspect")
        for _ in range(2):
            with pytest.raises((Unavailable, InvalidImage)):
                await inspector.inspect(jpeg(400, 300))

    assert (await inspector.inspect(jpeg(400, 300))).width == 400
