"""The phone's blur and darkness warnings are set on real photographs, with a margin on both sides.

The arithmetic is the page's own, run by Node on the grey copies of photographs and of blurred and
darkened versions of them. Where ``../shared/photos`` is absent, pictures made here stand in.
"""

import base64
import json
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

ROOT = Path(__file__).resolve().parent.parent
PHOTOS = ROOT.parent / "shared" / "photos"
SCENES = ("gps/*.jpg", "phone/*.jpg", "orientation/*_1.jpg")
MEASURE = """
const { assessQuality, measure } = await import(process.argv[1]);
const pictures = JSON.parse(await new Response(process.stdin).text());
const measured = pictures.map(({ grey, width, height }) => {
  const values = measure(Buffer.from(grey, "base64"), width, height);
  return { ...values, ...assessQuality(values) };
});
console.log(JSON.stringify(measured));
"""


@pytest.fixture(scope="module")
def scenes() -> list[Image.Image]:
    """The photographs as the phone would send them: upright, longest edge 800 px."""
    found = [path for pattern in SCENES for path in sorted(PHOTOS.glob(pattern))]
    pictures = [_upright(path) for path in found] or [_made(seed) for seed in range(4)]
    for picture in pictures:
        picture.thumbnail((800, 800), Image.Resampling.BILINEAR)
    return pictures


def test_a_sharp_photo_in_good_or_half_light_gets_no_warning(scenes: list[Image.Image]) -> None:
    """Users stop reading warnings that are often wrong."""
    half = [ImageEnhance.Brightness(scene).enhance(0.5) for scene in scenes]

    assert [(False, False)] * len(scenes) * 2 == _warnings([*scenes, *half])


def test_a_clearly_blurred_photo_looks_blurred(scenes: list[Image.Image]) -> None:
    """A blur of radius 6 at 800 px hides what a clinician wants to see."""
    blurred = [scene.filter(ImageFilter.GaussianBlur(6)) for scene in scenes]

    assert [(True, False)] * len(scenes) == _warnings(blurred)


def test_a_quarter_of_the_light_looks_dark_and_not_blurred(scenes: list[Image.Image]) -> None:
    """Poor light alone is not blur."""
    dark = [ImageEnhance.Brightness(scene).enhance(0.25) for scene in scenes]

    assert [(False, True)] * len(scenes) == _warnings(dark)


def test_sharp_photos_lie_well_clear_of_the_line(scenes: list[Image.Image]) -> None:
    """The distance that the comment in ``quality.js`` promises."""
    sharpest_blur = max(m["sharpness"] for m in _measure(_all_blurred(scenes)))
    softest_scene = min(m["sharpness"] for m in _measure(scenes))

    assert softest_scene > 5 * sharpest_blur


def _all_blurred(scenes: list[Image.Image]) -> Iterator[Image.Image]:
    return (scene.filter(ImageFilter.GaussianBlur(6)) for scene in scenes)


def _warnings(pictures: list[Image.Image]) -> list[tuple[bool, bool]]:
    return [(measured["blurry"], measured["dark"]) for measured in _measure(pictures)]


def _measure(pictures: Any) -> list[dict[str, Any]]:
    node = shutil.which("node")
    assert node is not None, "Node is needed; run make test"
    module = (ROOT / "pwa" / "capture" / "camera" / "quality.js").as_uri()
    done = subprocess.run(
        [node, "--input-type=module", "--eval", MEASURE, module],
        input=json.dumps([_grey(picture) for picture in pictures]),
        capture_output=True,
        text=True,
        check=True,
    )
    measured: list[dict[str, Any]] = json.loads(done.stdout)
    return measured


def _grey(picture: Image.Image) -> dict[str, Any]:
    scale = 256 / max(picture.size)
    size = tuple(max(1, round(edge * scale)) for edge in picture.size)
    small = picture.resize((size[0], size[1]), Image.Resampling.BILINEAR).convert("L")
    grey = base64.b64encode(small.tobytes()).decode()
    return {"grey": grey, "width": size[0], "height": size[1]}


def _upright(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        return ImageOps.exif_transpose(picture).convert("RGB")


def _made(seed: int) -> Image.Image:
    """A plain scene with edges at several scales, about as bright as indoors."""
    chance = random.Random(seed)
    picture = Image.new("RGB", (800, 600), (120, 110, 100))
    pen = ImageDraw.Draw(picture)
    for _ in range(700):
        x, y, size = chance.randrange(800), chance.randrange(600), chance.randrange(3, 40)
        shade = chance.randrange(40, 220)
        pen.ellipse((x, y, x + size, y + size), fill=(shade, shade - 10, shade - 20))
    return picture
