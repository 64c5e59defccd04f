"""The browser is killed at a named point, opened again, and must bring every photo home (F2, G1).

Five photos each round; the seed chooses the point, which of the five it hits, and whether the desk has
moved on to another consultation when the phone comes back.
"""

import contextlib
import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
from playwright.sync_api import Playwright, sync_playwright

from campaigns.browser.broken import KILLED, Build, broken_copy
from campaigns.browser.inspector import NotReached
from campaigns.browser.points import POINTS, Point
from campaigns.browser.rounds import play_all
from campaigns.browser.setting import Setting, open_setting
from campaigns.browser.traps import Trap, set_trap
from campaigns.checker.history import Verdict
from campaigns.results import KEPT_FAILURES, KINDS, Control, Result
from e2e.support.verbs import open_camera, review, take, upload

PHOTOS = 5
# A broken build may never come to rest; the product gets a minute.
BROKEN_LIMIT_S = 5.0
# A shutter may be off for a moment, or take nothing and say so: a user taps again.
TAP = """(function tap() {
  const shutter = document.querySelector('#take-photo');
  const says = document.querySelector('#shutter-says');
  if (shutter.disabled) return setTimeout(tap, 20);
  shutter.click();
  const timer = setInterval(() => {
    if (!says.textContent) return;
    clearInterval(timer);
    tap();
  }, 20);
})()"""
NAME = "browser-kills"


class Round(msgspec.Struct, kw_only=True):
    """One kill: where it was meant to hit, whether it did, and what was found afterwards."""

    seed: int
    point: Point
    victim: int
    reached: bool = False
    found: Counter[str] = msgspec.field(default_factory=Counter)
    sentences: list[str] = msgspec.field(default_factory=list)


def run(seeds: range) -> Result:
    """Kill once for each seed; the control arms are run beside the first seeds."""
    with sync_playwright() as playwright:
        rounds, broken_off = play_all(playwright, seeds, kill_once)
        builds = KILLED if seeds.start == 0 else ()
        controls = [control(playwright, build) for build in builds]
    return with_broken_off(result_of(NAME, seeds, rounds, controls, len(rounds)), broken_off)


def with_broken_off(result: Result, broken_off: list[str]) -> Result:
    """Rounds that could not be checked are listed; each counts as broken, since it may hide anything."""
    found = Counter(result.violations) + Counter(broken=len(broken_off))
    return msgspec.structs.replace(
        result,
        counts={**result.counts, "rounds broken off": len(broken_off)},
        violations={**result.violations, **found},
        failures=[*result.failures, *broken_off][:KEPT_FAILURES],
    )


def control(playwright: Playwright, build: Build) -> Control:
    """A broken build put through the kill that brings its fault out, in the middle of a batch."""
    (point,) = (point for point in POINTS if point.name == build.point)
    with broken_setting(playwright, build) as setting:
        one = play(setting, Round(seed=0, point=point, victim=2), desk_moves=True)
    return Control(name=build.name, trials=1, caught=int(one.found[build.kind] > 0))


@contextlib.contextmanager
def broken_setting(playwright: Playwright, build: Build) -> Iterator[Setting]:
    """A setting that serves a broken build."""
    with (
        broken_copy(build) as root,
        tempfile.TemporaryDirectory(prefix="control-") as folder,
        open_setting(Path(folder), playwright, root) as setting,
    ):
        setting.limit_s = BROKEN_LIMIT_S
        yield setting


def result_of(name: str, seeds: range, rounds: list[Round], controls: list[Control], batches: int) -> Result:
    """The sum of rounds; only those count as trials whose point was reached."""
    hits = Counter(f"at {one.point.name}" for one in rounds if one.reached)
    missed = sum(not one.reached for one in rounds)
    found: Counter[str] = Counter(dict.fromkeys(KINDS, 0))
    for one in rounds:
        found.update(one.found)
    return Result(
        campaign=name,
        seeds=[(seeds.start, seeds.stop)],
        trials=len(rounds) - missed,
        counts={"batches": batches, "points not reached": missed, **hits},
        violations=dict(found),
        controls=controls,
        failures=[line for one in rounds for line in one.sentences][:KEPT_FAILURES],
    )


def kill_once(setting: Setting, seed: int) -> Round:
    """One round: take five photos, die at the seed's point, come back, arrive."""
    rng = random.Random(seed)
    one = Round(seed=seed, point=POINTS[seed % len(POINTS)], victim=rng.randint(1, PHOTOS))
    return play(setting, one, desk_moves=rng.random() < 0.5)


def play(setting: Setting, one: Round, desk_moves: bool) -> Round:
    """A round whose choices are made; ``desk_moves`` before the battery is pulled out."""
    setting.begin()
    label = setting.label
    traps: list[Trap] = []
    try:
        if one.point.where == "page":
            stop_at_the_camera(setting, one, traps)
        else:
            stop_on_the_way(setting, one, traps)
        one.reached = True
    except NotReached as problem:
        one.sentences.append(f"seed {one.seed}: {one.point.name} was not reached: {problem}")
    if desk_moves:
        setting.move_desk()
    setting.phone.kill()
    setting.write_down(label)
    for trap in traps:
        trap.release()
    setting.proxy.heal()
    come_back(setting, one)
    return one


def stop_at_the_camera(setting: Setting, one: Round, traps: list[Trap]) -> None:
    """Take photos until the victim's shutter stops the page at the point."""
    page, screen = setting.phone.page, setting.phone.screen
    open_camera(page)
    take(page, one.victim - 1)
    traps.append(set_trap(setting, one.point, 1))
    screen.send("Runtime.evaluate", expression=TAP)
    traps[0].wait()


def stop_on_the_way(setting: Setting, one: Round, traps: list[Trap]) -> None:
    """Take and upload all photos; stop where the worker or the link reaches the point."""
    page = setting.phone.page
    open_camera(page)
    take(page, PHOTOS)
    review(page, PHOTOS)
    traps.append(set_trap(setting, one.point, one.victim))
    upload(page, PHOTOS)
    traps[0].wait()


def come_back(setting: Setting, one: Round) -> None:
    """Open the phone again, look at once, send what waits, and check when all is at rest."""
    setting.phone.open()
    setting.at_home()
    setting.look()
    complaints = setting.approve_what_waits()
    setting.drain()
    verdict, more = setting.end()
    write_verdict(one, verdict, complaints + more)


def write_verdict(one: Round, verdict: Verdict, complaints: list[str]) -> None:
    """Enter what was found into a round."""
    one.found.update({kind: count for kind, count in verdict.counts().items() if count})
    one.found["broken"] += len(complaints)
    sentences = complaints if verdict.clean else [*complaints, str(verdict)]
    one.sentences += [f"seed {one.seed}: {one.point.name}: {line}" for line in sentences]
