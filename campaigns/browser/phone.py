"""The phone of a campaign: a browser with a profile on disk and a witness of its screen.

Its storage is read past the app's own code.
"""

import json
import re
from contextlib import suppress
from pathlib import Path

from playwright.sync_api import Error, Page, Playwright, expect

from campaigns.browser.inspector import ARGUMENTS, PORT_FILE, Inspector, NotReached, Target
from campaigns.browser.seen import DATABASE, READ, WITNESS, Seen
from campaigns.checker.events import Local
from e2e.conftest import PHONE, QUIET, chromium
from e2e.support.clinic import Clinic
from e2e.support.handset import Handset
from e2e.support.verbs import expect_state, sign_in
from e2e.support.watch import Watch

STOP_TRIES = 10
STOP_LIMIT_S = 3.0


class Phone:
    """One handset on one clinic; everything it showed is in ``seen``."""

    database = DATABASE

    def __init__(self, playwright: Playwright, origin: str, film: Path) -> None:
        camera = ["--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={film}"]
        options = {**PHONE, "base_url": origin}
        self._handset = Handset(playwright, chromium(), [*QUIET, *camera], options, Watch())
        self._inspector: Inspector | None = None
        self._witness: Target | None = None
        self.page: Page
        self.seen = Seen()

    def sign_in(self, clinic: Clinic) -> None:
        """Sign in and close properly, so that the profile on disk knows the user."""
        page = self._handset.open()
        sign_in(page, clinic)
        expect_state(page, "connected")
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        self._handset.close()

    def open(self) -> None:
        """Start the browser, with a witness in front of the page's own code."""
        self._hang_up()
        (self._handset.profile / PORT_FILE).unlink(missing_ok=True)
        self.page = self._handset.open(*ARGUMENTS)
        self._inspector = Inspector(self._handset.profile)
        self._witness = self._inspector.target("page")
        for method, parameters in (
            ("Runtime.enable", {}),
            ("Page.enable", {}),
            ("Runtime.addBinding", {"name": "harnessWitness"}),
            ("Page.addScriptToEvaluateOnNewDocument", {"source": WITNESS}),
        ):
            self._witness.call(method, **parameters)
        self.seen = Seen()
        self.page.goto("/mobile")

    def at_home(self) -> None:
        """Wait until the first screen knows what it may offer."""
        expect(self.page.locator("body")).to_have_attribute(
            "data-state", re.compile("connected|uploading"), timeout=30_000
        )
        expect(self.page.get_by_role("button", name="Open camera")).to_be_enabled(timeout=30_000)

    @property
    def screen(self) -> Target:
        """The page under inspection."""
        assert self._witness is not None
        return self._witness

    def worker(self) -> Target:
        """The service worker under inspection."""
        assert self._inspector is not None
        return self._inspector.target("service_worker")

    def stop_workers(self) -> None:
        """What the browser does to a worker whenever it likes: gone in the middle of its work."""
        assert self._inspector is not None
        stopped = self._inspector.ids("service_worker")
        self.screen.call("ServiceWorker.enable")
        for _ in range(STOP_TRIES):
            # An order that meets a worker which is just starting is forgotten.
            self.screen.call("ServiceWorker.stopAllWorkers")
            if self._inspector.are_gone(stopped, STOP_LIMIT_S):
                return
        raise NotReached("the worker does not stop")

    def kill(self) -> None:
        """``kill -9``; what the witness had reported until then is read."""
        self._handset.kill()
        self.read_witness()

    def forget(self) -> None:
        """End it and throw the profile away."""
        self._hang_up()
        with suppress(Error):
            self._handset.close()
        self._handset.forget()

    def _hang_up(self) -> None:
        if self._inspector is not None:
            self._inspector.close()
        self._inspector = self._witness = None

    def read_witness(self) -> Seen:
        """Read what the witness reported."""
        for event in self.screen.taken("Runtime.bindingCalled"):
            self.seen.take_in(json.loads(event["payload"]))
        return self.seen

    def words(self) -> str:
        """What stands on the screen."""
        return self.page.locator("body").inner_text()

    def kept(self) -> tuple[list[Local], list[tuple[str, str]]]:
        """Bytes in the phone's storage, hashed here, and each record's id and state in shutter order."""
        found = self.page.evaluate(READ, DATABASE)
        stored = [Local(photo=photo, sha256=sha256) for photo, sha256 in found["stored"]]
        return stored, [(photo, state) for _, photo, state in sorted(found["photos"])]
