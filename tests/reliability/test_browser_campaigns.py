"""The browser campaigns fit the program of today, which they would else say only when they run."""

from pathlib import Path

import pytest

from campaigns.browser.broken import CELLS_BROKEN, KILLED, Build, CannotBreak, broken_text
from campaigns.browser.cells import ELSEWHERE, MATRIX
from campaigns.browser.points import POINTS, line_of

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("build", [*KILLED, *CELLS_BROKEN], ids=lambda build: build.name)
def test_a_broken_build_can_be_made(build: Build) -> None:
    """The browser campaigns' controls find the text that they replace."""
    assert broken_text(build) != (ROOT / build.file).read_text()


def test_a_build_whose_text_is_gone_is_said() -> None:
    """The control."""
    gone = Build(name="", file="pwa/queue/queue.js", changes=(("no such text", ""),), kind="lost")

    with pytest.raises(CannotBreak):
        broken_text(gone)


def test_every_point_has_its_line() -> None:
    """Twelve points, no name twice, and each breakpoint's line is in the program."""
    assert len({point.name for point in POINTS}) == 12
    assert all(line_of(point) > 0 for point in POINTS if point.where != "link")


def test_every_fault_of_the_catalogue_is_brought_about_somewhere() -> None:
    """F1 to F43, here or in the named test, which exists; no cell twice."""
    here = {cell.fault for cell in MATRIX}
    places = [place.partition("::") for places in ELSEWHERE.values() for place in places]
    gone = [path + name for path, _, name in places if name not in (ROOT / path).read_text()]

    assert gone == []
    assert here | ELSEWHERE.keys() == {f"F{number}" for number in range(1, 44)}
    assert not here & ELSEWHERE.keys()
    assert len({cell.name for cell in MATRIX}) == len(MATRIX)
