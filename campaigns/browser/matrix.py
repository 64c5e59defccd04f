"""The fault matrix: three photos for each cell, one fault, its expectation, and the checker at the end (G5).

A seed is one cell of one repetition: seed modulo the number of cells.
"""

import re
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import msgspec
from playwright.sync_api import Page, Playwright, expect, sync_playwright

from campaigns.browser.broken import CELLS_BROKEN, Build
from campaigns.browser.cells import MATRIX, Cell
from campaigns.browser.disturbances import DISTURBANCES, Steps
from campaigns.browser.kills import broken_setting, with_broken_off
from campaigns.browser.rounds import play_all
from campaigns.browser.setting import Setting
from campaigns.checker.events import Parked
from campaigns.results import KEPT_FAILURES, KINDS, Control, Result
from e2e.doubles.storage import limit_storage
from e2e.support.verbs import open_camera, queue_row, review, take, upload

NAME = "fault-matrix"
PHOTOS = 3
WAITING = re.compile(r"Waiting|Retrying")
ATTENTION = "Needs attention"
SLOW_MS = 60_000


def run(seeds: range) -> Result:
    """One cell for each seed; the control arms are run beside the first seeds."""
    with sync_playwright() as playwright:
        outcomes, broken_off = play_all(
            playwright, seeds, lambda setting, seed: play_cell(setting, MATRIX[seed % len(MATRIX)])
        )
        builds = CELLS_BROKEN if seeds.start == 0 else ()
        controls = [control(playwright, build) for build in builds]
    found = Counter(dict.fromkeys(KINDS, 0))
    for one in outcomes:
        found.update(one.found)
    result = Result(
        campaign=NAME,
        seeds=[(seeds.start, seeds.stop)],
        trials=len(outcomes),
        counts={"photos": PHOTOS * len(outcomes), **Counter(one.cell.fault for one in outcomes)},
        violations=dict(found),
        controls=controls,
        failures=[line for one in outcomes for line in one.sentences][:KEPT_FAILURES],
    )
    return with_broken_off(result, broken_off)


def control(playwright: Playwright, build: Build) -> Control:
    """A broken build put through the cell that brings its fault out; caught by finding or expectation."""
    (cell,) = (cell for cell in MATRIX if cell.name == build.point)
    with broken_setting(playwright, build) as setting:
        outcome = play_cell(setting, cell)
    return Control(name=build.name, trials=1, caught=int(outcome.found[build.kind] > 0))


class Outcome(msgspec.Struct, kw_only=True):
    """What one cell led to: findings by kind, and sentences."""

    cell: Cell
    found: dict[str, int]
    sentences: list[str]


def play_cell(setting: Setting, cell: Cell) -> Outcome:
    """Take, send, meet the fault, heal, check."""
    setting.begin()
    label = setting.label
    page = setting.phone.page
    steps = no_steps() if cell.expect == "refused" else DISTURBANCES[cell.injection](setting, cell)
    open_camera(page)
    if cell.expect == "refused":
        refuse_and_keep(setting, PHOTOS)
    else:
        early = cell.phase == "p1"
        if early:
            next(steps)
        take(page, PHOTOS)
    review(page, PHOTOS)
    setting.write_down(label)
    if cell.phase != "p1":
        next(steps)
    upload(page, PHOTOS)
    next(steps, None)
    EXPECTATIONS[cell.expect](setting, steps)
    with suppress(StopIteration):
        next(steps)
    setting.write_down(label)
    verdict, complaints = setting.end()
    if not verdict.clean:
        complaints.append(str(verdict))
    found = {**verdict.counts(), "broken": len(complaints) - (not verdict.clean)}
    return Outcome(cell=cell, found=found, sentences=[f"{cell.name}: {line}" for line in complaints])


def no_steps() -> Steps:
    """A fault that was over before *Upload*."""
    yield
    yield


def by_itself(setting: Setting, _: Steps) -> None:
    """No user does anything."""
    setting.drain()


def waits(setting: Setting, steps: Steps) -> None:
    """The rows say why nothing moves; when the fault is over all go."""
    rows = queue_row(setting.phone.page, WAITING)
    if not setting.wait_until(lambda: 0 < rows.count() == len(setting.phone.kept()[1])):
        setting.complain(f"{rows.count()} rows say that they wait, {len(setting.phone.kept()[1])} do")
    setting.look()
    heal(setting, steps)


def asks_for_sign_in(setting: Setting, steps: Steps) -> None:
    """The rows ask for a sign-in; it turns out that there is one."""
    rows = queue_row(setting.phone.page, "Sign in to continue")
    if not setting.wait_until(lambda: rows.count() == PHOTOS):
        setting.complain(f"{rows.count()} rows ask for a sign-in")
    setting.look()
    heal(setting, steps)


def heal(setting: Setting, steps: Steps) -> None:
    """End the fault; the phone notices a new link."""
    next(steps, None)
    setting.reconnect()
    setting.drain()


def park(count: int) -> Callable[[Setting, Steps], None]:
    """So many photos need the user, the others do not wait for them; *Retry* brings them home."""

    def expectation(setting: Setting, steps: Steps) -> None:
        page = setting.phone.page
        rows = queue_row(page, ATTENTION)
        expect(rows).to_have_count(count, timeout=SLOW_MS)
        setting.wait_for_records(count)
        reason = rows.first.inner_text()
        parked = [photo for photo, _ in setting.phone.kept()[1]]
        setting.record(*(Parked(photo=photo, reason=reason) for photo in parked))
        setting.look()
        next(steps, None)
        for _ in parked:
            answer_for_one(page, damaged="damaged on this phone" in reason)
        setting.drain()

    return expectation


def answer_for_one(page: Page, damaged: bool) -> None:
    """What the clinician can do about the first row that needs attention."""
    rows = queue_row(page, ATTENTION)
    before = rows.count()
    rows.first.get_by_role("button", name="More").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete" if damaged else "Retry").click()
    if damaged:
        page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(rows).to_have_count(before - 1)


def refuse_and_keep(setting: Setting, count: int) -> None:
    """No room for a photo: the phone says so, and keeps it once there is room."""
    page = setting.phone.page
    take(page, count - 1)
    limit_storage(page, 0)
    page.get_by_role("button", name="Take photo").click()
    expect(page.get_by_text("could not save 1 photo")).to_be_visible()
    limit_storage(page, None)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("button", name=f"Review ({count})")).to_be_visible()


EXPECTATIONS: dict[str, Callable[[Setting, Steps], None]] = {
    "by itself": by_itself,
    "waits": waits,
    "sign-in": asks_for_sign_in,
    "parked": park(PHOTOS),
    "one parked": park(1),
    "refused": by_itself,
}
