"""The fault matrix: whatever fails and whenever, photos arrive once, in place, or show why they wait."""

from pathlib import Path

import pytest
from playwright.sync_api import Playwright

from campaigns.browser.broken import CELLS_BROKEN, Build
from campaigns.browser.cells import ELSEWHERE, MATRIX, Cell
from campaigns.browser.matrix import control, play_cell
from campaigns.browser.setting import Setting

ROOT = Path(__file__).resolve().parents[2]
GATE = [cell for cell in MATRIX if cell.gate]


@pytest.mark.parametrize("cell", GATE, ids=[cell.name for cell in GATE])
def test_a_fault_ends_as_expected(setting: Setting, cell: Cell) -> None:
    """The phone says what the cell expects, and the checker finds nothing."""
    outcome = play_cell(setting, cell)

    assert outcome.sentences == []
    assert not any(outcome.found.values())


@pytest.mark.parametrize("build", CELLS_BROKEN, ids=[build.name for build in CELLS_BROKEN])
def test_a_build_that_fails_is_found_out(playwright: Playwright, build: Build) -> None:
    """The same cell against a program with one known fault leads to the finding it must lead to."""
    assert control(playwright, build).caught == 1


def test_every_fault_of_the_catalogue_is_brought_about_somewhere() -> None:
    """F1 to F43, here or in the named test, which exists; no cell twice."""
    here = {cell.fault for cell in MATRIX}
    places = [place.partition("::") for places in ELSEWHERE.values() for place in places]
    gone = [path + name for path, _, name in places if name not in (ROOT / path).read_text()]

    assert gone == []
    assert here | ELSEWHERE.keys() == {f"F{number}" for number in range(1, 44)}
    assert not here & ELSEWHERE.keys()
    assert len({cell.name for cell in MATRIX}) == len(MATRIX)
