"""The structure walk: clean photos pass with their true size, everything else is refused."""

from collections.abc import Callable

import pytest

from app.domain.errors import InvalidImage
from app.domain.photos.format import walk_image
from tests.support.hostile_images import FOR_THE_DECODER, good, hostile
from tests.support.pictures import jpeg, webp

GOOD = good()
HOSTILE = {name: body for name, body in hostile().items() if name not in FOR_THE_DECODER}


def test_the_two_collections_are_large_enough() -> None:
    """A corpus that shrinks by accident would check less and still be green."""
    assert len(HOSTILE) >= 100
    assert len(GOOD) >= 60


@pytest.mark.parametrize("name", GOOD)
def test_a_photo_from_a_canvas_passes(name: str) -> None:
    """No clean photo may be refused: it would be parked on the phone."""
    picture = walk_image(GOOD[name])

    assert picture.content_type in ("image/jpeg", "image/webp")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_is_no_clean_photo_is_refused(name: str) -> None:
    """Refused with a sentence that can be shown."""
    with pytest.raises(InvalidImage, match=r"^[A-Z].*\.$"):
        walk_image(HOSTILE[name])


@pytest.mark.parametrize(("width", "height"), [(800, 600), (1, 1), (2048, 3), (31, 2047)])
def test_the_size_is_read_from_the_headers(width: int, height: int) -> None:
    """Both formats, before a pixel is decoded."""
    assert walk_image(jpeg(width, height)) == ("image/jpeg", width, height)
    assert walk_image(webp(width, height)) == ("image/webp", width, height)
    assert walk_image(webp(width, height, lossless=True)) == ("image/webp", width, height)


@pytest.mark.parametrize("make", [jpeg, webp])
def test_no_prefix_of_a_photo_passes(make: Callable[[int, int], bytes]) -> None:
    """Cut at any byte, a photo is refused and the walk ends."""
    whole = make(32, 24)
    for length in range(len(whole)):
        with pytest.raises(InvalidImage):
            walk_image(whole[:length])
    assert walk_image(whole).width == 32


@pytest.mark.parametrize("make", [jpeg, webp])
def test_a_changed_byte_never_breaks_the_walk(make: Callable[[int, int], bytes]) -> None:
    """Any single byte changed: an answer or a refusal, never another error."""
    whole = make(32, 24)
    for at in range(len(whole)):
        for value in (0x00, 0xFF, whole[at] ^ 0x55):
            try:
                walk_image(whole[:at] + bytes((value,)) + whole[at + 1 :])
            except InvalidImage:
                continue
