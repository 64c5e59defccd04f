"""Round after round over a range of seeds: a round that breaks off is listed, never counted as good."""

import contextlib
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from httpx import HTTPError
from playwright.sync_api import Error, Playwright

from campaigns.browser.inspector import NotReached
from campaigns.browser.setting import Setting, open_setting
from e2e.support.clinic import ROOT

T = TypeVar("T")


class Settings:
    """One setting after the other: a round that broke off leaves a setting that must not be used again."""

    def __init__(self, playwright: Playwright, root: Path = ROOT) -> None:
        self._playwright, self._root = playwright, root
        self._ends = contextlib.ExitStack()
        self._setting: Setting | None = None

    def get(self) -> Setting:
        """A setting in which every round so far was checked and found clean."""
        if self._setting is None or not self._setting.sound:
            self.close()
            folder = Path(self._ends.enter_context(tempfile.TemporaryDirectory(prefix="setting-")))
            self._setting = self._ends.enter_context(open_setting(folder, self._playwright, self._root))
        return self._setting

    def close(self) -> None:
        """End the setting there is."""
        self._ends.close()
        self._setting = None


def play_all(
    playwright: Playwright, seeds: range, play: Callable[[Setting, int], T]
) -> tuple[list[T], list[str]]:
    """What each seed led to, and a sentence for each that broke off before it could be checked."""
    settings, played, broken_off = Settings(playwright), [], []
    with contextlib.closing(settings):
        for seed in seeds:
            try:
                played.append(play(settings.get(), seed))
            except (NotReached, AssertionError, Error, HTTPError) as problem:
                broken_off.append(f"seed {seed} broke off: {str(problem).splitlines()[0]}")
    return played, broken_off
