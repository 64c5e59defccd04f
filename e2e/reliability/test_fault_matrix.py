"""The fault matrix: whatever fails and whenever, photos arrive once, in their place, or say why they wait."""

import pytest

from campaigns.browser.cells import ELSEWHERE, MATRIX, Cell
from campaigns.browser.matrix import play_cell
from campaigns.browser.setting import Setting

GATE = [cell for cell in MATRIX if cell.gate]


@pytest.mark.parametrize("cell", GATE, ids=[cell.name for cell in GATE])
def test_a_fault_ends_as_expected(setting: Setting, cell: Cell) -> None:
    """The phone says what the cell expects, and the oracle finds nothing."""
    outcome = play_cell(setting, cell)

    assert outcome.sentences == []
    assert not any(outcome.found.values())


def test_every_fault_of_the_catalogue_is_brought_about_somewhere() -> None:
    """F1 to F40, here or in the place that is named; no cell twice."""
    here = {cell.fault for cell in MATRIX}

    assert here | ELSEWHERE.keys() == {f"F{number}" for number in range(1, 41)}
    assert not here & ELSEWHERE.keys()
    assert len({cell.name for cell in MATRIX}) == len(MATRIX)
