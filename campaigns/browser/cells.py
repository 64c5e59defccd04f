"""The fault matrix as data: which fault, in which phase, done how, and what must come of it.

Phases: p1 before the photo is committed on the phone, p2 presign, p3 during the PUT, p4 after the PUT and
before its answer, p5 ``complete``. Whatever a cell expects, the checker must find nothing.
"""

from typing import Literal

import msgspec

Phase = Literal["p1", "p2", "p3", "p4", "p5"]
Expectation = Literal["by itself", "waits", "sign-in", "parked", "one parked", "refused"]


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """One fault in one phase.

    ``by itself``: all photos are stored and no user did anything. ``waits``: while the fault lasts the
    rows say so, afterwards all are stored. ``sign-in``: the rows ask for it. ``parked``: every row needs
    attention and says why; after the fault *Retry* stores it. ``one parked``: so for one photo, while the
    others are stored. ``refused``: the phone says that it cannot keep the photo, and keeps it when it can.
    ``times``: how often the fault strikes; 0 means until it is healed.
    """

    fault: str
    phase: Phase
    injection: str
    expect: Expectation
    times: int = 1
    gate: bool = True

    @property
    def name(self) -> str:
        """For reports and test ids."""
        often = f" x{self.times}" if self.times else ""
        return f"{self.fault} {self.phase} {self.injection}{often}"


def cells(
    fault: str, injection: str, phases: str, expect: Expectation, *times: int, gate: bool = True
) -> list[Cell]:
    """A row of the matrix: one cell for each phase and each number of strikes."""
    return [
        Cell(fault=fault, phase=phase, injection=injection, expect=expect, times=often, gate=gate)
        for phase in msgspec.convert(phases.split(), list[Phase])
        for often in times or (0,)
    ]


MATRIX: tuple[Cell, ...] = (
    *cells("F4", "lost answer", "p2 p4", "by itself", 1, 2),
    *cells("F5", "lost answer", "p5", "by itself", 1, 2),
    *cells("F5", "answer cut after 40 bytes", "p2 p4 p5", "by itself", 1),
    *cells("F6", "server killed", "p3 p5", "by itself"),
    *cells("F6", "server killed", "p2 p4", "by itself", gate=False),
    *cells("F7", "server restarted", "p3", "by itself"),
    *cells("F7", "server restarted", "p2 p4 p5", "by itself", gate=False),
    *cells("F11", "500", "p2 p3 p5", "by itself", 1),
    *cells("F11", "503 SlowDown", "p3", "by itself", 1, 3),
    *cells("F11", "503 with Retry-After", "p2 p3 p5", "by itself", 1),
    *cells("F11", "503 SlowDown", "p3", "waits"),
    *cells("F11", "507 storage full", "p2 p5", "by itself", 1),
    *cells("F11", "429", "p2", "by itself", 1),
    *cells("F12", "403 expired", "p3", "by itself", 1, 2),
    *cells("F12", "403 expired", "p3", "waits"),
    *cells("F12", "403 for one", "p3", "one parked"),
    *cells("F12", "413 of a proxy", "p3", "waits"),
    *cells("F12", "503 store refuses the server", "p5", "waits"),
    *cells("F12", "503 store shows no encryption", "p5", "waits"),
    *cells("F13", "403 skewed", "p3", "waits"),
    *cells("F14", "flipped byte", "p3", "by itself", 1, 2),
    *cells("F14", "flipped byte", "p3", "waits", gate=False),
    *cells("F15", "409 without an object", "p3", "by itself", 1),
    *cells("F15", "412 without an object", "p3", "by itself", 1),
    *cells("F16", "5 kB/s", "p3", "by itself"),
    *cells("F16", "2 s latency", "p3", "by itself", gate=False),
    *cells("F17", "black hole", "p2", "by itself", 1),
    *cells("F17", "stops reading", "p3", "by itself", 1),
    *cells("F17", "swallowed answer", "p4", "by itself", 1, gate=False),
    *cells("F17", "swallowed answer", "p5", "by itself", 1, gate=False),
    *cells("F18", "reset", "p2 p3 p5", "by itself", 1, 3),
    *cells("F18", "reset in the body", "p3", "by itself", 1, 3),
    *cells("F18", "refused", "p2", "waits"),
    *cells("F19", "portal 200", "p2 p3 p5", "waits"),
    *cells("F19", "portal 302", "p2 p3 p5", "waits"),
    *cells("F19", "portal 511", "p2 p3 p5", "waits"),
    *cells("F20", "offline", "p2 p3 p5", "waits"),
    *cells("F20", "flapping", "p2", "by itself"),
    *cells("F21", "quota", "p1", "refused"),
    *cells("F24", "lost connection to the database", "p1 p2", "by itself"),
    *cells("F25", "three pages and the worker", "p3", "by itself"),
    *cells("F29", "401", "p2 p5", "sign-in"),
    *cells("F31", "422 for one", "p5", "one parked"),
    *cells("F31", "400 for the batch", "p2", "by itself", 1),
    *cells("F34", "clock 5 h ahead", "p1", "by itself"),
    *cells("F34", "clock 5 h behind", "p1", "by itself"),
    *cells("F34", "clock in 2039", "p1", "by itself"),
    *cells("F35", "consultation closed", "p2 p3 p5", "by itself"),
    *cells("F36", "404 consultation for one", "p5", "one parked"),
    *cells("F37", "desk moves on", "p2 p3 p4 p5", "by itself"),
    *cells("F39", "flipped bit on the phone", "p2", "one parked"),
    *cells("F39", "missing bytes on the phone", "p2", "one parked"),
    *cells("F41", "frames stop", "p1", "by itself"),
    *cells("F42", "platform calls never answer", "p1", "by itself"),
    *cells("F43", "database takes no change", "p2 p3", "waits"),
)

