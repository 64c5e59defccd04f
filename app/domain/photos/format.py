"""The structure of a clean photo, walked byte by byte without decoding a pixel.

A photo may hold pixels and a colour profile, and nothing else: no EXIF, XMP, IPTC, comment, second
picture or trailing byte, so that nothing about the patient or the place can travel inside it.
"""

import struct
from typing import NamedTuple

from app.domain.errors import InvalidImage
from app.domain.photos.jpeg import JpegWalk
from app.domain.photos.model import MAX_EDGE
from app.domain.photos.webp import webp_size


class Picture(NamedTuple):
    """What the headers of a clean photo say; width and height in pixels."""

    content_type: str
    width: int
    height: int


def walk_image(body: bytes) -> Picture:
    """Type and dimensions of a clean JPEG or WebP; anything else raises ``InvalidImage``."""
    try:
        if body[:2] == b"\xff\xd8":
            picture = Picture("image/jpeg", *JpegWalk(body).walk())
        elif body[:4] == b"RIFF" and body[8:12] == b"WEBP":
            picture = Picture("image/webp", *webp_size(body))
        else:
            raise InvalidImage("The stored file is neither a JPEG nor a WebP picture.")
    except (struct.error, IndexError):
        raise InvalidImage("The stored picture is cut off.") from None
    if not (1 <= picture.width <= MAX_EDGE and 1 <= picture.height <= MAX_EDGE):
        raise InvalidImage("The stored picture has no size or is too large to be shown.")
    return picture
