"""A hundred photos in one queue, a hundred races for it: all arrive, one PUT at a time, in little memory."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright

from campaigns.load.run import HEAP_LIMIT, Crowd, open_crowd

PHOTOS = 100
ROUNDS = 100


@pytest.fixture
def crowd(playwright: Playwright, tmp_path: Path) -> Iterator[Crowd]:
    """A clinic behind a counting link, and a phone with three pages."""
    with open_crowd(playwright, tmp_path) as crowd:
        yield crowd


def test_a_hundred_photos_drain_one_after_the_other(crowd: Crowd) -> None:
    """99 stored, the poisoned one parked, never two PUTs at once, and no page has the queue in memory."""
    drained = crowd.drain(PHOTOS)

    print(drained)
    assert drained.stored == PHOTOS - 1
    assert drained.parked == drained.poisoned
    assert (drained.puts, drained.most_puts) == (PHOTOS, 1)
    assert drained.during.heap_bytes < HEAP_LIMIT


def test_three_pages_and_the_worker_race_for_one_lock(crowd: Crowd) -> None:
    """Each photo is sent once, and the link never sees two PUTs; without the lock it does."""
    raced = crowd.race(ROUNDS)

    assert (raced.stored, raced.puts, raced.most_puts) == (ROUNDS, ROUNDS, 1)
    assert crowd.race(5, locked=False).most_puts > 1
