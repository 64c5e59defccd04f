"""The checker against histories with a known verdict: each detector has one that it must report."""

from collections.abc import Sequence

import msgspec
import pytest

from campaigns.checker.events import (
    DeleteAsked,
    Deleted,
    Derived,
    Event,
    Local,
    Look,
    MoveAsked,
    Moved,
    Object,
    Parked,
    PutSeen,
    Row,
    SavedShown,
    Shown,
    Shutter,
    Signal,
    Sink,
    StoredShown,
    Waiting,
    dump,
    load,
)
from campaigns.checker.history import Verdict, check_history

TAKEN = Shutter(photo="p", owner="anna", consultation="c", sha256="aa")
SAVED: list[Event] = [TAKEN, SavedShown(photo="p")]
SENT: list[Event] = [*SAVED, StoredShown(photo="p")]
KEY = "consultations/c/p.jpg"
KEPT = Object(key=KEY, sha256="aa")
SMALL = Derived(key="consultations/c/p.thumb.webp")
REST, NOW = Look(at_rest=True), Look()


def row(**changes: str) -> Row:
    """The photo's row, stored where it was taken."""
    stored = Row(photo="p", owner="anna", captured_in="c", filed_in="c", sha256="aa", state="stored")
    return msgspec.structs.replace(stored, **changes)


def local(sha256: str = "aa") -> Local:
    """The photo in the phone's queue."""
    return Local(photo="p", sha256=sha256)


GOOD: dict[str, Sequence[Event]] = {
    "nothing happened": [REST],
    "on the phone": [*SAVED, NOW, local()],
    "on both while it moves": [*SAVED, NOW, local(), row(), KEPT],
    "stored": [*SENT, REST, row(), KEPT],
    "taken but never shown as saved": [TAKEN, REST],
    "stored after an earlier look": [*SAVED, NOW, local(), StoredShown(photo="p"), REST, row(), KEPT],
    "deleted, object still to be erased": [*SENT, Deleted(photo="p"), NOW, row(state="deleted"), KEPT],
    "deleted and erased": [*SENT, Deleted(photo="p"), REST, row(state="deleted")],
    "a delete request that came through": [*SENT, DeleteAsked(photo="p"), REST, row(state="deleted")],
    "a delete request that did not": [*SENT, DeleteAsked(photo="p"), REST, row(), KEPT],
    "moved": [*SENT, Moved(photo="p", consultation="d"), REST, row(filed_in="d"), KEPT],
    "a move without an answer": [
        *SENT,
        MoveAsked(photo="p", consultation="d"),
        REST,
        row(filed_in="d"),
        KEPT,
    ],
    "parked with a reason": [*SAVED, Parked(photo="p", reason="too large"), REST, local()],
    "with its thumbnail": [*SENT, REST, row(), KEPT, SMALL],
    "deleted a moment ago": [*SENT, Deleted(photo="p"), NOW, row(state="deleted"), SMALL],
    "notified to its owner": [*SENT, Signal(user="anna", consultations=("c",)), REST, row(), KEPT],
    "shown to its owner": [*SENT, Shown(user="anna", photo="p"), REST, row(), KEPT],
}

