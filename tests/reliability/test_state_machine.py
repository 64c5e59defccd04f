"""Random requests of two users against a plain model, after every step and at every door (G7)."""

import pytest

from app.main import Overrides
from campaigns.state_machine import campaign as state_machine
from campaigns.state_machine.faults import ARMS

HALVES = [range(5), range(5, 10)]
# What the histories must contain for a clean result to mean something.
NEEDED = {
    "choose consultation-closed",
    "confirm 200",
    "discard 200",
    "start label-in-use",
    "taken while another was current",
    "complete not-uploaded",
    "complete photo-conflict",
    "delete 200",
    "describe 200",
    "move 200",
    "presign photo-conflict",
    "presign receipt",
    "put 200",
    "put 400",
    "put 403",
    "put 412",
    "send 200",
    "send invalid-image",
}


@pytest.mark.parametrize("seeds", HALVES, ids=["first half", "second half"])
def test_model_api_database_and_store_agree_after_every_step(seeds: range) -> None:
    """A hundred histories of thirty steps for each half; the same ones every time."""
    with state_machine.machine(Overrides()) as kind:
        problems = [state_machine.failure(kind, number, state_machine.EXAMPLES) for number in seeds]

        assert problems == [None] * len(seeds)
        assert kind.examples >= len(seeds) * state_machine.EXAMPLES
        assert {what for what, times in kind.seen.items() if times} >= NEEDED


@pytest.mark.parametrize("name", ARMS)
def test_a_server_with_a_known_fault_is_caught(name: str) -> None:
    """The control arms: each wraps one port and breaks one promise."""
    assert state_machine.control(name, ARMS[name]).caught == 1
