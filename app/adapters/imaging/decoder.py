"""Decodes pictures in a process of its own, where a hostile file can hurt nothing.

Run as a script and alone (``python -I decoder.py``): it imports decoders and nothing of the app.
Requests and answers are frames, four bytes of length and the rest; an answer is ``width height
format`` or ``! reason``. After the first kind a second frame holds the picture's thumbnail, or nothing:
whatever happens while that is made, the verdict is out. Memory and CPU time are limited by the kernel.
"""

import io
import os
import resource
import signal
import struct
import sys
import warnings
from collections.abc import Iterator
from typing import BinaryIO

# Set before numpy is loaded, which would reserve memory for every core.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import simplejpeg
from PIL import Image

LENGTH = struct.Struct(">I")
# An encoder's last bytes may be more exact than a decoder needs; five of eight never are.
TAIL, NEEDED = 8, 5
QUALITY = 75
# Of 0 to 6: a tenth more bytes than 4, for two thirds of its time.
EFFORT = 2


def main(memory: int, seconds: int, pixels: int, edge: int) -> None:
    """Answer requests until the other side closes the pipe."""
    # Ctrl-C goes to the whole group; the server decides when its workers end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Image.MAX_IMAGE_PIXELS = pixels
    Image.init()
    warnings.simplefilter("error")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _limit_memory(memory)
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    sys.stdout = sys.stderr
    send(answers, b"ready")
    while (body := receive(requests)) is not None:
        _allow_seconds(seconds)
        verdict, picture = inspect(body)
        send(answers, verdict)
        if picture is not None:
            send(answers, thumbnail(picture, edge))


def inspect(body: bytes) -> tuple[bytes, Image.Image | None]:
    """The verdict, and the picture if it is good.

    Decode every pixel; what a decoder complains about is refused, and so is what it does not need.
    """
    try:
        if body[:2] == b"\xff\xd8":
            _check_jpeg(body)
        picture = decoded(body)
        if getattr(picture, "n_frames", 1) != 1:
            return b"! more than one picture", None
        if picture.format == "WEBP" and _has_payload(body):
            return b"! bytes that are no part of the picture", None
        return f"{picture.width} {picture.height} {picture.format}".encode(), picture
    except MemoryError:
        return b"! too much memory", None
    except Exception as problem:  # Pillow's decoders raise anything; whatever it is, it is no photo
        return f"! {type(problem).__name__}".encode(), None


def thumbnail(picture: Image.Image, edge: int) -> bytes:
    """A WebP whose longest side is ``edge`` pixels, of pixels alone.

    Empty for a picture that is no larger, where none can be made, and for one with a colour profile, which
    photos of our phones do not have: a stranger's would be read by one more library.
    """
    longest = max(picture.size)
    if longest <= edge or picture.info.get("icc_profile"):
        return b""
    try:
        size = [max(1, round(side * edge / longest)) for side in picture.size]
        small = picture.resize((size[0], size[1]), Image.Resampling.BICUBIC, reducing_gap=2.0)
        out = io.BytesIO()
        plain = small if small.mode in ("RGB", "RGBA") else small.convert("RGB")
        plain.save(out, "WEBP", quality=QUALITY, method=EFFORT, exif=b"", icc_profile=b"")
        return out.getvalue()
    except Exception:  # Pillow raises anything; the gallery shows the photo itself
        return b""


def decoded(body: bytes) -> Image.Image:
    """The picture with its pixels."""
    picture = Image.open(io.BytesIO(body), formats=["JPEG", "WEBP"])
    picture.load()
    return picture


def _check_jpeg(body: bytes) -> None:
    """Raise for what libjpeg only warns of: scans that are cut off or hold more than their pixels.

    Pillow keeps those warnings to itself. The smallest size will do, since every bit is read for it.
    """
    simplejpeg.decode_jpeg(body, colorspace="GRAY", min_height=1, min_width=1, min_factor=8, strict=True)


def _has_payload(body: bytes) -> bool:
    """Whether a part of a WebP goes on behind its last pixel, where its decoder never looks."""
    for whole, changed in _without_tails(body):
        pixels = _shows(whole)
        if changed and all(_shows(other) == pixels for other in changed):
            return True
    return False


def _shows(body: bytes) -> bytes | None:
    """The pixels of a file; None for one that does not decode."""
    try:
        return decoded(body).tobytes()
    except MemoryError:
        raise
    except Exception:  # Pillow's decoders raise anything; here it says that the bytes were needed
        return None


def _without_tails(body: bytes) -> Iterator[tuple[bytes, list[bytes]]]:
    """For each coded part of a WebP, a file and the same one with something else at the end of that part."""
    for name, at, size in _chunks_of(body):
        part = body[at : at + size]
        if name == b"VP8 ":
            yield _frame_of(part), [_frame_of(other) for other in overwritten(part)]
        elif name == b"VP8L" or (name == b"ALPH" and part[0] & 3):
            # Behind the end of its data the decoder of this kind refuses to read.
            head = body[: at - 4] + struct.pack("<I", max(0, size - TAIL))
            yield body, [_resized(head + part[:-TAIL] + body[at + size :])]


def overwritten(frame: bytes) -> list[bytes]:
    """A frame with its last bytes as zeros and as ones; none where they are zeros already."""
    start = max(10, len(frame) - TAIL)
    if not any(frame[start : start + NEEDED]):
        return []
    return [frame[:start] + fill * (len(frame) - start) for fill in (b"\x00", b"\xff")]


def _chunks_of(body: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Name, place and size of each part of a WebP, whose structure was walked before."""
    at = 12
    while at + 8 <= len(body):
        name, size = struct.unpack_from("<4sI", body, at)
        yield name, at + 8, size
        at += 8 + size + size % 2


def _frame_of(frame: bytes) -> bytes:
    """A WebP of this frame alone that shows its blocks to their edges, which a picture's edge may hide."""
    edges = (-(-edge // 16) * 16 for edge in struct.unpack_from("<HH", frame, 6))
    frame = frame[:6] + struct.pack("<HH", *edges) + frame[10:]
    return _resized(
        b"RIFF" + bytes(4) + b"WEBPVP8 " + struct.pack("<I", len(frame)) + frame + bytes(len(frame) % 2)
    )


def _resized(body: bytes) -> bytes:
    """A RIFF file with its true length."""
    return body[:4] + struct.pack("<I", len(body) - 8) + body[8:]


def _limit_memory(size: int) -> None:
    """Cap the address space, where the system can: macOS has the call but not the limit."""
    try:
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
    except (ValueError, OSError):
        return


def _allow_seconds(seconds: int) -> None:
    """CPU time for one picture; the kernel ends the process when it is used up."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + 1 + seconds, hard))


def receive(pipe: BinaryIO) -> bytes | None:
    """One frame, or None at the end."""
    head = pipe.read(LENGTH.size)
    return pipe.read(LENGTH.unpack(head)[0]) if len(head) == LENGTH.size else None


def send(pipe: BinaryIO, body: bytes) -> None:
    """One frame."""
    pipe.write(LENGTH.pack(len(body)) + body)
    pipe.flush()


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
