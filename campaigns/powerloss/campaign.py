"""A loss of power at any moment of a recorded day: whatever was acknowledged must still be there (G4).

One seed is one recording and ``SURVIVORS`` survivors of it. Acknowledged means that the client received
its answer.
"""

import asyncio
import random
import sqlite3
import tempfile
from collections import Counter
from pathlib import Path

from app.adapters.database.engine import SqlDatabase
from app.embedded.accounts.signing_keys import load_session_key
from app.embedded.hub.keys import load_hub_key
from app.embedded.store.store import open_store
from campaigns.checker.disk import BUCKET, DATABASE, Disk
from campaigns.checker.events import (
    DeleteAsked,
    Event,
    Local,
    Look,
    PutSeen,
    SavedShown,
    Shutter,
    StoredShown,
    photo_of,
)
from campaigns.checker.history import Verdict, check_history
from campaigns.powerloss.record import Recording, record
from campaigns.powerloss.replay import Model
from campaigns.powerloss.trace import Change, Step
from campaigns.results import KINDS, Control, Result
from campaigns.server.program import ForkServer

SURVIVORS = 500
CONTROL_SURVIVORS = 60
# Every so many survivors, the product's own parts must open what is left.
STARTED_EVERY = 10
CONTROLS = ("synchronous=NORMAL", "synchronous=OFF", "no fsync in the store")


def run(seeds: range) -> Result:
    """A recording with its survivors for each seed; the control arms beside the first."""
    fork_server = ForkServer()
    violations: Counter[str] = Counter(dict.fromkeys(KINDS, 0))
    counts: Counter[str] = Counter()
    failures: list[str] = []
    for seed in seeds:
        recording = record(fork_server, seed)
        counts += Counter(recordings=1, changes=sum(isinstance(one, Change) for one in recording.steps))
        failures += recording.broken
        for verdict, problems in survivors(recording, seed, SURVIVORS):
            counts["survivors"] += 1
            violations.update(verdict.counts())
            violations["broken"] += len(problems)
            failures += [
                f"seed {seed}: {line}" for line in (*problems, *([] if verdict.clean else [str(verdict)]))
            ]
    controls = [control(fork_server, build, seeds.start) for build in CONTROLS]
    fork_server.close()
    return Result(
        campaign="power-loss",
        seeds=[(seeds.start, seeds.stop)],
        trials=counts["survivors"],
        counts=dict(counts),
        violations=dict(violations),
        controls=controls,
        failures=failures[:20],
    )


def control(fork_server: ForkServer, build: str, seed: int) -> Control:
    """A build that does not wait for the disk, of which survivors must have lost something."""
    found = survivors(record(fork_server, seed, build), seed, CONTROL_SURVIVORS)
    caught = sum(not verdict.clean or bool(problems) for verdict, problems in found)
    return Control(name=build, trials=len(found), caught=caught)


def survivors(recording: Recording, seed: int, count: int) -> list[tuple[Verdict, list[str]]]:
    """What the checker finds in so many survivors, half of them right after an answer."""
    source = random.Random(seed)
    wanted = Counter(moments(recording.steps, source, count))
    found: list[tuple[Verdict, list[str]]] = []
    model = Model(recording.folder)
    observed: list[Event] = []
    for place, step in enumerate(recording.steps):
        if isinstance(step, Change):
            model.play(step)
        else:
            observed.append(step)
        for _ in range(wanted[place]):
            found.append(examine(model, observed, source, started=len(found) % STARTED_EVERY == 0))
    return found


def moments(steps: list[Step], source: random.Random, count: int) -> list[int]:
    """When the power goes."""
    answers = [place for place, step in enumerate(steps) if not isinstance(step, Change)]
    anywhere = range(len(steps))
    return [source.choice(answers if place % 2 else anywhere) for place in range(count)]


def examine(
    model: Model, observed: list[Event], source: random.Random, *, started: bool
) -> tuple[Verdict, list[str]]:
    """One survivor: the checker's verdict, and what is wrong with the files."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as place:
        model.survivor(Path(place), source)
        disk = Disk(Path(place))
        problems = [*_damage(disk), *_torn_puts(disk, observed)]
        found = [] if problems else _found(disk)
        if started and not problems:
            problems += _refusals(disk)
    if problems:
        return Verdict(), problems
    return check_history([*observed, Look(), *found, *_on_the_phone(observed)]), []


def _found(disk: Disk) -> list[Event]:
    return [*(disk.rows() if _has_tables(disk) else []), *disk.objects()]


def _has_tables(disk: Disk) -> bool:
    """Before the first start was through there may be no file, or one without tables."""
    if not (disk.data / DATABASE).exists():
        return False
    return bool(disk.query("SELECT 1 FROM sqlite_master WHERE name = 'photos'"))


def _damage(disk: Disk) -> list[str]:
    if not (disk.data / DATABASE).exists():
        return []
    try:
        found = disk.integrity()
    except sqlite3.Error as problem:
        found = str(problem)
    return [] if found == "ok" else [f"the database is damaged: {found[:200]}"]


def _torn_puts(disk: Disk, observed: list[Event]) -> list[str]:
    """The store's 200 is a promise of its own, whatever the row says; an erased object is no loss."""
    objects = {one.key: one.sha256 for one in disk.objects()}
    damaged = [f"the object {key} does not open" for key, sha256 in objects.items() if not sha256]
    erased = {event.photo for event in observed if isinstance(event, DeleteAsked)}
    puts = {event.key for event in observed if isinstance(event, PutSeen)}
    taken = {key for key in puts if photo_of(key) not in erased}
    gone = sorted(taken - objects.keys())
    return damaged + [f"the object {key} was taken and is not there" for key in gone]


def _on_the_phone(observed: list[Event]) -> list[Local]:
    """The phone has its own power: what was shown as saved and has no receipt is still there."""
    stored = {event.photo for event in observed if isinstance(event, StoredShown)}
    saved = {event.photo for event in observed if isinstance(event, SavedShown)} - stored
    taken = {event.photo: event.sha256 for event in observed if isinstance(event, Shutter)}
    return [Local(photo=photo, sha256=taken[photo]) for photo in saved]


def _refusals(disk: Disk) -> list[str]:
    """Whether the product opens what is left, as its next start does."""
    try:
        open_store(disk.data, disk.keys, BUCKET).close()
        load_session_key(disk.keys)
        load_hub_key(disk.keys)
        asyncio.run(_migrated(disk.data / DATABASE))
    except Exception as problem:
        return [f"the next start fails: {type(problem).__name__} {problem}"]
    return []


async def _migrated(path: Path) -> None:
    database = SqlDatabase(path)
    await database.start()
    await database.migrate()
    await database.close()
