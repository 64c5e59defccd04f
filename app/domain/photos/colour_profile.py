"""Whether a colour profile is one: header, known entries and nothing between or behind them.

Phones take profiles out before they hash, since a canvas holds sRGB; photos of earlier versions may
still carry the small ones of browsers. Whatever could hold other data is refused: unknown entries, gaps,
curves that do not rise, texts that are longer than a name or made of anything but letters.
"""

import re
import struct
from collections.abc import Callable

MAX_PROFILE_BYTES = 16_000

_HEADER = 128
_MOST_ENTRIES = 32
_D50 = bytes.fromhex("0000f6d6000100000000d32d")
_NAME = re.compile(rb"\x00{4}|[A-Za-z0-9 ./_-]{1,4}[ \x00]*")
# As in "Copyright (c) 1998 Hewlett-Packard Company" and "sRGB IEC61966-2.1".
_TEXT = re.compile(r"[A-Za-z0-9 .,:;()/&'\u00a9_+-]{0,100}\x00*")
_ENTRIES = frozenset(
    b"desc cprt wtpt bkpt rXYZ gXYZ bXYZ rTRC gTRC bTRC kTRC chad chrm lumi meas view vued tech dmnd dmdd"
    b" cicp".split()
)
_PARAMETERS = {0: 1, 1: 3, 2: 4, 3: 5, 4: 7}
# Of fixed size, and nothing but numbers.
_NUMBERS = {b"XYZ ": 20, b"sf32": 44, b"sig ": 12, b"meas": 36, b"view": 36, b"chrm": 36, b"cicp": 12}


def is_colour_profile(profile: bytes) -> bool:
    """Whether these bytes are a plain profile of a display and nothing else."""
    try:
        return len(profile) <= MAX_PROFILE_BYTES and _has_header(profile) and _has_entries(profile)
    except (struct.error, IndexError, UnicodeDecodeError):
        return False


def _has_header(profile: bytes) -> bool:
    size, version = struct.unpack_from(">I4xB", profile)
    names = (profile[at : at + 4] for at in (4, 40, 48, 52, 80))
    return (
        size == len(profile)
        and version in (2, 4)
        and profile[12:16] == b"mntr"
        and profile[16:20] in (b"RGB ", b"GRAY")
        and profile[20:24] == b"XYZ "
        and profile[36:40] == b"acsp"
        and profile[68:80] == _D50
        and not any(profile[100:_HEADER])
        and all(_NAME.fullmatch(name) for name in names)
    )


def _has_entries(profile: bytes) -> bool:
    (count,) = struct.unpack_from(">I", profile, _HEADER)
    if not 1 <= count <= _MOST_ENTRIES:
        return False
    entries = [struct.unpack_from(">4sII", profile, _HEADER + 4 + 12 * place) for place in range(count)]
    places = {(at, size) for _, at, size in entries}
    return (
        {name for name, _, _ in entries} <= _ENTRIES
        and len({name for name, _, _ in entries}) == count
        and _cover(profile, sorted(places), _HEADER + 4 + 12 * count)
        and all(_is_entry(profile[at : at + size]) for at, size in places)
    )


def _cover(profile: bytes, places: list[tuple[int, int]], end: int) -> bool:
    """Whether the entries follow one another, filled up with at most three zeros, to the profile's end."""
    for at, size in [*places, (len(profile), 0)]:
        if not end <= at <= end + 3 or any(profile[end:at]):
            return False
        end = at + size
    return end == len(profile)


def _is_entry(entry: bytes) -> bool:
    kind = entry[:4]
    if any(entry[4:8]):
        return False
    if kind in _NUMBERS:
        return len(entry) == _NUMBERS[kind]
    check = _CHECKS.get(kind)
    return check is not None and check(entry)


def _is_curve(entry: bytes) -> bool:
    """Rising, as the answer of a display does; a picture's worth of anything else does not rise."""
    (count,) = struct.unpack_from(">I", entry, 8)
    values = struct.unpack_from(f">{count}H", entry, 12) if count <= 4096 else ()
    return len(values) == count and len(entry) == 12 + 2 * count and list(values) == sorted(values)


def _is_formula(entry: bytes) -> bool:
    kind, reserved = struct.unpack_from(">HH", entry, 8)
    return reserved == 0 and kind in _PARAMETERS and len(entry) == 12 + 4 * _PARAMETERS[kind]


def _is_text(entry: bytes) -> bool:
    return _TEXT.fullmatch(entry[8:].decode("latin-1")) is not None


def _is_description(entry: bytes) -> bool:
    """A name three times: ASCII, Unicode and in Macintosh script, of which the last two are mostly empty."""
    (plain,) = struct.unpack_from(">I", entry, 8)
    at = 12 + plain
    (wide,) = struct.unpack_from(">4xI", entry, at)
    end = at + 8 + 2 * wide
    macintosh = entry[end + 3 : end + 70]
    texts = (
        entry[12:at].decode("latin-1"),
        entry[at + 8 : end].decode("utf-16-be"),
        macintosh.decode("latin-1"),
    )
    known = len(macintosh) == 67 and entry[at : at + 2] == b"\x00\x00" and not any(entry[end + 70 :])
    return known and len(entry) <= end + 73 and all(_TEXT.fullmatch(text) for text in texts)


def _is_translated(entry: bytes) -> bool:
    count, width = struct.unpack_from(">II", entry, 8)
    if not 1 <= count <= 4 or width != 12:
        return False
    records = [struct.unpack_from(">4sII", entry, 16 + 12 * place) for place in range(count)]
    words = [entry[at : at + size].decode("utf-16-be") for _, size, at in records]
    places = sorted({(at, size) for _, size, at in records})
    return (
        all(re.fullmatch(rb"[a-z]{2}[A-Z\x00]{2}", place) for place, _, _ in records)
        and _cover(entry, places, 16 + 12 * count)
        and all(_TEXT.fullmatch(word) for word in words)
    )


_CHECKS: dict[bytes, Callable[[bytes], bool]] = {
    b"curv": _is_curve,
    b"para": _is_formula,
    b"text": _is_text,
    b"desc": _is_description,
    b"mluc": _is_translated,
}
