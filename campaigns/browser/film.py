"""A small film for the fake camera: quick to decode, every frame another picture."""

import random
from pathlib import Path

from PIL import Image, ImageDraw

SIZE = (640, 480)
FRAMES = 60


def small_film(path: Path, seed: int = 0) -> Path:
    """Blocks of random colours, so that two shots hardly ever have the same bytes."""
    rng = random.Random(seed)
    with path.open("wb") as file:
        for _ in range(FRAMES):
            frame = Image.new("RGB", SIZE, (214, 164, 138))
            pen = ImageDraw.Draw(frame)
            for x in range(0, SIZE[0], 80):
                for y in range(0, SIZE[1], 80):
                    colour = tuple(rng.randrange(256) for _ in range(3))
                    pen.rectangle((x + 8, y + 8, x + 60, y + 60), fill=colour)
            frame.save(file, "JPEG", quality=85)
    return path
