"""The twelve points at which the browser is killed, each a place in an unmodified file or on the wire."""

from pathlib import Path
from typing import Literal

import msgspec

ROOT = Path(__file__).resolve().parent.parent.parent
OBJECT = r"^/photos/consultations/"
PRESIGN = r"^/api/uploads/presign$"
COMPLETE = r"/complete$"
QUEUE_STORE = "pwa/queue/replay/queue-store.js"
EFFECTS = "pwa/queue/replay/effects.js"


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """A line inside a named function of the page or the worker, or a share of a request on the wire.

    ``batch``: reached once for all photos of an upload, not once for each.
    """

    name: str
    where: Literal["page", "worker", "link"]
    file: str = ""
    function: str = ""
    line: str = ""
    method: str = ""
    path: str = ""
    body_share: float = 0.0
    batch: bool = False


POINTS = (
    Point(name="shutter fired", where="page", file="pwa/capture/camera/shots.js",
          function="add(source, frozen, fileName = null) {", line="this.#count(1);"),
    Point(name="encoded, not committed", where="page", file="pwa/queue/photo-store.js",
          function="export function storePhoto(", line="return record;"),
    Point(name="commit complete", where="page", file="pwa/queue/queue.js", function="async add(",
          line="await verifyStored("),
    Point(name="read-back done", where="page", file="pwa/queue/queue.js", function="async add(",
          line="this.#changed();"),
    Point(name="lock taken", where="worker", file=QUEUE_STORE, function="async recover() {",
          line="await this.#database.write(", batch=True),
    Point(name="presign answered", where="worker", file=EFFECTS,
          function="async function presign(", line="const dropped", batch=True),
    Point(name="PUT first byte", where="link", method="PUT", path=OBJECT, body_share=0.0),
    Point(name="PUT half", where="link", method="PUT", path=OBJECT, body_share=0.5),
    Point(name="PUT answered", where="worker", file=EFFECTS, function="async function put(",
          line='return { type: "put", photoId, outcome };'),
    Point(name="complete sent", where="link", method="POST", path=COMPLETE, body_share=1.0),
    Point(name="receipt received", where="worker", file=QUEUE_STORE, function="async settlePhoto(",
          line="const stores ="),
    Point(name="local delete committed", where="worker", file=QUEUE_STORE,
          function="async settlePhoto(", line="this.#changed();"),
)  # fmt: skip


class NoSuchLine(Exception):
    """The program no longer has the function or the line at which a point was named."""


def line_of(point: Point, root: Path = ROOT) -> int:
    """The line (from 0) of a point in its file, found by the function's name and the line's text."""
    lines = (root / point.file).read_text().splitlines()
    begins = [number for number, text in enumerate(lines) if text.strip().startswith(point.function)]
    if len(begins) != 1:
        raise NoSuchLine(f"{point.file} has {len(begins)} times {point.function}")
    for number in range(begins[0] + 1, len(lines)):
        if point.line in lines[number]:
            return number
    raise NoSuchLine(f"{point.file} has no {point.line} in {point.function}")
