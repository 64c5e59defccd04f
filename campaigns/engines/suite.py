"""The queue's own suite, file by file, each in a fresh page of a real browser."""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from queue import Empty
from typing import Any

import msgspec

from campaigns.engines.browser import Browser
from campaigns.engines.site import Site, open_site
from e2e.support.clinic import ROOT

FOLDER = "tests/js/queue"
# More than the page allows a test.
SILENCE_LIMIT_S = 240
# File and name of tests that rest on what only an IndexedDB in memory can do, and why.
NEEDS_REOPENING = {
    (f"{FOLDER}/database.test.mjs", "a connection that the browser ends by itself is opened again"): (
        "this engine ends connections only with its storage process, and opens none again in the same page"
    ),
}


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """One test in one engine; a ``reason`` where it cannot be run there, ``again`` after a second go."""

    file: str
    test: str
    ok: bool
    message: str = ""
    reason: str = ""
    again: bool = False


def files(root: Path = ROOT) -> list[str]:
    """Every file of the suite."""
    return sorted(str(path.relative_to(root)) for path in (root / FOLDER).glob("*.test.mjs"))


def not_runnable(browser: Browser, file: str) -> dict[str, str]:
    """Names of the tests of a file that cannot be run in this engine, each with the reason."""
    reasons = {} if browser.reopens else NEEDS_REOPENING
    return {name: why for (where, name), why in reasons.items() if where == file}


def run_suite(browser: Browser, root: Path = ROOT, chosen: Iterable[str] = ()) -> Iterator[Outcome]:
    """Every test of the suite, or of chosen files of it."""
    for file in chosen or files(root):
        yield from run_file(browser, root, file)


def run_file(browser: Browser, root: Path, file: str) -> Iterator[Outcome]:
    """The tests of one file; one that fails has a second go, alone and in a fresh page.

    The suite moves time by hand between writes that take no time in memory. Where the machine is busy a real
    write may come after such a move; a fault of the queue fails twice.
    """
    without = not_runnable(browser, file)
    outcomes, names = play(browser, root, file, list(without), ())
    for outcome in outcomes:
        yield outcome if outcome.ok else second_go(browser, root, outcome)
    for name, why in without.items():
        yield Outcome(file=file, test=name, ok=name in names, message="no such test", reason=why)


def second_go(browser: Browser, root: Path, failed: Outcome) -> Outcome:
    """The same test once more; the first failure where it fails again."""
    outcomes, _ = play(browser, root, failed.file, (), (failed.test,))
    passed = bool(outcomes) and all(outcome.ok for outcome in outcomes)
    return msgspec.structs.replace(failed, ok=passed, again=True)


def play(
    browser: Browser, root: Path, file: str, without: Sequence[str], only: Sequence[str]
) -> tuple[list[Outcome], list[str]]:
    """What came of the tests of a file in a fresh page, and the names of all that it has."""
    outcomes: list[Outcome] = []
    names: list[str] = []
    with open_site(root, file, without, only) as site:
        browser.open(f"{site.url}/")
        for message in messages_of(browser, site):
            if "names" in message:
                names = list(message["names"])
            else:
                text = str(message["message"])
                outcomes.append(Outcome(file=file, test=message["test"], ok=message["ok"], message=text))
        browser.open("about:blank")
    return outcomes, names


class BrokeOff(Exception):
    """A file of the suite did not run to its end; nothing can be said of its tests."""


def messages_of(browser: Browser, site: Site) -> Iterator[dict[str, Any]]:
    """What a page reports until its last message, the names of its tests."""
    while True:
        try:
            message = site.messages.get(timeout=SILENCE_LIMIT_S)
        except Empty:
            raise BrokeOff(f"nothing heard for {SILENCE_LIMIT_S} s") from None
        if "broken" in message:
            raise BrokeOff(str(message["broken"]))
        if "lose" in message:
            with contextlib.ExitStack() as always:
                always.callback(site.lost.set)
                browser.lose_connections(site.url)
            continue
        yield message
        if "names" in message:
            return
