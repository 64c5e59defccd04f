"""No setting and no part may allow what another one forbids: the limits that meet, side by side."""

import re
from pathlib import Path

import pytest

from app.adapters.imaging.inspector import MEMORY_BYTES
from app.config.settings import SettingsError, read_settings
from app.domain.photos.model import MAX_EDGE, MAX_PHOTO_BYTES

ROOT = Path(__file__).resolve().parents[2]


def test_the_phone_keeps_no_photo_larger_than_the_server_takes() -> None:
    """What counts as saved before any limit was received is what the server takes."""
    (most,) = re.findall(r"MOST_BYTES = ([0-9_]+);", (ROOT / "pwa/queue/photo-record.js").read_text())

    assert int(most) == MAX_PHOTO_BYTES


def test_the_largest_edge_that_can_be_set_is_the_largest_that_is_taken() -> None:
    """``LONGEST_EDGE`` ends where the server's check of a photo does."""
    assert read_settings({"LONGEST_EDGE": str(MAX_EDGE)}).longest_edge == MAX_EDGE
    with pytest.raises(SettingsError, match=r"^LONGEST_EDGE "):
        read_settings({"LONGEST_EDGE": str(MAX_EDGE + 1)})


def test_the_largest_photo_can_be_decoded_within_the_memory_of_its_check() -> None:
    """Pixels with alpha, a copy of them, the coefficients of a progressive JPEG, and the bytes themselves."""
    pixels = MAX_EDGE * MAX_EDGE

    assert 2 * 4 * pixels + 2 * 3 * pixels + 2 * MAX_PHOTO_BYTES < MEMORY_BYTES / 2
