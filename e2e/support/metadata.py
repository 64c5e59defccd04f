"""Finds what a picture contains beyond its pixels: by Pillow, and marker by marker in the raw bytes."""

import io
from collections.abc import Iterator

from PIL import Image

PLAIN = {0xE0, 0xE2, 0xEE}  # JFIF, colour profile, colour transform: nothing about a patient or a place.
SIGNATURES = (b"Exif\x00\x00", b"http://ns.adobe.com", b"Photoshop 3.0", b"<x:xmpmeta", b"MPF\x00")
TEXT_KEYS = {"exif", "xmp", "comment", "photoshop", "mp", "parsed_exif"}


def traces(body: bytes) -> list[str]:
    """Names of everything in a JPEG that is no picture; empty for a clean one."""
    return [*pillow_traces(body), *marker_traces(body), *(str(word) for word in SIGNATURES if word in body)]


def pillow_traces(body: bytes) -> list[str]:
    """What Pillow finds, each tag of the GPS among it."""
    with Image.open(io.BytesIO(body)) as picture:
        tags = picture.getexif()
        places = [f"GPS {tag}" for tag in tags.get_ifd(0x8825)]
        return [*sorted(TEXT_KEYS & picture.info.keys()), *(f"tag {tag:#x}" for tag in tags), *places]


def marker_traces(body: bytes) -> list[str]:
    """Application segments and comments that a plain JPEG does not need, and bytes after its end."""
    found = [f"marker {marker:#x}" for marker in markers(body) if may_hold_text(marker)]
    return found + (["bytes after the end"] if not body.endswith(b"\xff\xd9") else [])


def may_hold_text(marker: int) -> bool:
    """Whether a segment of this marker may hold text."""
    return marker == 0xFE or (0xE0 <= marker <= 0xEF and marker not in PLAIN)


def markers(body: bytes) -> Iterator[int]:
    """Markers of the segments before the first scan."""
    at = 2
    while body[at] == 0xFF and body[at + 1] != 0xDA:
        yield body[at + 1]
        at += 2 + int.from_bytes(body[at + 2 : at + 4], "big")
