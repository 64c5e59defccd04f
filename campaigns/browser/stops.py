"""The worker is stopped in the middle of its work, several times for one batch of photos (F3, G2).

The browser lives on and so does the page: the phone must find out by itself that no worker sends, and the
store may have got a photo whose answer was lost. A seed is one batch; each stop is a trial. The phases are
places on the wire, and moments after an answer: Chromium ends a worker that stands at a breakpoint only
together with its page, so breakpoints are left to the kills.
"""

import random
import time

import msgspec
from playwright.sync_api import Playwright, sync_playwright

from campaigns.browser.broken import STOPPED, Build
from campaigns.browser.inspector import LIMIT_S
from campaigns.browser.kills import (
    PHOTOS,
    Round,
    broken_setting,
    result_of,
    with_broken_off,
    write_verdict,
)
from campaigns.browser.points import COMPLETE, OBJECT, PRESIGN, Point
from campaigns.browser.rounds import play_all
from campaigns.browser.setting import Setting
from campaigns.results import Control, Result
from e2e.doubles.faults import Hold, Mark
from e2e.support.verbs import open_camera, review, take, upload

NAME = "worker-stops"
STOPS = 4
# Long enough to reach from an answer to the end of the transaction that it leads to.
AFTER_S = 0.04
# Stops at PUT half, PUT taken, PUT answered, complete sent.
CONTROL_SEED = 1


def on_the_wire(name: str, method: str, path: str, share: float) -> Point:
    """A phase at a share of a request; above 1 it is the time after its answer."""
    return Point(name=name, where="link", method=method, path=path, body_share=share)


PHASES = (
    on_the_wire("presign sent", "POST", PRESIGN, 0.5),
    on_the_wire("presign taken", "POST", PRESIGN, 1),
    on_the_wire("presign answered", "POST", PRESIGN, 2),
    on_the_wire("PUT first byte", "PUT", OBJECT, 0),
    on_the_wire("PUT half", "PUT", OBJECT, 0.5),
    on_the_wire("PUT taken", "PUT", OBJECT, 1),
    on_the_wire("PUT answered", "PUT", OBJECT, 2),
    on_the_wire("complete sent", "POST", COMPLETE, 0.5),
    on_the_wire("complete taken", "POST", COMPLETE, 1),
    on_the_wire("complete answered", "POST", COMPLETE, 2),
)


class Stop(msgspec.Struct, frozen=True):
    """What one stop waits for: a request stopped on its way, or a mark and then a moment."""

    trap: Hold | Mark
    after_s: float


def run(seeds: range) -> Result:
    """Several stops for each seed; the control arms are run beside the first seeds."""
    with sync_playwright() as playwright:
        batches, broken_off = play_all(playwright, seeds, stop_often)
        builds = STOPPED if seeds.start == 0 else ()
        controls = [control(playwright, build) for build in builds]
    rounds = [one for batch in batches for one in batch]
    return with_broken_off(result_of(NAME, seeds, rounds, controls, len(batches)), broken_off)


def control(playwright: Playwright, build: Build) -> Control:
    """A broken build whose worker is stopped in the middle of its PUTs."""
    with broken_setting(playwright, build) as setting:
        found = sum(one.found[build.kind] for one in stop_often(setting, CONTROL_SEED))
    return Control(name=build.name, trials=1, caught=int(found > 0))


def stop_often(setting: Setting, seed: int) -> list[Round]:
    """One batch: photos are taken and sent, and the worker is stopped in one phase after the other."""
    rng = random.Random(seed)
    phases = [PHASES[(seed * STOPS + number) % len(PHASES)] for number in range(STOPS)]
    rounds = [Round(seed=seed, point=phase, victim=1) for phase in phases]
    setting.begin()
    label = setting.label
    page = setting.phone.page
    open_camera(page)
    take(page, PHOTOS)
    review(page, PHOTOS)
    for number, one in enumerate(rounds):
        stop = prepare(setting, one.point, rng)
        setting.proxy.down = False
        setting.reconnect() if number else upload(page, PHOTOS)
        stop_there(setting, one, stop)
        setting.write_down(label)
        setting.look()
    setting.proxy.heal()
    setting.drain(hurry=True)
    setting.write_down(label)
    write_verdict(rounds[-1], *setting.end())
    return rounds


def prepare(setting: Setting, phase: Point, rng: random.Random) -> Stop:
    """Wait for the next request of the phase from now on."""
    stopped = phase.body_share <= 1
    trap = Hold(phase.body_share) if stopped else Mark()
    setting.proxy.fault(phase.method, phase.path, trap, early=stopped)
    return Stop(trap, 0.0 if stopped else rng.random() * AFTER_S)


def stop_there(setting: Setting, one: Round, stop: Stop) -> None:
    """Stop the worker when its request is there.

    No link from then on until the next phase is prepared: the next worker would have sent everything by then.
    """
    one.reached = stop.trap.reached.wait(LIMIT_S)
    if not one.reached:
        details = f"the phone said {setting.phone.words()!r} and held {setting.phone.kept()[1]}"
        one.sentences.append(f"seed {one.seed}: {one.point.name} was not reached; {details}")
    time.sleep(stop.after_s)
    setting.proxy.down = True
    setting.phone.stop_workers()
    if isinstance(stop.trap, Hold):
        stop.trap.release()
    setting.proxy.faults.clear()
