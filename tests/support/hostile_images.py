"""Files that must never pass for a photo, made in code: name → bytes; and photos that must pass."""

import io
import struct
import zipfile
from collections.abc import Iterator
from typing import Any

from PIL import Image

from tests.support.pictures import colour_profile, encoded, jpeg, photographs, scene, webp

EOI = b"\xff\xd9"
HTML = b"<!doctype html><script>alert(1)</script>"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def segment(marker: int, payload: bytes) -> bytes:
    """One JPEG segment."""
    return bytes((0xFF, marker)) + struct.pack(">H", len(payload) + 2) + payload


def with_segment(marker: int, payload: bytes, picture: bytes | None = None) -> bytes:
    """A good JPEG with one more segment behind its first one."""
    picture = picture or jpeg(64, 48)
    return picture[:20] + segment(marker, payload) + picture[20:]


def find(picture: bytes | bytearray, marker: int) -> int:
    """Where the first segment with this marker begins."""
    at = 2
    while picture[at + 1] != marker:
        at += 2 + struct.unpack_from(">H", picture, at + 2)[0]
    return at


def frame_changed(marker: int | None = None, **fields: int) -> bytes:
    """A JPEG whose frame header lies: precision, height, width, or another kind of frame."""
    picture = bytearray(jpeg(64, 48))
    at = find(picture, 0xC0)
    if marker is not None:
        picture[at + 1] = marker
    for name, (offset, form) in {"precision": (4, "B"), "height": (5, ">H"), "width": (7, ">H")}.items():
        if name in fields:
            struct.pack_into(form, picture, at + offset, fields[name])
    return bytes(picture)


