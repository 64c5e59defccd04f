"""What a campaign found: counts that add up over ranges of seeds, in one JSON file for each run.

A zero among the violations bounds the rate at about three in ``trials`` (95 %), and says something only
beside control arms which were caught.
"""

import os
import platform
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import msgspec

RESULTS = Path(__file__).resolve().parent / "results"
KINDS = ("lost", "doubled", "misfiled", "stuck", "leaked", "broken")
PACKAGES = ("litestar", "msgspec", "sqlalchemy", "uvicorn", "uvloop", "pillow", "cryptography", "hypothesis")
KEPT_FAILURES = 20


class Control(msgspec.Struct, frozen=True, kw_only=True):
    """A build with a known fault, put through the same campaign; ``caught`` is in how many trials."""

    name: str
    trials: int
    caught: int


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One run, or several merged ones.

    ``seeds`` are half-open ranges, ``trials`` is what the bound 3/n is counted in, ``counts`` is how
    much was done, ``violations`` are by kind, ``failures`` are sentences that name the seed.
    """

    campaign: str
    seeds: list[tuple[int, int]]
    trials: int
    counts: dict[str, int] = msgspec.field(default_factory=dict)
    violations: dict[str, int] = msgspec.field(default_factory=dict)
    controls: list[Control] = msgspec.field(default_factory=list)
    failures: list[str] = msgspec.field(default_factory=list)
    seconds: float = 0.0
    versions: dict[str, list[str]] = msgspec.field(default_factory=dict)
    finished: str = ""

    @property
    def clean(self) -> bool:
        """Nothing found, and every control arm was caught."""
        return not any(self.violations.values()) and all(one.caught for one in self.controls)

    @property
    def bound(self) -> float | None:
        """The rate of a violation per trial that is still possible after none was seen (95 %)."""
        return 3 / self.trials if self.trials and not any(self.violations.values()) else None


class CannotMerge(ValueError):
    """Results of different campaigns, or of the same seeds twice."""


def merge(results: Iterable[Result]) -> Result:
    """The sum of results of one campaign whose seeds do not overlap."""
    every = list(results)
    if len({one.campaign for one in every}) != 1:
        raise CannotMerge("Results of different campaigns do not add up.")
    return Result(
        campaign=every[0].campaign,
        seeds=_joined(seeds for one in every for seeds in one.seeds),
        trials=sum(one.trials for one in every),
        counts=_sum(one.counts for one in every),
        violations=_sum(one.violations for one in every),
        controls=_added(control for one in every for control in one.controls),
        failures=[line for one in every for line in one.failures][:KEPT_FAILURES],
        seconds=round(sum(one.seconds for one in every), 1),
        versions=_versions(one.versions for one in every),
        finished=max(one.finished for one in every),
    )


def write(result: Result, folder: Path = RESULTS) -> Path:
    """Write a result; the file is named after the campaign and its first seed."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{result.campaign}-{result.seeds[0][0]}.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=2) + b"\n")
    return path


def read(path: Path) -> Result:
    """A result from its file."""
    return msgspec.json.decode(path.read_bytes(), type=Result)


def read_all(folder: Path = RESULTS) -> list[Result]:
    """Every campaign in a folder, its ranges merged, by name."""
    found: dict[str, list[Result]] = {}
    for path in sorted(folder.glob("*.json")):
        result = read(path)
        found.setdefault(result.campaign, []).append(result)
    return [merge(found[name]) for name in sorted(found)]


def surroundings() -> dict[str, list[str]]:
    """Versions and machine of this run, each a list so that merged runs can differ."""
    known = {package: [version(package)] for package in PACKAGES}
    return {
        "product": [_commit()],
        "python": [platform.python_version()],
        "sqlite": [sqlite3.sqlite_version],
        **known,
        "system": [platform.platform()],
        "cores": [str(os.cpu_count())],
    }


def finished_now() -> str:
    """The time of day for a result file."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _commit() -> str:
    root = Path(__file__).resolve().parent.parent
    command = ["git", "-C", str(root), "rev-parse", "--short=12", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        print("campaigns: git is not here, so the result names no commit", file=sys.stderr)
        return "unknown"
    return done.stdout.strip() or "unknown"


def _joined(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for begin, end in sorted(ranges):
        if joined and begin < joined[-1][1]:
            raise CannotMerge(f"Seeds from {begin} on were run twice; they count once.")
        if joined and begin == joined[-1][1]:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((begin, end))
    return joined


def _sum(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for one in counts:
        for name, count in one.items():
            total[name] += count
    return dict(total)


def _added(controls: Iterable[Control]) -> list[Control]:
    trials: dict[str, Counter[str]] = {}
    for one in controls:
        trials.setdefault(one.name, Counter()).update(trials=one.trials, caught=one.caught)
    return [Control(name=name, **counts) for name, counts in trials.items()]


def _versions(each: Iterable[Mapping[str, list[str]]]) -> dict[str, list[str]]:
    merged: dict[str, list[str]] = {}
    for versions in each:
        for name, values in versions.items():
            known = merged.setdefault(name, [])
            known.extend(value for value in values if value not in known)
    return merged
