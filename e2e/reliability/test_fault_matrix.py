"""The fault matrix: whatever fails and whenever, photos arrive once, in place, or show why they wait."""

import pytest
from playwright.sync_api import Playwright

from campaigns.browser.broken import CELLS_BROKEN, Build
from campaigns.browser.cells import MATRIX, Cell
from campaigns.browser.matrix import control, play_cell
from campaigns.browser.setting import Setting

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
