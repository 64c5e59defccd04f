"""The structure of a clean photo, walked byte by byte without decoding a pixel.

A photo may hold pixels and a colour profile, and nothing else: no EXIF, XMP, IPTC, comment, second
picture or trailing byte, so that nothing about the patient or the place can travel inside it.
"""

import re
import struct
from typing import NamedTuple

from app.domain.errors import InvalidImage
from app.domain.photos import MAX_EDGE

MAX_PROFILE_BYTES = 16_000
MAX_SEGMENTS = 256
# Encoders make ten for a progressive picture. Each costs a pass over all pixels, however few its bytes.
MAX_SCANS = 32

_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_APP0, _APP2, _APP14 = 0xE0, 0xE2, 0xEE
# Baseline, extended and progressive Huffman: what canvas encoders write and every browser shows.
_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
_TABLES = frozenset({0xC4, 0xDB, 0xDD})
_PROFILE = b"ICC_PROFILE\x00"
# In entropy-coded data FF 00 is a data byte and FF D0-D7 are restarts; any other FF ends the scan.
_END_OF_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7]")

_WEBP_PROFILE, _WEBP_ALPHA = 0x20, 0x10


class Picture(NamedTuple):
    """What the headers of a clean photo say; width and height in pixels."""

    content_type: str
    width: int
    height: int


def walk_image(body: bytes) -> Picture:
    """Type and dimensions of a clean JPEG or WebP; anything else raises ``InvalidImage``."""
    try:
        if body[:2] == b"\xff\xd8":
            picture = _Jpeg(body).walk()
        elif body[:4] == b"RIFF" and body[8:12] == b"WEBP":
            picture = _walk_webp(body)
        else:
            raise InvalidImage("The stored file is neither a JPEG nor a WebP picture.")
    except (struct.error, IndexError):
        raise InvalidImage("The stored picture is cut off.") from None
    if not (1 <= picture.width <= MAX_EDGE and 1 <= picture.height <= MAX_EDGE):
        raise InvalidImage("The stored picture has no size or is too large to be shown.")
    return picture


