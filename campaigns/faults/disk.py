"""The disk full or broken at the n-th change, for every n: clean answers, whole files, and recovery (F9).

One seed is one fault: its number says where it begins. A phone lives through it and retries as long as
it must; at the end everything has to be where it belongs.
"""

import time
from collections import Counter
from typing import Any

import msgspec

from campaigns.clients.wire import Gone, Later
from campaigns.faults.kills import Round, add
from campaigns.powerloss.shim import ERRORS, Fault
from campaigns.results import KINDS, Control, Result
from campaigns.server.program import ForkServer, installation

RECOVERY_LIMIT_S = 30.0
# About as many changes as a day makes; the stride has no factor in common with it.
CHANGES, STRIDE = 400, 37
# Every change of the disk; a removal or a truncation does not need room.
ROOM = "cwmlf"
ANY = "cwftlrum"


class Trouble(msgspec.Struct, frozen=True):
    """What happens to the disk, from which change on, and for how many."""

    name: str
    fault: Fault
    at_start: bool = False


def trouble(seed: int) -> Trouble:
    """Seeds go through four kinds of trouble, and for each through every n, far ones and near ones mixed."""
    kind, first = seed % 4, seed // 4 * STRIDE % CHANGES
    if kind == 0:
        fault = Fault(kinds=ROOM, path="/data/", first=first, count=25, error=ERRORS["full"])
        return Trouble(f"disk full at change {first}", fault)
    if kind == 1:
        fault = Fault(kinds=ANY, path="/data/", first=first, error=ERRORS["broken"])
        return Trouble(f"one I/O error at change {first}", fault)
    if kind == 2:
        fault = Fault(kinds=ANY, path="/objects/", first=first % 60, count=6, error=ERRORS["broken"])
        return Trouble(f"I/O errors in the store at change {first % 60}", fault)
    fault = Fault(kinds=ANY, path="", first=first % 150, error=ERRORS["full" if first % 2 else "broken"])
    return Trouble(f"error at change {first % 150} of a start", fault, at_start=True)


def run(seeds: range) -> Result:
    """One trouble for each seed; several share an installation, as they would in life."""
    fork_server = ForkServer()
    counts: Counter[str] = Counter()
    violations: Counter[str] = Counter(dict.fromkeys(KINDS, 0))
    failures: list[str] = []
    for begin in range(seeds.start, seeds.stop, 10):
        with installation(fork_server) as program:
            finished = live_through(Round(program, begin), range(begin, min(begin + 10, seeds.stop)))
            counts += finished.counts + finished.phone.answers
            add(finished, violations, failures)
    controls = [control(fork_server)]
    fork_server.close()
    return Result(
        campaign="disk-faults",
        seeds=[(seeds.start, seeds.stop)],
        trials=len(seeds),
        counts=dict(sorted(counts.items())),
        violations=dict(violations),
        controls=controls,
        failures=failures,
    )


def live_through(finished: Round, seeds: range, **plan: Any) -> Round:
    """Each trouble in turn, then rest."""
    finished.first_start()
    for seed in seeds:
        endure(finished, trouble(seed), **plan)
    finished.rest(**plan)
    finished.phone.wire.close()
    return finished


def endure(finished: Round, met: Trouble, limit_s: float = RECOVERY_LIMIT_S, **plan: Any) -> None:
    """Live a day under one trouble: the same process must recover, or say why it does not start."""
    program = finished.program
    begin = len(program.output)
    if not program.start(fault=met.fault, fault_at_start=met.at_start, **plan):
        output = program.output[begin:]
        finished.counts["starts refused"] += 1
        if "clinicpro-capture: " not in output:
            finished.broken.append(f"{met.name}: no sentence, but {output[-600:]}")
        assert program.start(**plan), program.output
    _work_until_recovered(finished, limit_s)
    finished.counts["troubles"] += 1
    if program.stop() != 0:
        finished.broken.append(f"{met.name}: SIGTERM did not end it well")
    finished.look()


def _work_until_recovered(finished: Round, limit_s: float) -> None:
    """A day's steps, each retried until it succeeds; the fault ends before the limit."""
    phone, deadline = finished.phone, time.monotonic() + limit_s
    try:
        phone.live_a_whole_day()
    except Later:
        finished.counts["days with a refusal"] += 1
    except Gone:
        finished.broken.append("no answer from a server whose disk has trouble")
    while time.monotonic() < deadline:
        try:
            phone.resume()
            return
        except (Later, Gone):
            time.sleep(0.05)
    finished.broken.append("the service did not recover from a trouble that had passed")


def control(fork_server: ForkServer, trials: int = 3) -> Control:
    """A store that writes in place: when the disk is full in the middle of an object, it stays torn."""
    caught = 0
    for seed in range(trials):
        with installation(fork_server) as program:
            finished = Round(program, seed)
            finished.first_start()
            endure(finished, _torn(seed + 2), 3.0, faulty_build="objects written in place")
            finished.phone.wire.close()
            caught += not finished.verdict().clean or bool(finished.problems)
    return Control(name="objects written in place", trials=trials, caught=caught)


def _torn(seed: int) -> Trouble:
    fault = Fault(kinds="w", path="/objects/photos/", first=seed, error=ERRORS["full"])
    return Trouble("full in the middle of an object", fault)
