"""Files that a clinician may choose: real photographs where they are at hand, made ones always.

Made pictures carry what cameras write (orientation, place, text about the patient), so that the
result is the same on a machine without the photographs.
"""

import io
from pathlib import Path

from PIL import Image, ImageChops, ImageCms, ImageOps, ImageStat
from PIL.Image import Exif

from e2e.support.camera import PHOTOGRAPHS, drawn

SRGB = ImageCms.createProfile("sRGB")
ORIENTATION, DESCRIPTION, PLACE = 0x0112, 0x010E, 0x8825
NAME_IN_EXIF = "Zelda Quartz 4471"
TURNED_BACK = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def orientations(folder: Path) -> list[Path]:
    """One scene in all eight EXIF orientations, and the photographs' sixteen."""
    made = [made_photo(folder / f"turned_{number}.jpg", number) for number in range(1, 9)]
    return [*made, *sorted(PHOTOGRAPHS.glob("orientation/*.jpg"))]


def with_a_place(folder: Path) -> list[Path]:
    """Pictures that contain where they were taken, small and large."""
    made = [made_photo(folder / "place.jpg"), made_photo(folder / "large.jpg", size=(4000, 3000))]
    return [*made, *sorted(PHOTOGRAPHS.glob("gps/*.jpg")), *sorted(PHOTOGRAPHS.glob("phone/*.jpg"))]


def not_opened_here(folder: Path) -> list[Path]:
    """A HEIC file, which Chromium cannot decode, and a text with the name of a picture."""
    text = folder / "letter.jpg"
    text.write_text("Dear colleague, this is no picture.")
    found = sorted(PHOTOGRAPHS.glob("phone/*.heic"))
    return [*(found or [made_heic(folder / "made.heic")]), text]


def made_photo(path: Path, orientation: int = 1, size: tuple[int, int] = (1280, 960)) -> Path:
    """A file as a phone writes it: pixels as the sensor lay, and EXIF that says how to turn them.

    A JPEG, or by the suffix of the path WebP or PNG.
    """
    scene = drawn().resize(size)
    # Up, down, left and right all differ, so that no turn looks like another.
    scene.paste((250, 250, 250), (0, 0, size[0] // 2, size[1] // 5))
    scene.paste((10, 10, 10), (size[0] * 3 // 4, 0, size[0], size[1]))
    turn = TURNED_BACK.get(orientation)
    pixels = scene if turn is None else scene.transpose(turn)
    kind = {".webp": "WEBP", ".png": "PNG"}.get(path.suffix, "JPEG")
    pixels.save(path, kind, quality=90, exif=exif(orientation), comment=NAME_IN_EXIF.encode())
    return path


def exif(orientation: int) -> Exif:
    """Orientation, a name in the description, and a place."""
    tags = Exif()
    tags[ORIENTATION] = orientation
    tags[DESCRIPTION] = NAME_IN_EXIF
    place = tags.get_ifd(PLACE)
    place[1], place[2] = "N", (51.0, 30.0, 26.0)
    place[3], place[4] = "W", (0.0, 7.0, 39.0)
    return tags


def made_heic(path: Path) -> Path:
    """What a HEIC file begins with."""
    path.write_bytes(b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(4000))
    return path


def difference(one: Image.Image, other: Image.Image) -> float:
    """Mean distance of two pictures, 0 to 255, on grey copies of one small size."""
    small = [picture.convert("L").resize((64, 64), Image.Resampling.BOX) for picture in (one, other)]
    return float(ImageStat.Stat(ImageChops.difference(*small)).mean[0])


def upright(path: Path) -> Image.Image:
    """A file's picture as a viewer shows it: turned by its EXIF, in the colours of its own profile."""
    with Image.open(path) as opened:
        turned = ImageOps.exif_transpose(opened)
        if profile := opened.info.get("icc_profile"):
            ImageCms.profileToProfile(turned, io.BytesIO(profile), SRGB, inPlace=True)
        return turned.convert("RGB")
