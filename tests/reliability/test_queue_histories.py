"""Five thousand histories of the phone's queue in virtual time: nothing lost, doubled, misfiled or stuck."""

import json
import subprocess

import pytest

from campaigns.checker.events import Local, load
from campaigns.checker.history import check_history
from campaigns.queue.campaign import QUEUE, node, run

GATE = range(1, 5_001)
CONTROLS = 16


def test_five_thousand_histories_have_no_violation() -> None:
    """No violation in any, each of at least 200 events, and every faulty product was caught in them."""
    result = run(GATE)

    assert result.failures == []
    assert not any(result.violations.values())
    assert result.trials == len(GATE)
    assert result.counts["events"] >= 200 * result.trials
    assert [control.name for control in result.controls if not control.caught] == []
    assert len(result.controls) == CONTROLS


def run_history(seed: int, control: str | None = None) -> tuple[bytes, dict[str, list[str]]]:
    """The events of one history, as JSON lines, and the verdict of the harness that ran it."""
    command = [node(), str(QUEUE / "trace.js"), str(seed), *([control] if control else [])]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    lines, _, verdict = done.stdout.rstrip().rpartition(b"\n")
    return lines, json.loads(verdict)


@pytest.mark.parametrize("seed", range(1, 9))
def test_the_campaigns_checker_finds_nothing_in_them_either(seed: int) -> None:
    """A second checker, which shares no code with the first, reads the same events."""
    lines, verdict = run_history(seed)

    history = load(lines)
    found = check_history(history)
    damaged = {event.photo for event in history if isinstance(event, Local) and event.sha256 == "damaged"}
    assert verdict == {}
    assert found.lost <= damaged  # by the disk itself: no product can give those back
    assert not any(count for kind, count in found.counts().items() if kind != "lost"), str(found)


@pytest.mark.parametrize(
    ("control", "kind"),
    [("erases on a bare 200", "lost"), ("binds to what is current when sending", "misfiled")],
)
def test_both_checkers_find_a_faulty_product(control: str, kind: str) -> None:
    """The control: what the first checker calls lost or misfiled, the second one does too."""
    for seed in range(1, 60):
        lines, verdict = run_history(seed, control)
        if kind in verdict:
            assert getattr(check_history(load(lines)), kind)
            return
    pytest.fail("no checker found it in any history")
