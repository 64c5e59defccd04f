"""The command line: ``python -m campaigns <name> --seeds A:B``, ``report``, ``list``.

A campaign is a function from a range of seeds to a ``Result``; each one is a line in ``CAMPAIGNS``.
"""

import argparse
import logging
import sys
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

import msgspec
import structlog

from campaigns.results import RESULTS, Result, finished_now, merge, read_all, surroundings, write

# name: module and function. Imported only when asked for, since each has its own dependencies.
CAMPAIGNS: dict[str, str] = {
    "queue": "campaigns.queue.campaign:run",
    "many-photos": "campaigns.load.run:run",
    "state-machine": "campaigns.state_machine.campaign:run",
    "browser-kills": "campaigns.browser.kills:run",
    "fault-matrix": "campaigns.browser.matrix:run",
    "worker-stops": "campaigns.browser.stops:run",
    "server-kills": "campaigns.faults.kills:run",
    "power-loss": "campaigns.powerloss.campaign:run",
    "disk-faults": "campaigns.faults.disk:run",
    "restarts": "campaigns.faults.restarts:run_restarts",
    "locks": "campaigns.faults.restarts:run_locks",
    "postgres-kills": "campaigns.faults.postgres_kills:run",
    "engines": "campaigns.engines.campaign:run",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; 0 when nothing was found and every control arm was caught."""
    parser = argparse.ArgumentParser(prog="python -m campaigns", description="The product under faults.")
    parser.add_argument("name", choices=[*sorted(CAMPAIGNS), "list", "report"])
    parser.add_argument("--seeds", type=seeds, default=range(1), help="first:end, end not included")
    parser.add_argument("--chunk", type=int, default=0, help="write the result after so many seeds")
    parser.add_argument("--folder", type=Path, default=RESULTS, help="where result files are")
    options = parser.parse_args(arguments)
    if options.name == "list":
        print("\n".join(sorted(CAMPAIGNS)))
        return 0
    if options.name == "report":
        return report(options.folder)
    return run(options.name, options.seeds, options.chunk or len(options.seeds), options.folder)


def seeds(text: str) -> range:
    """``A:B`` as a range; B is not included."""
    begin, _, end = text.partition(":")
    chosen = range(int(begin), int(end))
    if not chosen:
        raise argparse.ArgumentTypeError("there is no seed in this range")
    return chosen


def campaign(name: str) -> Callable[[range], Result]:
    """The function behind a name."""
    module, function = CAMPAIGNS[name].split(":")
    found: Callable[[range], Result] = getattr(import_module(module), function)
    return found


def run(name: str, chosen: range, chunk: int, folder: Path) -> int:
    """Run a campaign chunk by chunk; each chunk adds to the result file, so that a stop loses little."""
    # Thousands of databases are opened; what campaigns print is to be read.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    work = campaign(name)
    total: Result | None = None
    for begin in range(chosen.start, chosen.stop, chunk):
        result = timed(work, range(begin, min(begin + chunk, chosen.stop)))
        total = result if total is None else merge([total, result])
        path = write(total, folder)
        print(f"{line(total)}  -> {path.name}", flush=True)
    if total is None or not total.clean:
        print("\n".join(total.failures if total else []), file=sys.stderr)
        return 1
    return 0


def timed(work: Callable[[range], Result], chosen: range) -> Result:
    """A result with its time and machine, and with versions beside those that the campaign names itself."""
    started = time.monotonic()
    result = work(chosen)
    spent = round(time.monotonic() - started, 1)
    versions = {**surroundings(), **result.versions}
    return msgspec.structs.replace(result, seconds=spent, versions=versions, finished=finished_now())


def report(folder: Path) -> int:
    """Print every campaign with its bound and its control arms; 1 when one is not clean."""
    results = read_all(folder)
    for result in results:
        print(line(result))
        print(f"    seeds {', '.join(f'{begin}:{end}' for begin, end in result.seeds)}")
        print(f"    did {', '.join(f'{name} {count}' for name, count in result.counts.items()) or 'nothing'}")
        for one in result.controls:
            print(f"    control {one.name}: caught in {one.caught} of {one.trials}")
        for failure in result.failures:
            print(f"    FAILED {failure}")
    return 0 if all(result.clean for result in results) else 1


def line(result: Result) -> str:
    """One line that says what was found in how many trials."""
    found = {name: count for name, count in result.violations.items() if count}
    found_text = ", ".join(f"{name} {count}" for name, count in found.items())
    if result.bound is not None:
        found_text = f"no violation, so fewer than {result.bound:.2g} per trial (95 %)"
    controls = f"controls caught {sum(one.caught > 0 for one in result.controls)} of {len(result.controls)}"
    return f"{result.campaign}: {result.trials} trials in {result.seconds:.0f} s, {found_text}; {controls}"


if __name__ == "__main__":
    sys.exit(main())
