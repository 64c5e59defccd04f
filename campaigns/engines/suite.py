"""The queue's own suite, file by file, each in a fresh page of a real browser."""

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from queue import Empty
from typing import Any

import msgspec

from campaigns.engines.browser import Browser
from campaigns.engines.site import Site, open_site
from e2e.clinic import ROOT

FOLDER = "tests/js/queue"
# The longest test plays 500 photos through strict writes.
SILENCE_LIMIT_S = 240
# File and name of tests that rest on what only an IndexedDB in memory can do, and why.
NEEDS_REOPENING = {
    (f"{FOLDER}/database.test.mjs", "a connection that the browser ends by itself is opened again"): (
        "this engine ends connections only with its storage process, and opens none again in the same page"
    ),
}


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """One test in one engine; a ``reason`` where it cannot be run there."""

    file: str
    test: str
    ok: bool
    message: str = ""
    reason: str = ""


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
    """The tests of one file."""
    without = not_runnable(browser, file)
    with open_site(root, file, list(without)) as site:
        browser.open(f"{site.url}/")
        names: list[str] = []
        for told in hear(browser, site):
            if "test" in told:
                text = str(told["message"])
                yield Outcome(file=file, test=str(told["test"]), ok=bool(told["ok"]), message=text)
            else:
                names = list(told["names"])
        for name, why in without.items():
            yield Outcome(file=file, test=name, ok=name in names, message="no such test", reason=why)
        browser.open("about:blank")


class BrokeOff(Exception):
    """A file of the suite did not run to its end; nothing can be said of its tests."""


def hear(browser: Browser, site: Site) -> Iterator[dict[str, Any]]:
    """What a page says until its last word, the names of its tests."""
    while True:
        try:
            told = site.told.get(timeout=SILENCE_LIMIT_S)
        except Empty:
            raise BrokeOff(f"nothing heard for {SILENCE_LIMIT_S} s") from None
        if "broken" in told:
            raise BrokeOff(str(told["broken"]))
        if "lose" in told:
            with contextlib.ExitStack() as always:
                always.callback(site.lost.set)
                browser.lose_connections(site.url)
            continue
        yield told
        if "names" in told:
            return
