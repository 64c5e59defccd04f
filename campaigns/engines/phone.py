"""What users do on the phone's screen, in any engine, with the same witness in front of it."""

import json

from campaigns.browser.seen import DATABASE, READ, WITNESS, Seen
from campaigns.checker.events import Local
from campaigns.engines.browser import Browser, EngineFailed, evaluate, wait_until
from e2e.support.clinic import Clinic

COLLECT = "window.harnessMessages = []; window.harnessWitness = (text) => harnessMessages.push(text);\n"
NOWHERE = "about:blank"
SILENT = "This phone's storage does not answer."


class Phone:
    """One browser at one clinic."""

    def __init__(self, browser: Browser, origin: str) -> None:
        self.browser, self.origin = browser, origin
        self.seen = Seen()
        browser.preload(COLLECT + WITNESS)

    def ask(self, expression: str) -> object:
        """The value of an expression in the page."""
        return evaluate(self.browser, expression)

    def tap(self, selector: str) -> None:
        """Tap what the selector finds."""
        self.ask(f"document.querySelector({json.dumps(selector)}).click()")

    def until(self, condition: str, limit_s: float = 30.0) -> None:
        """Wait until an expression holds in the page."""
        wait_until(lambda: self.ask(f"Boolean({condition})"), condition, limit_s)

    def sign_in(self, clinic: Clinic) -> None:
        """Sign in and stay on the first screen until the worker is there."""
        self.browser.open(f"{self.origin}/sign-in?back=/mobile")
        self.until("document.querySelector('#sign-in')?.checkVisibility()")
        for field, text in (("name", clinic.name), ("password", clinic.password)):
            self.ask(f"document.querySelector('#sign-in [name={field}]').value = {json.dumps(text)}")
        self.tap("#sign-in .button.primary")
        self.until("location.pathname === '/mobile'")
        self.at_home()
        self.until("navigator.serviceWorker.ready.then(() => true)")

    def come_back(self) -> bool:
        """Load the first screen, after a restart where it says that only this helps; whether it did."""
        self.browser.open(f"{self.origin}/mobile")
        self.until("document.body?.dataset.state")
        if silent := bool(self.ask(f"document.body.innerText.includes({json.dumps(SILENT)})")):
            self.browser.restart()
            self.browser.open(f"{self.origin}/mobile")
        self.at_home()
        return silent

    def at_home(self) -> None:
        """Wait until the first screen offers the camera."""
        self.until("/connected|uploading/.test(document.body?.dataset.state ?? '')")
        self.until("document.querySelector('#open-camera')?.disabled === false")

    def leave(self) -> None:
        """Go to another page, as with a tap on a link; what was shown until then is read."""
        self.read_witness()
        self.browser.open(NOWHERE)

    def reload(self) -> None:
        """What the browser's own button does."""
        self.read_witness()
        try:
            self.browser.reload()
        except EngineFailed:
            # It met the dead process before the engine did; a user who sees an error page taps again.
            self.browser.reload()
        self.at_home()

    def open_camera(self) -> None:
        """Open the camera and wait until it can take a photo."""
        self.tap("#open-camera")
        self.until(f"document.body.dataset.state === 'camera' && {SHUTTER_OPEN}")

    def shoot(self) -> None:
        """Tap the shutter."""
        self.tap("#take-photo")

    def take(self, before: int) -> str:
        """Take a photo and wait until it counts as kept; its id."""
        self.until(SHUTTER_OPEN)
        self.shoot()
        self.until(in_review(before + 1))
        return self.read_witness().shots[-1].photo

    def upload(self, count: int) -> None:
        """Review so many photos and approve them."""
        at_camera = self.ask("document.body.dataset.state === 'camera'")
        self.tap("#review-camera" if at_camera else "#review-home")
        self.until(f"document.querySelectorAll('#to-review > li').length === {count}")
        self.tap("#upload")

    def read_witness(self) -> Seen:
        """Read what the witness reported."""
        messages = self.ask("window.harnessMessages?.splice(0) ?? []")
        assert isinstance(messages, list)
        for one in messages:
            self.seen.take_in(json.loads(one))
        return self.seen

    def kept(self) -> tuple[list[Local], list[str]]:
        """Bytes in the phone's storage, hashed here, and the ids of its records."""
        found = evaluate(self.browser, f"({READ})({json.dumps(DATABASE)})")
        stored = [Local(photo=photo, sha256=sha256) for photo, sha256 in found["stored"]]
        return stored, [photo for _, photo, _ in found["photos"]]


SHUTTER_OPEN = "document.querySelector('#take-photo').disabled === false"


def in_review(count: int) -> str:
    """The screen says that so many photos are kept and wait for review."""
    return (
        "['#review-camera', '#review-home'].some((one) => { const shown = document.querySelector(one);"
        f" return shown.checkVisibility() && /\\b{count}\\b/.test(shown.textContent); }})"
    )
