"""A phone that keeps its storage: a browser with a profile on disk, which can be killed and reopened.

An ordinary test context lives in memory and is useless where a battery is pulled out.
"""

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Error, Page, Playwright

from e2e.support.watch import Watch


class Handset:
    """One phone; ``open`` it, ``kill`` it, ``open`` it again: the profile stays."""

    def __init__(
        self,
        playwright: Playwright,
        chromium: str,
        arguments: list[str],
        options: dict[str, Any],
        watch: Watch,
    ) -> None:
        self._playwright = playwright
        self._chromium = chromium
        self._arguments = arguments
        self._options = options
        self._watch = watch
        self._folder = tempfile.TemporaryDirectory(prefix="handset-", ignore_cleanup_errors=True)
        self._context: BrowserContext | None = None

    @property
    def profile(self) -> Path:
        """The browser's profile folder."""
        return Path(self._folder.name)

    @property
    def context(self) -> BrowserContext:
        """The open browser."""
        assert self._context is not None, "the handset is not open"
        return self._context

    def open(self, *arguments: str) -> Page:
        """Start the browser; its first page."""
        self._context = self._playwright.chromium.launch_persistent_context(
            self.profile,
            executable_path=self._chromium,
            args=[*self._arguments, *arguments],
            **self._options,
        )
        self._context.set_default_timeout(15_000)
        self._watch.context(self._context)
        return self._context.pages[0]

    def close(self) -> None:
        """Shut the browser down as a user would."""
        if self._context is not None:
            self._context.close()
            self._context = None

    def kill(self) -> None:
        """``kill -9`` of every process of the browser: the battery is pulled out."""
        for number in self._processes():
            with ignore_ended_process():
                os.kill(number, signal.SIGKILL)
        with suppress(Error):  # The driver finds its browser gone, as intended.
            self.context.close()
        self._context = None

    def forget(self) -> None:
        """Close and throw the profile away."""
        self.close()
        self._folder.cleanup()

    def _processes(self) -> Iterator[int]:
        # The main process first, so that it cannot start or restart any other.
        found = [(b"--type=" in line, number) for number, line in command_lines() if self._mine(line)]
        yield from (number for _, number in sorted(found))

    def _mine(self, line: bytes) -> bool:
        return self._folder.name.encode() in line


def command_lines() -> Iterator[tuple[int, bytes]]:
    """Process numbers and command lines of everything that runs here."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with ignore_ended_process():
                yield int(entry.name), (entry / "cmdline").read_bytes()


@contextmanager
def ignore_ended_process() -> Iterator[None]:
    """A process may end while it is looked at."""
    try:
        yield
    except (ProcessLookupError, FileNotFoundError, PermissionError):
        return
