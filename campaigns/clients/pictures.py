"""Small pictures for campaigns: each seed gives other bytes, all of them true photos."""

import hashlib
import io
from functools import lru_cache

import msgspec
from PIL import Image

WIDTH, HEIGHT = 32, 24


class Picture(msgspec.Struct, frozen=True):
    """A JPEG or WebP as a phone would send it."""

    body: bytes
    content_type: str
    sha256: str
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.body)


@lru_cache(maxsize=4096)
def picture(seed: int, kind: str = "JPEG") -> Picture:
    """The picture of a seed."""
    image = Image.new("RGB", (WIDTH, HEIGHT), (seed % 256, seed // 256 % 256, seed // 65536 % 256))
    for place in range(24):
        image.putpixel((place, place % HEIGHT), (0, 0, 255 if seed >> place & 1 else 0))
    out = io.BytesIO()
    image.save(out, kind, quality=90)
    return of(out.getvalue(), f"image/{kind.lower()}")


def of(body: bytes, content_type: str = "image/jpeg") -> Picture:
    """Any bytes, declared as a picture."""
    return Picture(body, content_type, hashlib.sha256(body).hexdigest())
