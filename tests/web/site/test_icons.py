"""The committed icons are what the script draws."""

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from tests.web.conftest import REPOSITORY

FOLDER = REPOSITORY / "pwa" / "icons"
SMALL = 8_000


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with freshly drawn icons."""
    folder = tmp_path_factory.mktemp("icons")
    subprocess.run([sys.executable, REPOSITORY / "tools" / "icons.py", folder], check=True)
    return folder


def pixels(path: Path) -> Image.Image:
    """A picture with its colours written out."""
    with Image.open(path) as picture:
        return picture.convert("RGBA")


def test_every_committed_icon_is_what_the_script_draws(drawn: Path) -> None:
    """Pixel by pixel, none missing and none left over."""
    names = sorted(path.name for path in drawn.iterdir())

    assert sorted(path.name for path in FOLDER.iterdir()) == names
    for name in names:
        if name.endswith(".svg"):
            assert (FOLDER / name).read_text() == (drawn / name).read_text()
        else:
            difference = ImageChops.difference(pixels(FOLDER / name), pixels(drawn / name))
            assert difference.getbbox(alpha_only=False) is None, name


def test_a_changed_pixel_would_be_noticed(drawn: Path) -> None:
    """The control of the comparison above."""
    one = pixels(drawn / "icon-192.png")
    other = one.copy()
    other.putpixel((96, 96), (1, 2, 3, 255))

    assert ImageChops.difference(one, other).getbbox(alpha_only=False) is not None


def test_icons_are_small_and_maskable_ones_fill_the_square(drawn: Path) -> None:
    """A mask cuts corners off; it must not show what lies behind. iOS wants no transparency at all."""
    assert all(path.stat().st_size < SMALL for path in drawn.iterdir())
    for name in ("maskable-192.png", "maskable-512.png", "apple-touch-icon.png"):
        assert pixels(drawn / name).getpixel((0, 0)) == (0, 102, 107, 255), name
    assert pixels(drawn / "icon-192.png").getchannel("A").getpixel((0, 0)) == 0
