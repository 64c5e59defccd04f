"""Pictures for tests: made with Pillow, and real photographs where ``../shared/photos`` is there."""

import io
import random
from pathlib import Path
from typing import Any

from PIL import Image, ImageCms, ImageDraw, ImageFilter

PHOTOS = Path(__file__).resolve().parents[3] / "shared" / "photos"


def scene(width: int, height: int, seed: int = 0) -> Image.Image:
    """A picture with edges, gradients and grain, as a photograph has them; the same for one seed."""
    base = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    grain = random.Random(seed).randbytes(width * height)
    noise = Image.frombytes("L", (width, height), grain).convert("RGB")
    picture = Image.blend(base, noise, 0.3)
    draw = ImageDraw.Draw(picture)
    for step in range(12):
        left, top = (seed * 37 + step * 61) % max(1, width), (seed * 53 + step * 43) % max(1, height)
        colour = ((step * 20 + seed) % 256, (200 - step * 15) % 256, (step * 70) % 256)
        draw.ellipse((left, top, left + width // 6 + 1, top + height // 6 + 1), fill=colour)
    return picture.filter(ImageFilter.GaussianBlur(1))


def jpeg(width: int = 800, height: int = 600, seed: int = 0, **options: Any) -> bytes:
    """A JPEG as a canvas writes it: JFIF, tables, one frame, nothing else."""
    return encoded(scene(width, height, seed), "JPEG", **{"quality": 85, **options})


def webp(width: int = 800, height: int = 600, seed: int = 0, **options: Any) -> bytes:
    """A lossy WebP as a canvas writes it."""
    return encoded(scene(width, height, seed), "WEBP", **{"quality": 85, "method": 0, **options})


def encoded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    """The bytes of a picture in one format."""
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def colour_profile() -> bytes:
    """A small colour profile, such as browsers attach."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def photographs() -> list[Image.Image]:
    """Real photographs, upright and at most 800 pixels; made pictures where there are none."""
    files = sorted(PHOTOS.glob("*/*.jpg"))
    if not files:
        return [scene(800, 600, seed) for seed in range(4)]
    return [_upright(path) for path in files]


def _upright(path: Path) -> Image.Image:
    from PIL import ImageOps

    with Image.open(path) as opened:
        opened.draft("RGB", (1600, 1600))
        picture = ImageOps.exif_transpose(opened).convert("RGB")
    picture.thumbnail((800, 800))
    picture.info.clear()
    return picture
