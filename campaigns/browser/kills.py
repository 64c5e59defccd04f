"""The browser is killed at a named point, opened again, and must bring every photo home (F2, G1).

Five photos each round; the seed chooses the point, which of the five it hits, and whether the desk moves
on to another room between shutter and upload.
"""

import random
import tempfile
from collections import Counter
from pathlib import Path

import msgspec
from playwright.sync_api import sync_playwright

from campaigns.browser.inspector import NotReached
from campaigns.browser.points import POINTS, Point
from campaigns.browser.setting import Setting, open_setting
from campaigns.browser.traps import Trap, set_trap
from campaigns.results import KEPT_FAILURES, KINDS, Control, Result
from e2e.verbs import open_camera, review, take, upload

PHOTOS = 5
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
    with tempfile.TemporaryDirectory(prefix="kills-") as folder, sync_playwright() as playwright:
        with open_setting(Path(folder), playwright) as setting:
            rounds = [kill_once(setting, seed) for seed in seeds]
    return result_of(NAME, seeds, rounds, [])


def result_of(name: str, seeds: range, rounds: list[Round], controls: list[Control]) -> Result:
    """The sum of rounds; only those count whose point was reached."""
    hits = Counter(f"at {one.point.name}" for one in rounds if one.reached)
    missed = sum(not one.reached for one in rounds)
    found: Counter[str] = Counter(dict.fromkeys(KINDS, 0))
    for one in rounds:
        found.update(one.found)
    return Result(
        campaign=name,
        seeds=[(seeds.start, seeds.stop)],
        trials=len(rounds) - missed,
        counts={"photos": PHOTOS * len(rounds), "points not reached": missed, **hits},
        violations=dict(found),
        controls=controls,
        failures=[line for one in rounds for line in one.sentences][:KEPT_FAILURES],
    )


def kill_once(setting: Setting, seed: int) -> Round:
    """One round: take five photos, die at the seed's point, come back, arrive."""
    rng = random.Random(seed)
    one = Round(seed=seed, point=POINTS[seed % len(POINTS)], victim=rng.randint(1, PHOTOS))
    setting.begin()
    room = setting.room
    traps: list[Trap] = []
    try:
        if one.point.where == "page":
            stop_at_the_camera(setting, one, traps)
        else:
            stop_on_the_way(setting, one, traps, desk_moves=rng.random() < 0.5)
        one.reached = True
    except NotReached as problem:
        one.sentences.append(f"seed {seed}: {one.point.name} was not reached: {problem}")
    setting.phone.kill()
    setting.write_down(room)
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
    screen.send("Runtime.evaluate", expression="document.querySelector('#take-photo').click()")
    traps[0].wait()


def stop_on_the_way(setting: Setting, one: Round, traps: list[Trap], desk_moves: bool) -> None:
    """Take and upload all photos; stop where the worker or the link reaches the point."""
    page = setting.phone.page
    open_camera(page)
    take(page, PHOTOS)
    review(page, PHOTOS)
    if desk_moves:
        setting.move_desk()
    traps.append(set_trap(setting, one.point, one.victim))
    upload(page, PHOTOS)
    traps[0].wait()


def come_back(setting: Setting, one: Round) -> None:
    """Open the phone again, look at once, send what waits, and judge when all is at rest."""
    setting.phone.open()
    setting.phone.at_home()
    setting.look()
    complaints = setting.approve_what_waits()
    setting.drain()
    verdict, more = setting.end()
    one.found.update({kind: count for kind, count in verdict.counts().items() if count})
    one.found["broken"] += len(complaints + more)
    if not verdict.clean:
        complaints.append(str(verdict))
    one.sentences += [f"seed {one.seed}: {one.point.name}: {line}" for line in complaints + more]
