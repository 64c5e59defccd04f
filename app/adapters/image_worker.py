"""Decodes pictures in a process of its own, where a hostile file can hurt nothing.

Run as a script and alone (``python -I image_worker.py``): it imports Pillow and nothing of the app.
Requests and answers are frames, four bytes of length and the rest; an answer is ``width height
format`` or ``! reason``. Memory and CPU time are limited by the kernel.
"""

import io
import os
import resource
import signal
import struct
import sys
import warnings
from typing import BinaryIO

from PIL import Image

LENGTH = struct.Struct(">I")


def main(memory: int, seconds: int, pixels: int) -> None:
    """Answer requests until the other side closes the pipe."""
    # Ctrl-C goes to the whole group; the server decides when its workers end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Image.MAX_IMAGE_PIXELS = pixels
    Image.init()
    warnings.simplefilter("error")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    limit_memory(memory)
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    sys.stdout = sys.stderr
    send(answers, b"ready")
    while (body := receive(requests)) is not None:
        allow_seconds(seconds)
        send(answers, inspect(body))


def inspect(body: bytes) -> bytes:
    """Decode every pixel; what Pillow complains about is refused."""
    try:
        with Image.open(io.BytesIO(body), formats=["JPEG", "WEBP"]) as picture:
            if getattr(picture, "n_frames", 1) != 1:
                return b"! more than one picture"
            picture.load()
            return f"{picture.width} {picture.height} {picture.format}".encode()
    except MemoryError:
        return b"! too much memory"
    except Exception as problem:  # Pillow's decoders raise anything; whatever it is, it is no photo
        return f"! {type(problem).__name__}".encode()


def limit_memory(size: int) -> None:
    """Cap the address space, where the system can: macOS has the call but not the limit."""
    try:
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
    except (ValueError, OSError):
        return


def allow_seconds(seconds: int) -> None:
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
