"""The server killed before and after every write, with SIGKILL; the phone retries (G3).

One seed is one installation and ``KILLS`` kills, each at the next of the named points. After each
kill the disk is read without the app; at the end everything must come to rest.
"""

import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from campaigns.checker.disk import Disk
from campaigns.checker.events import Event
from campaigns.checker.history import Verdict, check_history
from campaigns.clients.phone import Phone
from campaigns.clients.wire import Gone, Later
from campaigns.faults.barriers import BARRIERS
from campaigns.powerloss.shim import KILL_AFTER, KILL_BEFORE, Fault
from campaigns.results import KINDS, Control, Result
from campaigns.server.program import ForkServer, Program, installation
from tests.support.waiting import comes_true

KILLS = 10
# Relay and sweeper reach their points by themselves, soon after the last request.
BACKGROUND_S = 2.5
REST_S = 30.0
# Longer than a URL lives and a tombstone waits, so that the sweeper finds everything due.
LATER_S = 46 * 60

_INNER = {
    "temporary file created": ("c", "/objects/.incoming/", 3),
    "temporary file written": ("w", "/objects/.incoming/", 3),
    "temporary file synced": ("f", "/objects/.incoming/", 3),
    "object linked": ("l", "/objects/photos/", 3),
    "object's folder made": ("m", "/objects/photos/", 1),
    "object's folder synced": ("f", "/objects/photos", 3),
    "object or temporary file removed": ("u", "/objects/", 3),
    "journal written": ("w", "capture.sqlite3-journal", 9),
    "journal synced": ("f", "capture.sqlite3-journal", 5),
    "journal emptied": ("t", "capture.sqlite3-journal", 5),
    "database written": ("w", "capture.sqlite3", 20),
    "database synced": ("f", "capture.sqlite3", 9),
    "any change of the disk": ("cwftlrum", "/data/", 120),
    "any other change of the disk": ("cwftlrum", "/data/", 400),
}
_OFTEN = (
    "photos.add_pending",
    "photos.mark_stored",
    "consultations.increment_revision",
    "outbox",
    "read",
    "publish",
    "receipt",
)


class Point(msgspec.Struct, frozen=True):
    """Where a process kills itself: a barrier around a port, or an operation on a file."""

    name: str
    barrier: str = ""
    kinds: str = ""
    path: str = ""
    error: int = 0
    often: int = 1

    def plan(self, source: random.Random) -> dict[str, Any]:
        """For ``Program.start``: at the first time or a later one, as often as a day comes by."""
        nth = source.randint(1, self.often)
        if self.barrier.startswith("maintenance.finish_erasure"):
            return {"barrier": self.barrier, "nth": 1, "clock_s": LATER_S}
        if self.barrier:
            return {"barrier": self.barrier, "nth": nth}
        return {"fault": Fault(kinds=self.kinds, path=self.path, first=nth - 1, error=self.error)}


POINTS = (
    *(Point(name, barrier=name, often=3 if name.startswith(_OFTEN) else 1) for name in BARRIERS),
    *(
        Point(f"{name}: {when}", kinds=kinds, path=path, error=error, often=often)
        for name, (kinds, path, often) in _INNER.items()
        for when, error in (("before", KILL_BEFORE), ("after", KILL_AFTER))
    ),
)


