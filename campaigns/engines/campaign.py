"""The queue's own suite and hard moments of the whole product in Firefox and WebKitGTK.

The suite runs once for each engine, beside the first seed; every seed plays every scenario. An engine
whose Debian packages are missing is named and counted as absent, and without any engine the result is broken.
"""

import contextlib
import random
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
from httpx import HTTPError

from campaigns.browser.broken import KILLED, broken_copy
from campaigns.checker.history import Verdict
from campaigns.engines.browser import EngineFailed, NeverCame
from campaigns.engines.packages import ENGINES, Engine, how_to_get
from campaigns.engines.scenarios import SCENARIOS, Scenario, left_without_a_link
from campaigns.engines.setting import EngineSetting, open_engine_setting
from campaigns.engines.suite import BrokeOff, Outcome, run_suite
from campaigns.results import KEPT_FAILURES, KINDS, Control, Result
from campaigns.seeded_bugs.__main__ import copy_tree
from campaigns.seeded_bugs.catalogue import BUGS, Bug
from e2e.support.clinic import ROOT

NAME = "engines"
# Faults of the queue that show themselves in its storage, its lock and its answers.
SEEDED = (
    "01-no-lock",
    "02-erase-before-send",
    "03-erase-on-any-2xx",
    "05-no-read-back",
    "06-relaxed-durability",
)
(ERASES_EARLY,) = (build for build in KILLED if build.name == "erases a photo before it is sent")
BROKEN_LIMIT_S = 5.0
TROUBLE = (EngineFailed, NeverCame, BrokeOff, AssertionError, HTTPError, OSError)


class Found(msgspec.Struct, kw_only=True):
    """What one engine showed."""

    trials: int = 0
    counts: Counter[str] = msgspec.field(default_factory=Counter)
    violations: Counter[str] = msgspec.field(default_factory=Counter)
    controls: list[Control] = msgspec.field(default_factory=list)
    failures: list[str] = msgspec.field(default_factory=list)
    versions: dict[str, list[str]] = msgspec.field(default_factory=dict)

    def blame(self, kind: str, sentence: str) -> None:
        """Enter a violation."""
        self.violations[kind] += 1
        self.failures.append(sentence)


def run(seeds: range) -> Result:
    """Each engine that is here, side by side."""
    with ThreadPoolExecutor(len(ENGINES)) as pool:
        found = list(pool.map(lambda engine: examine(engine, seeds), ENGINES))
    violations = sum((one.violations for one in found), Counter(dict.fromkeys(KINDS, 0)))
    failures = [line for one in found for line in one.failures]
    if not any(one.versions for one in found):
        violations["broken"] += 1
        failures.append("no engine is here, so nothing was run")
    return Result(
        campaign=NAME,
        seeds=[(seeds.start, seeds.stop)],
        trials=sum(one.trials for one in found),
        counts=dict(sum((one.counts for one in found), Counter())),
        violations={kind: violations[kind] for kind in KINDS},
        controls=[control for one in found for control in one.controls],
        failures=failures[:KEPT_FAILURES],
        versions={name: version for one in found for name, version in one.versions.items()},
    )


def examine(engine: Engine, seeds: range) -> Found:
    """Everything in one engine."""
    found = Found()
    if missing := engine.missing():
        print(how_to_get(engine, missing), file=sys.stderr, flush=True)
        found.counts[f"{engine.name} absent"] += 1
        return found
    if seeds.start == 0:
        the_suite(engine, found)
        found.controls += [suite_control(engine, bug) for bug in BUGS if bug.name in SEEDED]
        found.controls.append(scenario_control(engine))
    for seed in seeds:
        for name, scenario in SCENARIOS.items():
            play(engine, found, seed, name, scenario)
    return found


def the_suite(engine: Engine, found: Found) -> None:
    """The suite on the product as it is; its tests draw nothing at random, so none counts as a trial."""
    browser = engine.launch()
    found.versions[engine.name] = [browser.version]
    try:
        for outcome in run_suite(browser):
            enter(engine.name, found, outcome)
    except TROUBLE as problem:
        found.blame("broken", f"{engine.name}: the suite broke off: {problem}")
    finally:
        browser.close()


def enter(name: str, found: Found, outcome: Outcome) -> None:
    """Count a test; one that cannot be run is named with its reason."""
    if not outcome.ok:
        return found.blame("broken", f"{name}: {outcome.file}: {outcome.test}: {outcome.message}")
    if outcome.reason:
        found.counts[f"{name} not runnable: {outcome.test}: {outcome.reason}"] += 1
        return None
    found.counts[f"{name} tests passed"] += 1
    if outcome.again:
        found.counts[f"{name} passed at the second go: {outcome.test}"] += 1
    return None


def play(engine: Engine, found: Found, seed: int, name: str, scenario: Scenario) -> None:
    """One scenario in a clinic of its own."""
    trial = f"{engine.name}: seed {seed}: {name}"
    try:
        verdict, complaints, setting = one_round(engine, scenario, random.Random(seed))
    except TROUBLE as problem:
        return found.blame("broken", f"{trial} broke off: {problem}")
    found.versions[engine.name] = [setting.phone.browser.version]
    found.trials += 1
    found.counts[f"{engine.name} {name}"] += 1
    found.counts.update({f"{engine.name} {what}": count for what, count in setting.counts.items()})
    for sentence in complaints:
        found.blame("broken", f"{trial}: {sentence}")
    found.violations.update(verdict.counts())
    if not verdict.clean:
        found.failures.append(f"{trial}: {verdict}")
    return None


def one_round(
    engine: Engine, scenario: Scenario, rng: random.Random, root: Path = ROOT, limit_s: float | None = None
) -> tuple[Verdict, list[str], EngineSetting]:
    """The checker's verdict, other complaints, and the setting as it was left."""
    with (
        tempfile.TemporaryDirectory(prefix="engines-") as folder,
        open_engine_setting(Path(folder), engine.launch, root) as setting,
    ):
        setting.limit_s = limit_s or setting.limit_s
        scenario(setting, rng)
        return *setting.end(), setting


def suite_control(engine: Engine, bug: Bug) -> Control:
    """The tests that own a bug, in this engine, on a queue that has it: one must fail, and none break off."""
    browser = engine.launch()
    try:
        with tempfile.TemporaryDirectory(prefix="engines-") as folder:
            tree = copy_tree(Path(folder) / "tree")
            subprocess.run(["git", "apply", str(bug.patch)], cwd=tree, check=True)
            caught = any(not outcome.ok for outcome in run_suite(browser, tree, bug.tests))
    except TROUBLE:
        caught = False
    finally:
        browser.close()
    return Control(name=f"{engine.name}: {bug.name}", trials=1, caught=int(caught))


def scenario_control(engine: Engine) -> Control:
    """A queue that erases before it sends must be seen losing photos to a page that is left."""
    lost: frozenset[str] = frozenset()
    with broken_copy(ERASES_EARLY) as root, contextlib.suppress(*TROUBLE):
        lost = one_round(engine, left_without_a_link, random.Random(0), root, BROKEN_LIMIT_S)[0].lost
    return Control(name=f"{engine.name}: {ERASES_EARLY.name}", trials=1, caught=int(bool(lost)))
