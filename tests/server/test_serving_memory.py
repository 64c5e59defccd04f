"""What the start of a server has made is not walked through by later garbage collections."""

import gc
from collections.abc import Iterator

import pytest

from app.server.serving import _keep_what_is_here


@pytest.fixture
def _collected_as_before() -> Iterator[None]:
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("_collected_as_before")
def test_what_is_there_is_kept_and_what_comes_later_is_collected() -> None:
    """A long list met a full collection of everything, during which every request waited."""
    before = gc.get_freeze_count()
    assert before < 1000

    _keep_what_is_here()

    assert gc.get_freeze_count() > 10_000
    later: list[object] = []
    later.append(later)
    del later
    assert gc.collect() >= 1
