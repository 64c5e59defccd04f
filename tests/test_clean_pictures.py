"""What the phone takes out before it hashes is exactly what the server would refuse.

The phone's own module runs in Node over pictures with every kind of metadata; its output goes
through the server's own walk.
"""

import io
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from app.domain.errors import InvalidImage
from app.domain.photos.format import walk_image
from tests.support import hostile_images
from tests.support.hostile_images import safari_canvas, segment
from tests.support.pictures import colour_profile, encoded, jpeg, scene, webp

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = """
import { readFileSync, writeFileSync } from "node:fs";
import { withoutMetadata } from "./pwa/capture/camera/clean.js";
for (const [from, to] of JSON.parse(readFileSync(0, "utf8"))) {
  const { buffer, byteOffset: at, length } = readFileSync(from);
  writeFileSync(to, new Uint8Array(withoutMetadata(buffer.slice(at, at + length))));
}
"""


def cleaned(pictures: dict[str, bytes], folder: Path) -> dict[str, bytes]:
    """Each picture as the phone would keep it."""
    pairs = []
    for number, body in enumerate(pictures.values()):
        (folder / f"{number}.in").write_bytes(body)
        pairs.append((str(folder / f"{number}.in"), str(folder / f"{number}.out")))
    node = shutil.which("node") or str(ROOT / ".venv" / "bin" / "node")
    subprocess.run(
        [node, "--input-type=module", "-e", SCRIPT], input=json.dumps(pairs), text=True, cwd=ROOT, check=True
    )
    return {name: Path(out).read_bytes() for name, (_, out) in zip(pictures, pairs, strict=True)}


def with_metadata() -> Iterator[tuple[str, bytes]]:
    """Harmless pictures in which an engine or a camera left something."""
    yield "safari's canvas", safari_canvas()
    yield "exif with a place", hostile_images.exif(1, gps=True)
    yield "comment", encoded(scene(64, 48), "JPEG", comment=b"seen on ward 4")
    yield "profile", encoded(scene(64, 48), "JPEG", icc_profile=colour_profile())
    yield (
        "xmp",
        jpeg(64, 48)[:20] + segment(0xE1, b"http://ns.adobe.com/xap/1.0/\x00<x/>") + jpeg(64, 48)[20:],
    )
    yield "gain map", jpeg(64, 48)[:20] + segment(0xE2, b"MPF\x00MM\x00\x2a") + jpeg(64, 48)[20:]
    yield "progressive", encoded(scene(64, 48), "JPEG", progressive=True, comment=b"x")
    yield "bytes behind the end", jpeg(64, 48) + b"PK\x03\x04"
    exif = Image.Exif()
    exif[0x0112] = 1
    yield "webp with exif", encoded(scene(64, 48), "WEBP", exif=exif, xmp=b"<x/>", quality=80)
    yield "webp with profile", encoded(scene(64, 48), "WEBP", icc_profile=colour_profile(), quality=80)
    yield "plain webp", webp(64, 48)
    yield "plain jpeg", jpeg(64, 48)


def test_the_server_accepts_what_the_phone_has_cleaned(tmp_path: Path) -> None:
    """Nothing that an engine adds can park a photo."""
    for name, body in cleaned(dict(with_metadata()), tmp_path).items():
        picture = walk_image(body)

        assert (picture.width, picture.height) == (64, 48), name


@pytest.mark.filterwarnings("ignore:Image appears to be a malformed MPO")
def test_no_pixel_changes(tmp_path: Path) -> None:
    """Only segments go; the decoded picture is the same, and means sRGB without saying so."""
    pictures = dict(with_metadata())
    for name, body in cleaned(pictures, tmp_path).items():
        with Image.open(io.BytesIO(pictures[name])) as before, Image.open(io.BytesIO(body)) as after:
            assert before.convert("RGB").tobytes() == after.convert("RGB").tobytes(), name
            assert "icc_profile" not in after.info, name
            assert not after.getexif(), name


def test_a_clean_picture_stays_as_it_is(tmp_path: Path) -> None:
    """Byte for byte."""
    clean = {"jpeg": jpeg(64, 48), "webp": webp(64, 48)}

    assert cleaned(clean, tmp_path) == clean


@pytest.mark.parametrize("name", ["safari's canvas", "comment", "webp with exif", "bytes behind the end"])
def test_uncleaned_they_are_refused(name: str) -> None:
    """The control: the server's walk sees what the phone takes out."""
    with pytest.raises(InvalidImage):
        walk_image(dict(with_metadata())[name])
