"""A visibly broken JPEG gets a badge; a whole one, however it was written, gets none."""

import random
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect

from e2e.capture.test_photos import reviewed
from e2e.support.camera import drawn
from e2e.support.clinic import Clinic
from e2e.support.pictures import made_photo
from e2e.support.verbs import choose, open_consultation_on_both

BADGE = "The file looks damaged"


def flipped(path: Path, seed: int) -> Path:
    """Some bytes in the middle of the picture's data are others."""
    body = bytearray(path.read_bytes())
    chance = random.Random(seed)
    for _ in range(24):
        at = chance.randrange(len(body) // 3, len(body) * 9 // 10)
        # A marker by chance would make it a file that no browser opens.
        if 0xFF not in (body[at - 1], body[at], body[at] ^ 0x5A):
            body[at] ^= 0x5A
    path.write_bytes(body)
    return path


def saved(path: Path, **how: object) -> Path:
    """The same scene, written in another way."""
    drawn().resize((640, 480)).save(path, "JPEG", **how)
    return path


def grey(path: Path) -> Path:
    """One component."""
    Image.open(saved(path)).convert("L").save(path, "JPEG")
    return path


def badges(phone: Page) -> list[bool]:
    """For each photo in review whether it has the badge."""
    cards = phone.get_by_role("list", name="Photos to review").get_by_role("listitem").all()
    return [card.get_by_text(BADGE).count() > 0 for card in cards]


def test_flipped_bytes_get_a_badge(clinic: Clinic, phone: Page, desktop: Page, tmp_path: Path) -> None:
    """The browser shows such a file without a warning; the badge asks the clinician to look."""
    broken = [flipped(made_photo(tmp_path / f"flipped-{seed}.jpg"), seed) for seed in range(3)]
    open_consultation_on_both(clinic, phone, desktop)

    choose(phone, [*broken, made_photo(tmp_path / "good.jpg")])

    reviewed(phone, 4)
    assert badges(phone) == [True, True, True, False]


def test_whole_files_of_every_kind_get_none(
    clinic: Clinic, phone: Page, desktop: Page, tmp_path: Path
) -> None:
    """The controls: sampling, progressive scans, restarts, one component, odd sizes."""
    kinds: list[Callable[[Path], Path]] = [
        lambda path: saved(path, subsampling=0),
        lambda path: saved(path, subsampling=1, quality=97),
        lambda path: saved(path, progressive=True),
        lambda path: saved(path, restart_marker_blocks=5),
        lambda path: saved(path, optimize=True, quality=30),
        grey,
        lambda path: made_photo(path, size=(333, 251)),
        lambda path: made_photo(path, 6),
    ]
    open_consultation_on_both(clinic, phone, desktop)

    choose(phone, [kind(tmp_path / f"{number}.jpg") for number, kind in enumerate(kinds)])

    reviewed(phone, len(kinds))
    expect(phone.get_by_text(BADGE)).to_have_count(0)
