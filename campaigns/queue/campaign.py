"""Runs the queue's histories in Node and takes their findings over as a ``Result``."""

import json
import shutil
import subprocess
from pathlib import Path

import msgspec

from campaigns.results import KEPT_FAILURES, Control, Result

QUEUE = Path(__file__).resolve().parent
THREADS = 2


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What ``main.js`` prints; ``controls`` by name, each with trials and caught."""

    trials: int
    counts: dict[str, int]
    violations: dict[str, int]
    controls: dict[str, dict[str, int]]
    failures: list[str]


def run(seeds: range) -> Result:
    """Play a history for each seed, and every twentieth with each faulty product as well."""
    found = played(seeds, THREADS)
    return Result(
        campaign="queue",
        seeds=[(seeds.start, seeds.stop)],
        trials=found.trials,
        counts=found.counts,
        violations=found.violations,
        controls=[Control(name=name, **counts) for name, counts in found.controls.items()],
        failures=found.failures[:KEPT_FAILURES],
    )


def played(seeds: range, threads: int) -> Found:
    """The findings over a range of seeds; raises ``CalledProcessError`` with Node's own words."""
    command = [node(), str(QUEUE / "main.js"), str(seeds.start), str(seeds.stop), str(threads)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return msgspec.convert(json.loads(done.stdout), Found)


def node() -> str:
    """Node, from the machine or from the environment's own folder."""
    found = shutil.which("node")
    if found is None:
        raise FileNotFoundError("Node is not on the path: run `make test` once, which sets it up.")
    return found
