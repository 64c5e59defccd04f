"""What the campaign asks of a browser, whichever engine it has."""

import json
from collections.abc import Callable
from typing import Any, Protocol

from tests.support.waiting import comes_true


class EngineFailed(Exception):
    """The engine refused an order, or gave no answer."""


class NeverCame(Exception):
    """A state that was waited for; the message names it."""


class Browser(Protocol):
    """One window of one browser with a profile of its own on disk."""

    name: str
    version: str
    # Whether it can end every connection to IndexedDB from outside and open new ones in the same page.
    reopens: bool

    def preload(self, script: str) -> None:
        """Run a script in every page from now on, before the page's own code."""

    def open(self, url: str) -> None:
        """Load an address and wait until it is loaded."""

    def reload(self) -> None:
        """Load the page again and wait until it is loaded."""

    def text(self, expression: str) -> str:
        """The string that an awaited expression gives in the page."""

    def lose_connections(self, origin: str) -> None:
        """End every connection of an origin to IndexedDB in all its pages and workers; the data stays."""

    def mute(self) -> None:
        """Take the camera away for a while, as a call or another app does."""

    def unmute(self) -> None:
        """Give the camera back."""

    def restart(self) -> None:
        """End every process of a page or a worker, as closing and opening the app does."""

    def close(self) -> None:
        """End every process of it and throw the profile away."""


def evaluate(browser: Browser, expression: str) -> Any:
    """The value of an expression in the page, awaited."""
    return json.loads(browser.text(f"(async () => JSON.stringify((await ({expression})) ?? null))()"))


def wait_until(state: Callable[[], object], what: str, limit_s: float = 30.0) -> None:
    """Wait for a state outside of the page's own code."""
    if not comes_true(state, limit_s):
        raise NeverCame(what)
