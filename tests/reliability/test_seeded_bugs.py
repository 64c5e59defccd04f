"""The seeded bugs fit the program of today, so that a run can show whether the tests still catch them."""

import subprocess
from pathlib import Path

import pytest

from campaigns.seeded_bugs.catalogue import BUGS, FOLDER, Bug

ROOT = Path(__file__).resolve().parents[2]


def test_there_are_bugs_and_a_patch_for_each() -> None:
    """The catalogue and the folder agree."""
    assert len(BUGS) >= 25
    assert {bug.patch for bug in BUGS} == set(FOLDER.glob("*.patch"))


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_bug_can_be_brought_back(bug: Bug) -> None:
    """Its patch applies to the program as it is, and its tests are there."""
    done = subprocess.run(
        ["git", "apply", "--check", str(bug.patch)], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.stderr == ""
    assert [test for test in bug.tests if not (ROOT / test).exists()] == []