class _Jpeg:
    """One walk over the segments of a JPEG."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 2
        self._size: tuple[int, int] | None = None
        self._scans = 0
        self._profile = 0

    def walk(self) -> Picture:
        for _ in range(MAX_SEGMENTS):
            marker = self._marker()
            if marker == _EOI:
                return self._finish()
            self._segment(marker, self._payload())
        raise InvalidImage("The stored JPEG has too many segments.")

    def _marker(self) -> int:
        if self._body[self._at] != 0xFF:
            raise InvalidImage("The stored JPEG has bytes between its segments.")
        while self._body[self._at + 1] == 0xFF:  # the standard lets any number of these fill up
            self._at += 1
        self._at += 2
        return self._body[self._at - 1]

    def _payload(self) -> bytes:
        (length,) = struct.unpack_from(">H", self._body, self._at)
        payload = self._body[self._at + 2 : self._at + length]
        if length < 2 or len(payload) != length - 2:
            raise InvalidImage("The stored JPEG is cut off.")
        self._at += length
        return payload

    def _segment(self, marker: int, payload: bytes) -> None:
        if marker in _TABLES:
            return
        if marker in _FRAMES:
            self._frame(payload)
        elif marker == _SOS:
            self._scan()
        elif marker == _APP2 and payload.startswith(_PROFILE):
            self._add_profile(len(payload))
        elif not _is_plain_header(marker, payload):
            raise InvalidImage("The stored JPEG holds something other than pixels and a colour profile.")

    def _frame(self, payload: bytes) -> None:
        precision, height, width, components = struct.unpack_from(">BHHB", payload)
        if self._size is not None or precision != 8 or components not in (1, 3):
            raise InvalidImage("The stored JPEG is of a kind that phones do not make.")
        self._size = (width, height)

    def _add_profile(self, size: int) -> None:
        self._profile += size
        if self._profile > MAX_PROFILE_BYTES:
            raise InvalidImage("The colour profile of the stored picture is too large.")

    def _scan(self) -> None:
        found = _END_OF_SCAN.search(self._body, self._at)
        if self._size is None or found is None:
            raise InvalidImage("The stored JPEG is cut off.")
        self._scans += 1
        if self._scans > MAX_SCANS:
            raise InvalidImage("The stored JPEG is of a kind that phones do not make.")
        self._at = found.start()

    def _finish(self) -> Picture:
        if self._at != len(self._body):
            raise InvalidImage("The stored JPEG has bytes behind its end.")
        if self._size is None or not self._scans:
            raise InvalidImage("The stored JPEG holds no picture.")
        return Picture("image/jpeg", *self._size)


def _is_plain_header(marker: int, payload: bytes) -> bool:
    # JFIF without a thumbnail, which could show another picture. Adobe's APP14 is twelve fixed bytes
    # that say how colours are coded; dropping it would change the colours, and it can carry no text.
    if marker == _APP0:
        return payload[:5] == b"JFIF\x00" and len(payload) == 14 and payload[12:] == b"\x00\x00"
    return marker == _APP14 and payload[:5] == b"Adobe" and len(payload) == 12


def _walk_webp(body: bytes) -> Picture:
    (riff,) = struct.unpack_from("<I", body, 4)
    if riff + 8 != len(body):
        raise InvalidImage("The stored WebP is cut off or has bytes behind its end.")
    chunks = _webp_chunks(body)
    names = [name for name, _ in chunks]
    if names in ([b"VP8 "], [b"VP8L"]):
        return Picture("image/webp", *_webp_frame(*chunks[0]))
    return _walk_extended(names, chunks)


def _webp_chunks(body: bytes) -> list[tuple[bytes, bytes]]:
    chunks: list[tuple[bytes, bytes]] = []
    at = 12
    while at < len(body):
        name, size = struct.unpack_from("<4sI", body, at)
        payload = body[at + 8 : at + 8 + size]
        padding = body[at + 8 + size : at + 8 + size + size % 2]
        if len(payload) != size or padding != b"\x00" * (size % 2) or len(chunks) == 4:
            raise InvalidImage("The stored WebP is cut off or damaged.")
        chunks.append((name, payload))
        at += 8 + size + size % 2
    return chunks


def _walk_extended(names: list[bytes], chunks: list[tuple[bytes, bytes]]) -> Picture:
    """VP8X, then a colour profile and transparency where its flags announce them, then one frame."""
    if not names or names[0] != b"VP8X" or len(chunks[0][1]) != 10:
        raise InvalidImage("The stored WebP holds something other than pixels and a colour profile.")
    header = chunks[0][1]
    profile, alpha = header[0] & _WEBP_PROFILE, header[0] & _WEBP_ALPHA
    announced = [b"VP8X", *([b"ICCP"] if profile else []), *([b"ALPH"] if alpha else []), b"VP8 "]
    lossless = [b"VP8X", *([b"ICCP"] if profile else []), b"VP8L"]
    plain_flags = header[0] == profile | alpha and header[1:4] == b"\x00\x00\x00"
    if not plain_flags or names not in (announced, lossless):
        raise InvalidImage("The stored WebP holds something other than pixels and a colour profile.")
    if any(name == b"ICCP" and len(payload) > MAX_PROFILE_BYTES for name, payload in chunks):
        raise InvalidImage("The colour profile of the stored picture is too large.")
    canvas = (int.from_bytes(header[4:7], "little") + 1, int.from_bytes(header[7:10], "little") + 1)
    if canvas != _webp_frame(*chunks[-1]):
        raise InvalidImage("The stored WebP says two different sizes.")
    return Picture("image/webp", *canvas)


def _webp_frame(name: bytes, payload: bytes) -> tuple[int, int]:
    if name == b"VP8L":
        signature, packed = struct.unpack_from("<BI", payload)
        if signature != 0x2F or packed >> 29:
            raise InvalidImage("The stored WebP is damaged.")
        return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    tag, start, width, height = struct.unpack_from("<B2x3sHH", payload)
    if tag & 1 or start != b"\x9d\x01\x2a" or width >> 14 or height >> 14:
        raise InvalidImage("The stored WebP is damaged.")
    return width, height
