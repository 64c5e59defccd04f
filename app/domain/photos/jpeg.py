"""The structure of a clean JPEG: every byte belongs to a table that is used, a frame or a whole scan.

What a decoder would skip in silence is refused: tables that no scan uses, scans that repeat
others, a progressive picture of which the last scans are missing, bytes between segments and behind the end.
"""

import re
import struct
from typing import NamedTuple

from app.domain.errors import InvalidImage
from app.domain.photos.colour_profile import MAX_PROFILE_BYTES, is_colour_profile

MAX_SEGMENTS = 256
# Encoders make ten for a progressive picture. Each costs a pass over all pixels, however few its bytes.
MAX_SCANS = 32

_EOI, _SOS, _HUFFMAN, _QUANTIZERS, _RESTARTS = 0xD9, 0xDA, 0xC4, 0xDB, 0xDD
_APP0, _APP2, _APP14 = 0xE0, 0xE2, 0xEE
# Baseline, extended and progressive Huffman: what canvas encoders write and every browser shows.
_PROGRESSIVE = 0xC2
_FRAMES = frozenset({0xC0, 0xC1, _PROGRESSIVE})
_PROFILE = b"ICC_PROFILE\x00"
# In entropy-coded data FF 00 is a data byte and FF D0-D7 are restarts; any other FF ends the scan.
_END_OF_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7]")
_CUT_OFF = "The stored JPEG is cut off."
_ODD = "The stored JPEG is of a kind that phones do not make."
_EXTRA = "The stored JPEG holds something other than pixels and a colour profile."


class Table(NamedTuple):
    """What a scan can use: ``quantizer``, ``dc``, ``ac`` or ``restart``, and its number."""

    kind: str
    number: int


class Scan(NamedTuple):
    """Which coefficients of which components a scan brings, and down to which bit."""

    components: dict[int, tuple[int, int]]
    first: int
    last: int
    high: int
    low: int


class Tables:
    """Tables as they are defined and used; one that nothing uses could hold anything."""

    def __init__(self) -> None:
        self._used: dict[Table, bool] = {}

    def define(self, kind: str, number: int) -> None:
        """A new table, or one in the place of a used one; ``InvalidImage`` for one too many."""
        table = Table(kind, number)
        if number > 3 or not self._used.get(table, True) or (table in self._used and kind == "quantizer"):
            raise InvalidImage(_EXTRA)
        self._used[table] = False

    def use(self, kind: str, number: int) -> None:
        """A scan needs a table; ``InvalidImage`` where it is lacking."""
        if Table(kind, number) not in self._used:
            raise InvalidImage("The stored JPEG lacks a table.")
        self._used[Table(kind, number)] = True

    def has(self, kind: str) -> bool:
        """Whether there is one of a kind."""
        return any(table.kind == kind for table in self._used)

    def check_all_used(self) -> None:
        """At the end of the picture; ``InvalidImage`` where a table served nothing."""
        if not all(self._used.values()):
            raise InvalidImage(_EXTRA)


