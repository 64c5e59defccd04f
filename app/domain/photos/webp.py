"""The structure of a clean WebP: one picture, a colour profile and transparency at most."""

import struct

from app.domain.errors import InvalidImage
from app.domain.photos.colour_profile import is_colour_profile

_WEBP_PROFILE, _WEBP_ALPHA = 0x20, 0x10
# What stands before the modes of the blocks in a lossy frame: at most a thousand probabilities.
_HEAD_BYTES = 2048


def webp_size(body: bytes) -> tuple[int, int]:
    """Width and height of a clean WebP; raises ``InvalidImage``."""
    (riff,) = struct.unpack_from("<I", body, 4)
    if riff + 8 != len(body):
        raise InvalidImage("The stored WebP is cut off or has bytes behind its end.")
    chunks = _chunks(body)
    names = [name for name, _ in chunks]
    if names in ([b"VP8 "], [b"VP8L"]):
        return _frame_size(*chunks[0])
    return _walk_extended(names, chunks)


def _chunks(body: bytes) -> list[tuple[bytes, bytes]]:
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


def _walk_extended(names: list[bytes], chunks: list[tuple[bytes, bytes]]) -> tuple[int, int]:
    """VP8X, then a colour profile and transparency where its flags say so, then one frame."""
    if not names or names[0] != b"VP8X" or len(chunks[0][1]) != 10:
        raise InvalidImage("The stored WebP holds something other than pixels and a colour profile.")
    header = chunks[0][1]
    profile, alpha = header[0] & _WEBP_PROFILE, header[0] & _WEBP_ALPHA
    lossy = [b"VP8X", *([b"ICCP"] if profile else []), *([b"ALPH"] if alpha else []), b"VP8 "]
    lossless = [b"VP8X", *([b"ICCP"] if profile else []), b"VP8L"]
    plain_flags = header[0] == profile | alpha and header[1:4] == b"\x00\x00\x00"
    if not plain_flags or names not in (lossy, lossless):
        raise InvalidImage("The stored WebP holds something other than pixels and a colour profile.")
    if any(name == b"ICCP" and not is_colour_profile(payload) for name, payload in chunks):
        raise InvalidImage("The colour profile of the stored picture is none, or too large.")
    canvas = (int.from_bytes(header[4:7], "little") + 1, int.from_bytes(header[7:10], "little") + 1)
    if any(name == b"ALPH" and not _is_transparency(payload, canvas) for name, payload in chunks):
        raise InvalidImage("The stored WebP is cut off or damaged.")
    if canvas != _frame_size(*chunks[-1]):
        raise InvalidImage("The stored WebP says two different sizes.")
    return canvas


def _frame_size(name: bytes, payload: bytes) -> tuple[int, int]:
    if name == b"VP8L":
        signature, packed = struct.unpack_from("<BI", payload)
        if signature != 0x2F or packed >> 29:
            raise InvalidImage("The stored WebP is damaged.")
        return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    tag, start, width, height = struct.unpack_from("<B2x3sHH", payload)
    # A key frame that is shown, whose first part ends within the chunk and is as long as its blocks allow.
    first = int.from_bytes(payload[:3], "little") >> 5
    blocks = -(-width // 16) * -(-height // 16)
    if tag & 1 or not tag & 0x10 or not 0 < first <= min(len(payload) - 10, _HEAD_BYTES + 16 * blocks):
        raise InvalidImage("The stored WebP is damaged.")
    if start != b"\x9d\x01\x2a" or width >> 14 or height >> 14:
        raise InvalidImage("The stored WebP is damaged.")
    return width, height


def _is_transparency(payload: bytes, canvas: tuple[int, int]) -> bool:
    """One byte for each pixel, or a lossless picture of them, whose end the decoder finds."""
    return payload[0] & 0xC3 == 1 or (payload[0] & 0xC3 == 0 and len(payload) == 1 + canvas[0] * canvas[1])