# Where the faults without a cell are brought about: a file, or a test by words of its name.
ELSEWHERE: dict[str, tuple[str, ...]] = {
    "F1": ("campaigns/browser/kills.py",),  # Its four points at the camera: the browser dies, not one tab.
    "F2": ("campaigns/browser/kills.py",),
    "F3": ("campaigns/browser/stops.py",),
    "F8": ("campaigns/faults/restarts.py",),
    "F9": ("campaigns/faults/disk.py",),
    "F10": ("campaigns/powerloss/campaign.py",),
    "F22": (
        "e2e/capture/test_device_inventory.py::test_photos_that_the_browser_lost_are_named_on_the_desktop",
    ),
    "F23": (
        "e2e/capture/test_device_inventory.py::test_a_browser_that_may_clear_photos_says_so_before_the_first_one",
    ),
    "F26": ("tests/js/queue/frozen.test.mjs",),
    "F27": ("e2e/upload/test_update.py::test_an_update_waits_for_a_replay_and_then_asks",),
    "F28": (
        "tests/js/queue/database.test.mjs::a newer version of the app upgrades at once",
        "tests/js/queue/database.test.mjs::an upgrade from this version keeps its stores",
    ),
    "F30": (
        "e2e/desktop/test_desktop.py::test_without_signals_photos_still_appear",
        "tests/domain/test_relay_and_sweeper.py",
        "tests/js/page/refetch.test.mjs",
    ),
    "F32": ("tests/js/queue/storm.test.mjs",),
    "F33": ("campaigns/load/run.py",),
    "F38": (
        "tests/adapters/test_key_set.py::test_a_known_key_outlives_an_outage_for_a_day",
        "tests/adapters/test_key_set.py::test_a_known_key_answers_while_the_provider_hangs",
    ),
    "F40": (
        "e2e/upload/test_upgrade.py::test_the_next_version_takes_what_the_old_app_still_sends",
        "e2e/upload/test_upgrade.py::test_the_old_version_takes_what_the_next_app_sends",
    ),
}