class JpegWalk:
    """One walk over the segments of a JPEG."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 2
        self._size: tuple[int, int] | None = None
        self._progressive = False
        self._components: dict[int, int] = {}
        self._tables = Tables()
        self._scans = 0
        self._headers: set[int] = set()
        self._profile: list[bytes] = []
        # The lowest bit down to which each coefficient of each component is coded.
        self._coded: dict[int, list[int | None]] = {}

    def walk(self) -> tuple[int, int]:
        """Width and height; raises ``InvalidImage``."""
        for _ in range(MAX_SEGMENTS):
            marker = self._marker()
            if marker == _EOI:
                return self._finish()
            self._segment(marker, self._payload())
        raise InvalidImage("The stored JPEG has too many segments.")

    def _marker(self) -> int:
        if self._body[self._at] != 0xFF:
            raise InvalidImage("The stored JPEG has bytes between its segments.")
        self._at += 2
        return self._body[self._at - 1]

    def _payload(self) -> bytes:
        (length,) = struct.unpack_from(">H", self._body, self._at)
        payload = self._body[self._at + 2 : self._at + length]
        if length < 2 or len(payload) != length - 2:
            raise InvalidImage(_CUT_OFF)
        self._at += length
        return payload

    def _segment(self, marker: int, payload: bytes) -> None:
        if marker in _FRAMES:
            self._frame(marker, payload)
        elif marker == _SOS:
            self._scan(payload)
        elif marker == _APP2 and payload.startswith(_PROFILE):
            self._add_profile(payload)
        elif marker in (_HUFFMAN, _QUANTIZERS, _RESTARTS):
            self._define(marker, payload)
        elif marker in self._headers or not _is_plain_header(marker, payload):
            raise InvalidImage(_EXTRA)
        else:
            self._headers.add(marker)

    def _define(self, marker: int, payload: bytes) -> None:
        if marker == _RESTARTS:
            struct.unpack(">H", payload)
            self._tables.define("restart", 0)
        for kind, number in _tables(marker, payload):
            self._tables.define(kind, number)

    def _frame(self, marker: int, payload: bytes) -> None:
        precision, height, width, count = struct.unpack_from(">BHHB", payload)
        if self._size or precision != 8 or count not in (1, 3) or len(payload) != 6 + 3 * count:
            raise InvalidImage(_ODD)
        parts = [struct.unpack_from(">BBB", payload, 6 + 3 * place) for place in range(count)]
        self._components = {name: quantizer for name, _, quantizer in parts}
        self._coded = {name: [None] * 64 for name in self._components}
        if len(self._components) != count or not all(_is_sampling(sampling) for _, sampling, _ in parts):
            raise InvalidImage(_ODD)
        self._size, self._progressive = (width, height), marker == _PROGRESSIVE

    def _add_profile(self, payload: bytes) -> None:
        self._profile.append(payload[len(_PROFILE) :])
        if sum(map(len, self._profile)) > MAX_PROFILE_BYTES:
            raise InvalidImage("The colour profile of the stored picture is too large.")

    def _scan(self, payload: bytes) -> None:
        found = _END_OF_SCAN.search(self._body, self._at)
        if self._size is None or found is None:
            raise InvalidImage(_CUT_OFF)
        scan = _read_scan(payload)
        self._scans += 1
        if self._scans > MAX_SCANS or not scan.components.keys() <= self._components.keys():
            raise InvalidImage(_ODD)
        self._record_bits(scan)
        self._use(scan)
        self._at = found.start()

    def _record_bits(self, scan: Scan) -> None:
        """Each bit of each coefficient is coded once, and none is left out."""
        whole = (scan.first, scan.last, scan.high, scan.low) == (0, 63, 0, 0)
        band = scan.last == 0 if scan.first == 0 else scan.last <= 63 and len(scan.components) == 1
        if not (band if self._progressive else whole) or scan.first > scan.last or scan.low > 13:
            raise InvalidImage(_ODD)
        for name in scan.components:
            coded = self._coded[name]
            before = set(coded[scan.first : scan.last + 1])
            refined = before == {scan.high} and scan.low == scan.high - 1
            if not (refined if scan.high else before == {None}) or (scan.first and coded[0] is None):
                raise InvalidImage("The stored JPEG tells a part of the picture twice.")
            coded[scan.first : scan.last + 1] = [scan.low] * (scan.last + 1 - scan.first)

    def _use(self, scan: Scan) -> None:
        for name, (dc, ac) in scan.components.items():
            self._tables.use("quantizer", self._components[name])
            if scan.first == 0 and scan.high == 0:
                self._tables.use("dc", dc)
            if scan.last > 0:
                self._tables.use("ac", ac)
        if self._tables.has("restart"):
            self._tables.use("restart", 0)

    def _finish(self) -> tuple[int, int]:
        if self._at != len(self._body):
            raise InvalidImage("The stored JPEG has bytes behind its end.")
        if self._size is None or not self._scans:
            raise InvalidImage("The stored JPEG holds no picture.")
        if any(set(coded) != {0} for coded in self._coded.values()):
            raise InvalidImage(_CUT_OFF)
        self._tables.check_all_used()
        if self._profile and not _is_profile(self._profile):
            raise InvalidImage("The colour profile of the stored picture is none.")
        return self._size


def _is_sampling(sampling: int) -> bool:
    return 1 <= sampling >> 4 <= 4 and 1 <= sampling & 15 <= 4


def _tables(marker: int, payload: bytes) -> list[tuple[str, int]]:
    """The tables of one segment; raises ``InvalidImage`` for one that no encoder writes."""
    found: list[tuple[str, int]] = []
    at = 0
    while marker != _RESTARTS and at < len(payload):
        kind, number = payload[at] >> 4, payload[at] & 15
        if kind > 1:
            raise InvalidImage(_ODD)
        size = _huffman_size(payload, at, kind) if marker == _HUFFMAN else _quantizer_size(payload, at, kind)
        found.append((("dc", "ac")[kind] if marker == _HUFFMAN else "quantizer", number))
        at += size
    return found


def _quantizer_size(payload: bytes, at: int, wide: int) -> int:
    values = struct.unpack_from(">64H" if wide else "64B", payload, at + 1)
    if not all(values):
        raise InvalidImage(_ODD)
    return 65 + 64 * wide


def _huffman_size(payload: bytes, at: int, kind: int) -> int:
    counts = payload[at + 1 : at + 17]
    symbols = payload[at + 17 : at + 17 + sum(counts)]
    code_space = sum(count << (15 - place) for place, count in enumerate(counts))
    possible = all(symbol & 15 <= 10 for symbol in symbols) if kind else all(each <= 11 for each in symbols)
    if len(symbols) != sum(counts) or not symbols or len(counts) != 16:
        raise InvalidImage(_CUT_OFF)
    if len(set(symbols)) != len(symbols) or code_space > 1 << 16 or not possible:
        raise InvalidImage(_EXTRA)
    return 17 + len(symbols)


def _read_scan(payload: bytes) -> Scan:
    count = payload[0]
    if not 1 <= count <= 3 or len(payload) != 4 + 2 * count:
        raise InvalidImage(_ODD)
    pairs = [(payload[1 + 2 * place], payload[2 + 2 * place]) for place in range(count)]
    components = {name: (tables >> 4, tables & 15) for name, tables in pairs}
    if len(components) != count:
        raise InvalidImage(_ODD)
    first, last, bits = payload[-3:]
    return Scan(components, first, last, bits >> 4, bits & 15)


def _is_profile(parts: list[bytes]) -> bool:
    """Whether the parts are numbered as they come and make up a profile."""
    numbers = [(part[0], part[1]) for part in parts]
    whole = b"".join(part[2:] for part in parts)
    return numbers == [(place + 1, len(parts)) for place in range(len(parts))] and is_colour_profile(whole)


def _is_plain_header(marker: int, payload: bytes) -> bool:
    # JFIF without a thumbnail, which could show another picture. Adobe's APP14 says in a few bytes how
    # colours are coded; dropping it would change the colours.
    if marker == _APP0:
        known = payload[:6] == b"JFIF\x00\x01" and payload[6:8] in _JFIF_VERSIONS_AND_UNITS
        return known and len(payload) == 14 and payload[12:] == b"\x00\x00"
    return marker == _APP14 and len(payload) == 12 and re.fullmatch(_ADOBE, payload) is not None


_JFIF_VERSIONS_AND_UNITS = frozenset(bytes((version, unit)) for version in range(3) for unit in range(3))
_ADOBE = re.compile(rb"Adobe\x00[\x64\x65][\x00\x40\x80\xc0]\x00[\x00\x40\x80\xc0]\x00[\x00\x01]", re.DOTALL)
