"""A fake camera: an endless film of still pictures that Chromium takes for a real one."""

from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter

PHOTOGRAPHS = Path(__file__).resolve().parent.parent.parent / "shared" / "photos"
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
    ground = Image.effect_noise(SIZE, 60).convert("RGB")
    skin = Image.new("RGB", SIZE, (214, 164, 138))
    picture = Image.blend(skin, ground, 0.25)
    pen = ImageDraw.Draw(picture)
    pen.ellipse((700 + 37 * seed, 500, 1000 + 37 * seed, 760), fill=(120, 60, 50))
    for x in range(0, SIZE[0], 40):
        pen.line((x, 1300, x, 1440), fill=(20, 20, 20), width=4)
    return picture.filter(ImageFilter.SHARPEN)


def film(path: Path, frames: int = 10) -> Path:
    """Concatenated JPEGs, which Chromium loops as a camera; each frame differs a little."""
    still = photograph()
    with path.open("wb") as file:
        for number in range(frames):
            frame = still.copy()
            ImageDraw.Draw(frame).rectangle((20, 20, 60 + 40 * number, 60), fill=(0, 120, 120))
            frame.save(file, "JPEG", quality=92)
    return path