BAD: dict[str, tuple[str, Sequence[Event]]] = {
    "saved and nowhere": ("lost", [*SAVED, NOW]),
    "saved, and the row has no object": ("lost", [*SAVED, NOW, row()]),
    "saved, and the object has no stored row": ("lost", [*SAVED, NOW, row(state="pending"), KEPT]),
    "a receipt for what only the phone has": ("lost", [*SENT, NOW, local()]),
    "a stored row without an object and without a receipt": ("lost", [TAKEN, NOW, row()]),
    "other bytes on the phone": ("lost", [*SAVED, NOW, local("bb")]),
    "an object that does not open": ("lost", [*SENT, NOW, row(), Object(key=KEY, sha256="")]),
    "lost at an earlier look": ("lost", [*SAVED, NOW, REST, row(), KEPT]),
    "two rows": ("doubled", [*SENT, NOW, row(), row(), KEPT]),
    "two objects": (
        "doubled",
        [*SENT, NOW, row(), KEPT, Object(key="consultations/d/p.jpg", sha256="aa")],
    ),
    "a key taken twice": ("doubled", [*SENT, *[PutSeen(key=KEY, sha256="aa")] * 2, NOW, row(), KEPT]),
    "in both places at rest": ("doubled", [*SENT, REST, local(), row(), KEPT]),
    "another owner": ("misfiled", [*SENT, NOW, row(owner="ben"), KEPT]),
    "another consultation at the shutter": ("misfiled", [*SENT, NOW, row(captured_in="d"), KEPT]),
    "filed elsewhere without a move": ("misfiled", [*SENT, NOW, row(filed_in="d"), KEPT]),
    "filed where it was before a move": (
        "misfiled",
        [*SENT, Moved(photo="p", consultation="d"), NOW, row(), KEPT],
    ),
    "another picture in its row": ("misfiled", [*SENT, NOW, row(sha256="bb"), KEPT]),
    "another picture under its key": ("misfiled", [*SENT, NOW, row(), Object(key=KEY, sha256="bb")]),
    "an object in another consultation": (
        "misfiled",
        [*SENT, NOW, row(), Object(key="consultations/d/p.jpg", sha256="aa")],
    ),
    "a row for a photo that was never taken": ("misfiled", [NOW, row(), KEPT]),
    "unsent with a good link": ("stuck", [*SAVED, REST, local()]),
    "an object that is never adopted": ("stuck", [TAKEN, REST, row(state="pending"), KEPT]),
    "an object without a row": ("stuck", [TAKEN, REST, KEPT]),
    "an event that never goes out": ("stuck", [REST, Waiting(what="event 1")]),
    "a signal to a stranger": ("leaked", [*SENT, Signal(user="ben", consultations=("c",)), NOW, row(), KEPT]),
    "words in a signal": ("leaked", [Signal(user="anna", consultations=(), extra="label"), NOW]),
    "shown to a stranger": ("leaked", [*SENT, Shown(user="ben", photo="p"), NOW, row(), KEPT]),
    "a patient's name in a log": ("leaked", [Sink(name="log", word="Smith"), NOW]),
    "deleted and still stored": ("leaked", [*SENT, Deleted(photo="p"), NOW, row(), KEPT]),
    "deleted and its thumbnail stays": (
        "leaked",
        [*SENT, Deleted(photo="p"), REST, row(state="deleted"), SMALL],
    ),
    "deleted and its bytes stay": ("leaked", [*SENT, Deleted(photo="p"), REST, row(state="deleted"), KEPT]),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_history_in_which_every_promise_was_kept_is_clean(name: str) -> None:
    """Also where an answer was lost and two ends are right."""
    assert check_history(GOOD[name]) == Verdict()


@pytest.mark.parametrize("name", BAD)
def test_each_broken_promise_is_found_under_its_own_name(name: str) -> None:
    """The control histories: the zero of a detector that finds nothing here would mean nothing."""
    kind, history = BAD[name]

    found = check_history(history).counts()

    assert found[kind] == 1


def test_every_kind_has_histories_in_which_it_alone_is_found() -> None:
    """So that no detector hides the lack of another."""
    alone = {
        kind
        for kind, history in BAD.values()
        if check_history(history).counts() | {kind: 0} == Verdict().counts()
    }

    assert alone == set(Verdict.__struct_fields__)


@pytest.mark.parametrize("name", [*GOOD, *BAD])
def test_a_history_comes_back_from_its_lines_as_it_was(name: str) -> None:
    """Harnesses in other languages write the same lines."""
    history = list(GOOD[name] if name in GOOD else BAD[name][1])

    assert load(dump(history)) == history


def test_a_line_that_is_no_event_is_refused() -> None:
    """A harness with a misspelt event must not look clean."""
    with pytest.raises(ValueError, match="Invalid value"):
        load(b'{"type":"Shuter","photo":"p"}\n')
