"""A fake camera: an endless film of still pictures that Chromium takes for a real one."""

from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter

PHOTOGRAPHS = Path(__file__).resolve().parents[3] / "shared" / "photos"
SIZE = (1920, 1440)


def photograph() -> Image.Image:
    """A real photograph where the folder of test photographs is there, else a drawn one."""
    found = sorted(PHOTOGRAPHS.glob("gps/*.jpg"))
    if found:
        with Image.open(found[0]) as picture:
            return picture.convert("RGB").resize(SIZE)
    return drawn()


def drawn(seed: int = 0) -> Image.Image:
    """Skin-like ground, a lesion, a ruler: detailed enough not to count as blurred."""
    grain = Image.effect_noise(SIZE, 38).convert("RGB")
    shade = Image.radial_gradient("L").resize(SIZE)
    light, dark = Image.new("RGB", SIZE, (224, 178, 152)), Image.new("RGB", SIZE, (176, 120, 98))
    picture = Image.blend(Image.composite(dark, light, shade), grain, 0.08)
    pen = ImageDraw.Draw(picture)
    for step, colour in enumerate([(150, 84, 70), (128, 62, 54), (102, 46, 44), (88, 40, 42)]):
        edge = 34 * step
        pen.ellipse((760 + 30 * seed + edge, 470 + edge, 1130 + 30 * seed - edge, 780 - edge), fill=colour)
    pen.rectangle((0, 1290, SIZE[0], SIZE[1]), fill=(245, 245, 240))
    for number, x in enumerate(range(20, SIZE[0], 24)):
        pen.line((x, 1290, x, 1350 if number % 5 else 1390), fill=(20, 20, 20), width=3)
    return picture.filter(ImageFilter.SHARPEN)


def film(path: Path, frames: int = 10, treat: Callable[[Image.Image], Image.Image] | None = None) -> Path:
    """Concatenated JPEGs, which Chromium loops as a camera; each frame differs a little.

    ``treat`` spoils each frame as a bad light or an unsteady hand would.
    """
    still = photograph()
    with path.open("wb") as file:
        for number in range(frames):
            frame = still.copy()
            ImageDraw.Draw(frame).rectangle((20, 20, 60 + 40 * number, 60), fill=(0, 120, 120))
            frame = treat(frame) if treat else frame
            frame.save(file, "JPEG", quality=92)
    return path