class Round:
    """One installation with its phone and history."""

    def __init__(self, program: Program, seed: int) -> None:
        self.program = program
        self.seed = seed
        self.random = random.Random(seed)
        self.history: list[Event] = []
        self.phone = Phone(program, self.history, seed)
        self.counts: Counter[str] = Counter()
        self.broken: list[str] = []

    def first_start(self) -> None:
        """The installation's first minute has no faults."""
        assert self.program.start(), self.program.output
        self.phone.sign_in()
        self.phone.start()
        self.program.kill()

    def kill_at(self, point: Point, **plan: Any) -> None:
        """Start, work until the process has killed itself, and look at what it left."""
        if self.program.start(**point.plan(self.random), **plan):
            self._work()
            comes_true(lambda: not self.program.alive, BACKGROUND_S)
            reached = not self.program.alive
            self.program.kill()
        else:
            reached = True
        self.counts["kills at their point" if reached else "kills after the point was not reached"] += 1
        self.look()

    def _work(self) -> None:
        try:
            self.phone.resume()
            self.phone.live_a_whole_day()
        except (Gone, Later):
            return

    def look(self, *, at_rest: bool = False) -> None:
        """Inspect a copy, so that the next start finds a hot journal as the kill left it."""
        with tempfile.TemporaryDirectory(dir=self.program.folder.parent) as place:
            copy = Path(place) / "copy"
            shutil.copytree(self.program.folder, copy)
            disk = Disk(copy)
            self.history += [*disk.look(at_rest=at_rest), *self.phone.local()]
            if (found := disk.integrity()) != "ok":
                self.broken.append(f"the database is damaged: {found}")

    def rest(self, **plan: Any) -> None:
        """A good link and nothing to disturb; whatever is still to be done gets done."""
        assert self.program.start(clock_s=LATER_S, **plan), self.program.output
        comes_true(self._finished, REST_S)
        code = self.program.stop()
        if code != 0:
            self.broken.append(f"SIGTERM ended with {code}")
        self.look(at_rest=True)

    def _finished(self) -> bool:
        try:
            self.phone.resume()
        except (Gone, Later):
            return False
        waiting = self.program.disk.query(_UNFINISHED, (time.time() + LATER_S) * 1000)[0][0]
        return not self.phone.queue and not waiting and not self._unadopted()

    def _unadopted(self) -> bool:
        pending = {row.photo for row in self.program.disk.rows() if row.state == "pending"}
        return any(photo in key for key, _ in self.program.disk.files() for photo in pending)

    @property
    def problems(self) -> list[str]:
        """What no rule allows: a wrong answer, a damaged file."""
        return [*self.phone.broken, *self.broken, *_errors(self.program.output)]

    def verdict(self) -> Verdict:
        """The checker's."""
        return check_history(self.history)


def run(seeds: range) -> Result:
    """``KILLS`` kills for each seed, and every control arm once."""
    fork_server = ForkServer()
    counts: Counter[str] = Counter()
    violations: Counter[str] = Counter(dict.fromkeys(KINDS, 0))
    failures: list[str] = []
    for seed in seeds:
        with installation(fork_server) as program:
            finished = one_round(Round(program, seed), points(seed))
            counts += finished.counts + finished.phone.answers
            add(finished, violations, failures)
    controls = [control(fork_server, build) for build in CONTROLS]
    fork_server.close()
    return Result(
        campaign="server-kills",
        seeds=[(seeds.start, seeds.stop)],
        trials=counts["kills at their point"],
        counts=dict(sorted(counts.items())),
        violations=dict(violations),
        controls=controls,
        failures=failures,
    )


def points(seed: int) -> list[Point]:
    """The next ones of all points, well mixed, so that neighbouring seeds go through all of them."""
    mixed = random.Random(0).sample(POINTS, len(POINTS))
    return [mixed[(seed * KILLS + place) % len(mixed)] for place in range(KILLS)]


def one_round(finished: Round, through: Iterable[Point], **plan: Any) -> Round:
    """Kill at each point, then come to rest."""
    finished.first_start()
    for point in through:
        finished.kill_at(point, **plan)
    finished.rest(**plan)
    finished.phone.wire.close()
    return finished


def add(finished: Round, violations: Counter[str], failures: list[str]) -> None:
    """What a round found."""
    verdict = finished.verdict()
    for kind, count in verdict.counts().items():
        violations[kind] += count
    violations["broken"] += len(finished.problems)
    failures += [f"seed {finished.seed}: {problem}" for problem in finished.problems]
    if not verdict.clean:
        failures.append(f"seed {finished.seed}: {verdict}")


CONTROLS = {
    "receipt before commit": Point("receipt sent", barrier="receipt.sent"),
    "objects written in place": Point("half", kinds="w", path="/objects/photos/", error=KILL_AFTER),
}


def control(fork_server: ForkServer, build: str, trials: int = 3) -> Control:
    """A faulty build put through the kills that bring its fault out; caught when the checker reports it."""
    caught = 0
    for seed in range(trials):
        with installation(fork_server) as program:
            finished = Round(program, seed)
            finished.first_start()
            finished.kill_at(CONTROLS[build], faulty_build=build)
            finished.phone.wire.close()
            caught += not finished.verdict().clean
    return Control(name=build, trials=trials, caught=caught)


def _errors(output: str) -> list[str]:
    return [line for line in output.splitlines() if '"request.failed"' in line or "Traceback" in line]


_UNFINISHED = (
    "SELECT (SELECT count(*) FROM outbox WHERE published_at IS NULL) "
    "+ (SELECT count(*) FROM photos WHERE erase_again_at <= ?)"
)
