"""One contract for every ``ObjectStore``: the built-in one, S3 (on ministack) and the tests' fake."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from app.domain.errors import TooLarge
from app.domain.photos.model import MAX_PHOTO_BYTES, PhotoRow
from tests.support.fakes import MemoryStore
from tests.support.pictures import jpeg, webp
from tests.support.stores import Door, embedded_door, ministack_door, now, row

pytestmark = pytest.mark.xdist_group("stores")

BODY = jpeg()
OTHER = jpeg(seed=7)


class Shelf(NamedTuple):
    """A store under test and a way to put a photo into it as a phone would."""

    store: Any
    add: Callable[[PhotoRow, bytes], object]


Opener = Callable[[Path], contextlib.AbstractContextManager[Callable[[], Shelf]]]


@contextlib.contextmanager
def memory(folder: Path) -> Iterator[Callable[[], Shelf]]:
    store = MemoryStore(now)
    yield lambda: Shelf(store, lambda photo, body: store.put(photo.key, body, photo.content_type))


def behind(door: Callable[[Path], contextlib.AbstractContextManager[Door]]) -> Opener:
    """A store whose photos come in through its HTTP door."""

    @contextlib.contextmanager
    def opened(folder: Path) -> Iterator[Callable[[], Shelf]]:
        with door(folder) as entry:
            yield lambda: _shelf(entry)

    return opened


def _shelf(door: Door) -> Shelf:
    return Shelf(door.open_port(), door.put)


STORES = {"embedded": behind(embedded_door), "s3": behind(ministack_door), "memory": memory}


@pytest.fixture(scope="module", params=STORES)
def shelves(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with STORES[request.param](tmp_path_factory.mktemp(request.param)) as opened:
        yield opened


@pytest.fixture
def shelf(shelves: Callable[[], Shelf]) -> Iterator[Shelf]:
    opened = shelves()
    yield opened
    getattr(opened.store, "close", bool)()


async def test_an_object_is_read_whole_with_what_the_checks_need(shelf: Shelf) -> None:
    """Bytes, type, encryption, and the store's own digest where it has one."""
    photo = row(BODY)
    shelf.add(photo, BODY)

    stored = await shelf.store.read(photo.key, MAX_PHOTO_BYTES)

    assert stored is not None
    assert (stored.body, stored.content_type, stored.encryption) == (BODY, "image/jpeg", "AES256")
    assert stored.sha256 in (None, photo.sha256)


async def test_reading_what_is_not_there_is_none(shelf: Shelf) -> None:
    """A missing object is an answer, not an error."""
    assert await shelf.store.read(row(BODY).key, MAX_PHOTO_BYTES) is None


async def test_reading_stops_at_the_limit(shelf: Shelf) -> None:
    """An object over the limit is refused, one at the limit is read."""
    photo = row(BODY)
    shelf.add(photo, BODY)

    with pytest.raises(TooLarge):
        await shelf.store.read(photo.key, len(BODY) - 1)
    assert await shelf.store.read(photo.key, len(BODY)) is not None


async def test_deleting_is_idempotent(shelf: Shelf) -> None:
    """Gone is gone, also the second time."""
    photo = row(BODY)
    shelf.add(photo, BODY)

    await shelf.store.delete(photo.key)
    await shelf.store.delete(photo.key)

    assert await shelf.store.read(photo.key, MAX_PHOTO_BYTES) is None


async def test_listing_names_exactly_what_lies_under_a_prefix(shelf: Shelf) -> None:
    """Keys, true sizes and times of the write."""
    photo, other = row(BODY), row(OTHER)
    sibling = row(OTHER, captured_in=photo.captured_in)
    for one, content in ((photo, BODY), (other, OTHER), (sibling, OTHER)):
        shelf.add(one, content)

    found = {entry.key: entry async for entry in shelf.store.keys(f"consultations/{photo.captured_in}/")}

    assert set(found) == {photo.key, sibling.key}
    assert found[photo.key].size == len(BODY)
    assert abs(found[photo.key].modified_at - now()) < timedelta(minutes=1)


async def test_a_store_that_answers_says_so(shelf: Shelf) -> None:
    """Readiness asks the store itself."""
    await shelf.store.check()


async def test_many_readers_at_once_all_get_the_photo(shelf: Shelf) -> None:
    """More readers than threads or connections wait for each other instead of failing."""
    photo = row(BODY)
    shelf.add(photo, BODY)

    found = await asyncio.gather(*(shelf.store.read(photo.key, MAX_PHOTO_BYTES) for _ in range(40)))

    assert all(one is not None and one.body == BODY for one in found)


async def test_what_was_made_of_a_photo_lies_encrypted_under_its_key(shelf: Shelf) -> None:
    """Read back whole with its own type, listed with its true size, and deleted like a photo."""
    photo = row(BODY)
    small = webp(32, 24)

    await shelf.store.write_derived(photo.thumbnail_key, small, "image/webp")

    stored = await shelf.store.read(photo.thumbnail_key, MAX_PHOTO_BYTES)
    assert stored is not None
    assert (stored.body, stored.content_type, stored.encryption) == (small, "image/webp", "AES256")
    assert stored.sha256 in (None, sha256(small).hexdigest())
    [found] = [entry async for entry in shelf.store.keys(f"consultations/{photo.captured_in}/")]
    assert (found.key, found.size) == (photo.thumbnail_key, len(small))
    await shelf.store.delete(photo.thumbnail_key)
    assert await shelf.store.read(photo.thumbnail_key, MAX_PHOTO_BYTES) is None


async def test_what_is_there_stays_when_it_is_made_again(shelf: Shelf) -> None:
    """Written once like a photo: the second time is no error and changes nothing, be it a photo's key."""
    photo = row(BODY)
    shelf.add(photo, BODY)
    for key in (photo.key, photo.thumbnail_key, photo.thumbnail_key):
        await shelf.store.write_derived(key, webp(32, 24), "image/webp")
    await shelf.store.write_derived(photo.thumbnail_key, webp(16, 16), "image/webp")

    bodies = [await shelf.store.read(key, MAX_PHOTO_BYTES) for key in (photo.key, photo.thumbnail_key)]

    assert [one and one.body for one in bodies] == [BODY, webp(32, 24)]
