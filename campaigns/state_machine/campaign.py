"""Runs the server's state machine by seeds, and puts every faulty server through the same histories (G7).

One seed is one run of ``EXAMPLES`` histories; a failure is shrunk to the shortest steps that show it.
"""

import shutil
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis.reporting import with_reporter
from hypothesis.stateful import run_state_machine_as_test

from app.main import Overrides
from campaigns.results import Control, Result
from campaigns.server.in_process_app import InProcessApp
from campaigns.state_machine import faults as machine_faults
from campaigns.state_machine.machine import ServerMachine

EXAMPLES = 20
STEPS = 30


def run(seeds: range) -> Result:
    """One run of ``EXAMPLES`` histories for each seed, and every control arm once."""
    violations, failures = 0, []
    with machine(Overrides()) as kind:
        for number in seeds:
            problem = failure(kind, number, EXAMPLES)
            violations += problem is not None
            failures += [f"seed {number}: {problem}"] if problem else []
        counts = {"histories": kind.examples, **dict(sorted(kind.seen.items()))}
    controls = [control(name, parts) for name, parts in machine_faults.ARMS.items()]
    return Result(
        campaign="state-machine",
        seeds=[(seeds.start, seeds.stop)],
        trials=len(seeds) * EXAMPLES,
        counts=counts,
        violations={"broken": violations},
        controls=controls,
        failures=failures,
    )


def control(name: str, parts: Callable[[], Overrides]) -> Control:
    """A server with a known fault, which the same histories must find."""
    with machine(parts()) as kind:
        return Control(
            name=name, trials=1, caught=int(failure(kind, 0, 10 * EXAMPLES, shrink=False) is not None)
        )


@contextmanager
def machine(parts: Overrides) -> Iterator[type[ServerMachine]]:
    """The state machine over an app of its own, in memory where the system has a place for that."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="capture-machine-", dir=memory if memory.is_dir() else None))
    app = InProcessApp(folder, parts)
    try:
        yield type("Machine", (ServerMachine,), {"app": app, "examples": 0, "seen": Counter()})
    finally:
        app.close()
        shutil.rmtree(folder)


def failure(kind: type[ServerMachine], number: int, examples: int, *, shrink: bool = True) -> str | None:
    """What the histories of a seed find, as the shortest steps that show it; None when all is well."""
    phases = [Phase.generate, Phase.shrink] if shrink else [Phase.generate]
    chosen = settings(
        max_examples=examples, stateful_step_count=STEPS, deadline=None, database=None, phases=phases,
        suppress_health_check=list(HealthCheck), verbosity=Verbosity.normal, print_blob=False,
    )  # fmt: skip
    reported: list[object] = []
    try:
        with with_reporter(reported.append):
            run_state_machine_as_test(seed(number)(kind), settings=chosen)
    except Exception as problem:
        where = traceback.extract_tb(problem.__traceback__)[-1]
        notes = "\n".join(str(line) for line in [*reported, *getattr(problem, "__notes__", [])])
        return f"{type(problem).__name__} {problem} at {where.filename}:{where.lineno}\n{notes}"
    return None