def many_scans(scans: int = 235, edge: int = 2048) -> bytes:
    """A valid progressive JPEG of few bytes, each scan of which makes a decoder process every block."""
    blocks = (edge // 8) ** 2
    frame = struct.pack(">BHHB3B", 8, edge, edge, 1, 1, 0x11, 0)
    # One code each: "no change" for the first scan, "nothing in 16384 blocks" for the others.
    tables = segment(0xC4, b"\x00\x01" + bytes(15) + b"\x00")
    tables += segment(0xC4, b"\x10\x01" + bytes(15) + b"\xe0")
    head = jpeg(8, 8)[:20] + segment(0xDB, b"\x00" + b"\x01" * 64) + segment(0xC2, frame) + tables
    first = segment(0xDA, b"\x01\x01\x00\x00\x00\x00") + bytes(blocks // 8)
    empty = segment(0xDA, b"\x01\x01\x00\x01\x3f\x00") + _bits("0" * 15 * (blocks // 16384))
    return head + first + empty * (scans - 1) + EOI


def _bits(bits: str) -> bytes:
    """Bits as bytes, filled up with ones as the standard asks."""
    filled = bits + "1" * (-len(bits) % 8)
    return int(filled, 2).to_bytes(len(filled) // 8, "big")


def chunk(name: bytes, payload: bytes) -> bytes:
    """One WebP chunk with its padding."""
    return name + struct.pack("<I", len(payload)) + payload + b"\x00" * (len(payload) % 2)


def riff(*chunks: bytes) -> bytes:
    """A WebP of these chunks with the right length."""
    content = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(content)) + content


def extended(flags: int, *chunks: bytes, size: tuple[int, int] = (64, 48)) -> bytes:
    """A WebP with an extended header."""
    edges = b"".join((edge - 1).to_bytes(3, "little") for edge in size)
    return riff(chunk(b"VP8X", bytes((flags, 0, 0, 0)) + edges), *chunks)


def safari_canvas() -> bytes:
    """What a canvas gives on iOS: Exif with the size and the colour space, an empty Photoshop block.

    Harmless, and refused all the same, because the server cannot distinguish it from the Exif of a camera:
    the phone takes these segments out before it hashes.
    """
    picture = jpeg(64, 48)
    exif = b"Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x87\x69\x00\x04\x00\x00\x00\x01\x00\x00\x00\x1a"
    exif += b"\x00\x00\x00\x00\x00\x02\xa0\x02\x00\x04\x00\x00\x00\x01\x00\x00\x00\x40"
    exif += b"\xa0\x03\x00\x04\x00\x00\x00\x01\x00\x00\x00\x30\x00\x00\x00\x00"
    photoshop = b"Photoshop 3.0\x008BIM\x04\x04\x00\x00\x00\x00\x00\x00"
    return picture[:20] + segment(0xE1, exif) + segment(0xED, photoshop) + picture[20:]


def exif(orientation: int = 1, gps: bool = False) -> bytes:
    """A JPEG with camera metadata."""
    data = Image.Exif()
    data[0x0112] = orientation
    if gps:
        data.get_ifd(0x8825)[1] = "N"
        data.get_ifd(0x8825)[2] = (51.0, 30.0, 26.0)
    return encoded(scene(64, 48), "JPEG", exif=data)


def archive() -> bytes:
    """A small zip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as written:
        written.writestr("a.html", HTML)
    return out.getvalue()


# Whole in their structure: only decoding shows what is in them that is no picture, or what is missing.
FOR_THE_DECODER = frozenset(
    {
        "text behind the last block",
        "text behind a restart's blocks",
        "text behind the last block of a progressive scan",
        "flipped bytes",
        "scan cut off and ended",
        "progressive scan cut off and ended",
        "text behind the last pixel of a webp",
        "text behind the last pixel of a lossless webp",
        "text behind the transparency of a webp",
    }
)
SECRET = b"seen on ward 4: J.S., born 1961"


def v2_profile(description: bytes = b"sRGB IEC61966-2.1", curve: tuple[int, ...] | None = None) -> bytes:
    """A profile as old encoders attach it: a table for a curve, names in ASCII and Macintosh script."""
    values = curve or tuple(value * value // 16 for value in range(1024))
    name = b"desc" + bytes(4) + struct.pack(">I", len(description) + 1) + description + b"\x00" + bytes(10)
    name += bytes((len(description) + 1,)) + description.ljust(67, b"\x00")
    tone = b"curv" + bytes(4) + struct.pack(f">I{len(values)}H", len(values), *values)
    point = b"XYZ " + bytes(4) + struct.pack(">iii", 0xF351, 0x10000, 0x116CC)
    text = b"text" + bytes(4) + b"Copyright (c) 1998 Hewlett-Packard Company\x00"
    entries = {b"cprt": text, b"desc": name, b"wtpt": point, b"rXYZ": point, b"rTRC": tone}
    return profile(entries)


def profile(entries: dict[bytes, bytes]) -> bytes:
    """A colour profile of these entries, each filled up to four bytes."""
    at = 128 + 4 + 12 * len(entries)
    table, data = struct.pack(">I", len(entries)), b""
    for tag, entry in entries.items():
        table += tag + struct.pack(">II", at + len(data), len(entry))
        data += entry + bytes(-len(entry) % 4)
    rest = b"Lino" + b"\x02\x10\x00\x00" + b"mntrRGB XYZ " + bytes(12) + b"acspMSFT" + bytes(4)
    rest += b"IEC sRGB" + bytes(12) + bytes.fromhex("0000f6d6000100000000d32d") + b"HP  " + bytes(44)
    return struct.pack(">I", 4 + len(rest) + len(table) + len(data)) + rest + table + data


def with_profile(icc: bytes) -> bytes:
    """A good JPEG that carries these bytes as its colour profile."""
    return with_segment(0xE2, b"ICC_PROFILE\x00\x01\x01" + icc)


def webp_part(chunk_name: bytes, more: bytes, body: bytes) -> bytes:
    """A WebP whose chunk of a name goes on with more bytes, all lengths corrected."""
    parts, at = [], 12
    while at < len(body):
        name, size = struct.unpack_from("<4sI", body, at)
        payload = body[at + 8 : at + 8 + size]
        parts.append(chunk(name, payload + more if name == chunk_name else payload))
        at += 8 + size + size % 2
    return riff(*parts)


def longer_modes(body: bytes, more: bytes) -> bytes:
    """A lossy WebP whose first part goes on with more bytes, its length corrected."""
    tag = int.from_bytes(body[20:23], "little")
    modes = tag >> 5
    tag = tag & 31 | modes + len(more) << 5
    frame = tag.to_bytes(3, "little") + body[23 : 30 + modes] + more + body[30 + modes :]
    return riff(chunk(b"VP8 ", frame))


def transparent(**options: Any) -> bytes:
    """A WebP through which something behind it can be seen."""
    picture = scene(320, 240).convert("RGBA")
    picture.putalpha(Image.linear_gradient("L").resize((320, 240)))
    return encoded(picture, "WEBP", **options)


def hostile() -> dict[str, bytes]:
    """Every file that must be refused."""
    kinds = (_not_pictures, _cut_off, _jpeg_extras, _jpeg_kinds, _jpeg_tables, _profiles, _scans, _webps)
    return dict(each for kind in kinds for each in kind())


def _not_pictures() -> Iterator[tuple[str, bytes]]:
    yield "nothing", b""
    yield "one byte", b"\xff"
    yield "zeros", bytes(1000)
    yield "text", b"a photo of a rash"
    yield "html", HTML
    yield "svg", SVG
    yield "pdf", b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF"
    yield "zip", archive()
    yield "heic", b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(200)
    yield "avif", b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00mif1avif" + bytes(200)
    yield "mp4", b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00isommp42" + bytes(200)
    for kind in ("PNG", "GIF", "BMP", "TIFF", "JPEG2000"):
        yield kind.lower(), encoded(scene(64, 48), kind)
    yield "gif that goes on as a jpeg", b"GIF89a" + jpeg(64, 48)
    yield "riff that is a sound", riff(chunk(b"fmt ", bytes(16))).replace(b"WEBP", b"WAVE")


def _cut_off() -> Iterator[tuple[str, bytes]]:
    whole = jpeg(200, 150)
    for tenth in range(10):
        yield f"jpeg cut at {tenth}/10", whole[: 2 + len(whole) * tenth // 10]
    yield "jpeg without its last byte", whole[:-1]
    yield "jpeg without its end", whole[:-2]
    yield "jpeg of a header only", whole[:20] + EOI
    yield "jpeg with tables and no scan", whole[: find(whole, 0xDA)] + EOI
    moving = webp(200, 150)
    for fifth in range(5):
        yield f"webp cut at {fifth}/5", moving[: 12 + (len(moving) - 12) * fifth // 5]


def _jpeg_extras() -> Iterator[tuple[str, bytes]]:
    good = jpeg(64, 48)
    yield "zip behind the picture", good + archive()
    yield "html behind the picture", good + HTML
    yield "script behind the picture", good + b"/*" + b"*/alert(1)"
    yield "second picture behind the first", good + jpeg(64, 48, seed=3)
    yield "one byte behind the picture", good + b"\x00"
    yield "end twice", good + EOI
    yield "zip between segments", good[:20] + archive() + good[20:]
    yield "gps", exif(gps=True)
    for orientation in range(1, 9):
        yield f"orientation {orientation}", exif(orientation)
    yield "safari's own metadata", safari_canvas()
    yield "xmp", with_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta/>")
    yield "long xmp", with_segment(0xE1, b"http://ns.adobe.com/xmp/extension/\x00" + bytes(40_000))
    yield (
        "iptc",
        with_segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\x00\x00\x00\x00\x00\x08\x1c\x02\x78\x00\x03abc"),
    )
    yield "comment", with_segment(0xFE, b"seen on ward 4")
    yield "script in a comment", with_segment(0xFE, b"*/=alert(1);/*")
    yield "html in a comment", with_segment(0xFE, HTML)
    yield "gain map", with_segment(0xE2, b"MPF\x00MM\x00\x2a\x00\x00\x00\x08")
    yield "flashpix", with_segment(0xE2, b"FPXR\x00" + bytes(30))
    yield "content credentials", with_segment(0xEB, b"JP" + bytes(40))
    yield (
        "thumbnail in JFIF",
        good[:2] + segment(0xE0, b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x02\x02" + bytes(12)) + good[20:],
    )
    yield "thumbnail in JFXX", with_segment(0xE0, b"JFXX\x00\x10" + jpeg(8, 8))
    yield "text in Adobe's segment", with_segment(0xEE, b"Adobe\x00\x64\x00\x00\x00\x00\x01 seen on ward 4")
    for number in (3, 4, 5, 6, 7, 8, 9, 10, 12, 15):
        yield f"app{number}", with_segment(0xE0 + number, b"anything")
    yield "colour profile of a megabyte", encoded(scene(64, 48), "JPEG", icc_profile=bytes(1_000_000))
    yield "colour profile in many parts", encoded(scene(64, 48), "JPEG", icc_profile=bytes(70_000))


def _jpeg_kinds() -> Iterator[tuple[str, bytes]]:
    good = jpeg(64, 48)
    yield "65500 squared", frame_changed(width=65_500, height=65_500)
    yield "one by 65500", frame_changed(width=1, height=65_500)
    yield "a pixel too wide", jpeg(2049, 16)
    yield "no width", frame_changed(width=0)
    yield "height given later", frame_changed(height=0)
    yield "twelve bits", frame_changed(marker=0xC1, precision=12)
    yield "sixteen bits", frame_changed(precision=16)
    yield "lossless", frame_changed(marker=0xC3)
    yield "arithmetic", frame_changed(marker=0xC9)
    yield "differential", frame_changed(marker=0xC5)
    yield "cmyk", encoded(scene(64, 48).convert("CMYK"), "JPEG")
    frame = find(good, 0xC0)
    yield "two frames", good[:frame] + good[frame : frame + 19] + good[frame:]
    yield "scan before the frame", good[:20] + good[find(good, 0xDA) :]
    yield "segment longer than the file", good[:20] + b"\xff\xfe\xff\xff" + good[20:]
    yield "segment of no length", good[:20] + b"\xff\xdb\x00\x00" + good[20:]
    yield "thousand tables", good[:20] + segment(0xDD, b"\x00\x00") * 1000 + good[20:]
    scan = find(good, 0xDA)
    yield "two hundred scans", many_scans()
    yield "thousand scans", good[:-2] + good[scan:-2] * 1000 + EOI
    table = find(good, 0xC4)
    yield "broken huffman table", good[: table + 5] + b"\xff" * 16 + good[table + 21 :]
    quantizer = find(good, 0xDB)
    yield "quantizer that is not there", good[:quantizer] + good[frame:]


def _jpeg_tables() -> Iterator[tuple[str, bytes]]:
    good = jpeg(64, 48)
    text = (SECRET * 3)[:64]
    yield "text as a quantizer that nothing uses", with_segment(0xDB, b"\x03" + text)
    yield "text as a quantizer before the true one", with_segment(0xDB, b"\x00" + text)
    yield "text behind a quantizer", with_segment(0xDB, b"\x03" + text + SECRET)
    yield (
        "text as a huffman table",
        with_segment(0xC4, b"\x13" + b"\x00" * 7 + bytes((31,)) + bytes(8) + SECRET),
    )
    symbols = bytes(range(1, 11))
    unused = with_segment(0xC4, b"\x13" + b"\x00" * 7 + bytes((10,)) + bytes(8) + symbols)
    yield "huffman table that nothing uses", unused
    yield "text behind a huffman table", with_segment(0xC4, b"\x13" + b"\x00" * 16 + SECRET)
    yield "restart interval and nothing else", with_segment(0xDD, b"\x00\x04" + SECRET)
    yield "table behind the last scan", good[:-2] + segment(0xDB, b"\x03" + text) + EOI
    yield "comment behind the last scan", good[:-2] + segment(0xFE, SECRET) + EOI
    yield "photoshop behind the last scan", good[:-2] + segment(0xED, b"Photoshop 3.0\x00" + SECRET) + EOI
    yield "jfif twice", good[:20] + good[2:]
    for number in (0, 1, 2, 13, 14):
        yield f"text in app{number}", with_segment(0xE0 + number, SECRET)
    frame = find(good, 0xC0)
    longer = good[frame + 4 : frame + 2 + struct.unpack_from(">H", good, frame + 2)[0]] + SECRET
    yield "text behind the frame", good[:frame] + segment(0xC0, longer) + good[frame + 19 :]
    scan = find(good, 0xDA)
    scan_header = good[scan + 4 : scan + 14] + SECRET
    yield "text in the head of a scan", good[:scan] + segment(0xDA, scan_header) + good[scan + 14 :]
    yield "filled up between segments", good[:20] + b"\xff" * 1000 + good[20:]


def _profiles() -> Iterator[tuple[str, bytes]]:
    plain = v2_profile()
    yield "profile of text alone", with_profile(SECRET * 9)
    yield "profile with text behind it", with_profile(plain + SECRET)
    longer = struct.pack(">I", len(plain) + len(SECRET)) + plain[4:] + SECRET
    yield "profile with text behind its entries", with_profile(longer)
    yield "profile of three bytes", with_profile(plain[:3])
    yield "profile of no entries", with_profile(profile({}))
    yield "profile parts of nothing", jpeg(64, 48)[:20] + segment(0xE2, b"ICC_PROFILE\x00") * 300
    noted = {b"desc": b"text" + SECRET[:4] + b"sRGB\x00"}
    yield "profile with text in the reserved bytes of an entry", with_profile(profile(noted))
    names = b"mluc" + bytes(4) + struct.pack(">II", 5, 12) + b"enUS" * 15 + SECRET
    yield "profile with more translations than a name has", with_profile(profile({b"desc": names}))
    yield "profile with a script as its name", with_profile(v2_profile(b"<script>alert(1)</script>"))
    yield "profile with an entry of its own", with_profile(profile({b"note": b"text" + bytes(4) + SECRET}))
    wild = tuple(struct.unpack(">15H", SECRET[:30]))
    yield "profile whose curve is text", with_profile(v2_profile(curve=wild))
    yield "profile with text in its reserved bytes", with_profile(plain[:100] + SECRET[:28] + plain[128:])
    yield "profile parts in the wrong order", with_segment(0xE2, b"ICC_PROFILE\x00\x02\x01" + plain)
    yield "webp with a profile of text", extended(0x20, chunk(b"ICCP", SECRET * 9), webp(64, 48)[12:])


def _scans() -> Iterator[tuple[str, bytes]]:
    good, progressive = jpeg(200, 150), jpeg(200, 150, progressive=True)
    yield "text behind the last block", good[:-2] + SECRET + EOI
    yield "text behind the last block of a progressive scan", progressive[:-2] + SECRET + EOI
    restarts = jpeg(200, 150, restart_marker_blocks=4)
    at = restarts.index(b"\xff\xd0", find(restarts, 0xDA))
    yield "text behind a restart's blocks", restarts[:at] + SECRET + restarts[at:]
    flipped = bytearray(good)
    for place in (3, 4, 5):
        flipped[len(good) * place // 7] ^= 0x55
    yield "flipped bytes", bytes(flipped)
    yield "scan cut off and ended", good[: len(good) * 2 // 3] + EOI
    yield "progressive scan cut off and ended", progressive[:-40] + EOI
    last = progressive.rindex(b"\xff\xda")
    yield "progressive picture without its last scan", progressive[:last] + EOI
    scan = find(good, 0xDA)
    twice = good[: scan + 7] + good[scan + 5 : scan + 6] + good[scan + 8 :]
    yield "scan of one component twice", twice
    yield "scan twice", good[:-2] + good[scan:]
    yield "scan of nothing behind the last", good[:-2] + good[scan : scan + 14] + EOI
    yield "each coefficient a scan of its own", single_coefficients()


def single_coefficients(edge: int = 2048) -> bytes:
    """A whole progressive picture in 64 scans, none of which says anything twice."""
    picture = many_scans(2, edge)
    last = picture.rindex(b"\xff\xda")
    empty = picture[last + 10 : -2]
    scans = [segment(0xDA, bytes((1, 1, 0, place, place, 0))) + empty for place in range(1, 64)]
    return picture[:last] + b"".join(scans) + EOI


def _webps() -> Iterator[tuple[str, bytes]]:
    good = webp(64, 48)
    frame = good[12:]
    yield "riff too long", good[:4] + struct.pack("<I", len(good) - 8 + 2) + good[8:]
    yield "riff too short", good[:4] + struct.pack("<I", len(good) - 8 - 2) + good[8:]
    yield "bytes behind the riff", good + b"PK"
    yield "zip behind the riff", good + archive()
    yield (
        "animated",
        encoded(scene(64, 48), "WEBP", save_all=True, append_images=[scene(64, 48, 5)], duration=100),
    )
    data = Image.Exif()
    data[0x010E] = "ward 4"
    yield "webp with exif", encoded(scene(64, 48), "WEBP", exif=data)
    yield "webp with xmp", encoded(scene(64, 48), "WEBP", xmp=b"<x:xmpmeta/>")
    yield "exif without its flag", extended(0, frame, chunk(b"EXIF", b"MM\x00\x2a"))
    yield "exif behind a simple frame", riff(frame, chunk(b"EXIF", b"MM\x00\x2a"))
    yield "unknown chunk", extended(0, frame, chunk(b"NOTE", b"seen on ward 4"))
    yield "profile flagged and missing", extended(0x20, frame)
    yield "profile of a megabyte", extended(0x20, chunk(b"ICCP", bytes(1_000_000)), frame)
    yield "transparency not flagged", extended(0, chunk(b"ALPH", b"\x00" + bytes(64 * 48)), frame)
    yield "reserved flag", extended(0x01, frame)
    yield "two sizes", extended(0, frame, size=(65, 48))
    yield "two frames in a webp", riff(frame, frame)
    yield "no frame in a webp", extended(0)
    yield "padding that is not zero", extended(0x20, b"ICCP" + struct.pack("<I", 3) + b"abcP", frame)
    yield "frame that needs another", good[:20] + bytes((good[20] | 1,)) + good[21:]
    yield "16383 squared", good[:26] + b"\xff\x3f\xff\x3f" + good[30:]
    lossless = encoded(scene(64, 48), "WEBP", lossless=True)
    yield "lossless of another version", lossless[:24] + bytes((lossless[24] | 0xE0,)) + lossless[25:]
    yield "lossless bomb", riff(chunk(b"VP8L", b"\x2f\xff\xff\xff\x0f" + bytes(20)))
    yield "text behind the last pixel of a webp", webp_part(b"VP8 ", SECRET, good)
    yield "pages of text behind the modes of a webp", longer_modes(good, SECRET * 100)
    yield "text behind the last pixel of a lossless webp", webp_part(b"VP8L", SECRET, lossless)
    yield "text behind the transparency of a webp", webp_part(b"ALPH", SECRET, transparent(quality=85))
    raw = extended(0x10, chunk(b"ALPH", b"\x00" + bytes(64 * 48) + SECRET), frame)
    yield "text behind the plain transparency of a webp", raw
    yield "garbage in a lossless frame", lossless[:26] + b"\xff" * (len(lossless) - 26)


def good() -> dict[str, bytes]:
    """Photos as canvases write them; every one must pass."""
    return dict([*_good_jpegs(), *_good_webps()])


def _good_jpegs() -> Iterator[tuple[str, bytes]]:
    sizes = ((800, 600), (600, 800), (800, 450), (2048, 1536), (1, 1), (7, 5), (16, 2048), (321, 241))
    for width, height in sizes:
        for options in ({}, {"quality": 50}, {"quality": 97, "subsampling": 0}, {"progressive": True}):
            yield f"jpeg {width}x{height} {options}", jpeg(width, height, **options)
    yield "grey", encoded(scene(320, 240).convert("L"), "JPEG")
    yield "colour profile", jpeg(320, 240, icc_profile=colour_profile())
    yield "colour profile of an old encoder", jpeg(320, 240, icc_profile=v2_profile())
    yield "one colour", encoded(Image.new("RGB", (320, 240), "white"), "JPEG")
    yield "progressive with restarts", jpeg(320, 240, progressive=True, restart_marker_rows=1)
    yield "progressive grey", encoded(scene(320, 240).convert("L"), "JPEG", progressive=True)
    yield "restart markers", jpeg(320, 240, restart_marker_blocks=4)
    yield "optimised", jpeg(320, 240, optimize=True)
    yield "adobe's colour mark", with_segment(0xEE, b"Adobe\x00\x64\x00\x00\x00\x00\x01", jpeg(320, 240))
    for number, photo in enumerate(photographs()):
        yield f"photograph {number}", encoded(photo, "JPEG", quality=85)


def _good_webps() -> Iterator[tuple[str, bytes]]:
    for width, height in ((800, 600), (600, 800), (2048, 1536), (1, 1), (333, 77)):
        for options in ({}, {"quality": 50}, {"lossless": True}):
            yield f"webp {width}x{height} {options}", webp(width, height, **options)
    yield "webp with a profile", webp(320, 240, icc_profile=colour_profile())
    yield "webp with transparency", transparent(quality=85)
    yield (
        "webp with plain transparency",
        extended(0x10, chunk(b"ALPH", b"\x00" + bytes(64 * 48)), webp(64, 48)[12:]),
    )
    yield "lossless webp with transparency", transparent(lossless=True)
    yield "webp with an old profile", webp(320, 240, icc_profile=v2_profile())
    for colour in ("black", "white", "red", "#808080"):
        for options in ({"quality": 85}, {"quality": 100}, {"lossless": True}):
            yield (
                f"webp all {colour} {options}",
                encoded(Image.new("RGB", (320, 240), colour), "WEBP", **options),
            )
    yield (
        "webp half white",
        encoded(Image.linear_gradient("L").point(lambda v: 255 * (v > 99)).convert("RGB"), "WEBP"),
    )
    for number, photo in enumerate(photographs()[:4]):
        yield f"webp photograph {number}", encoded(photo, "WEBP", quality=85)
