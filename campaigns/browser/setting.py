"""Where a browser campaign runs: a clinic, a link that can fail, a desk, a phone, and their history.

There is one history per round: what the phone's screen showed, what its storage was given, what the
store took, and what is on the disks. Photos of earlier rounds are left out once they are checked.
"""

import contextlib
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path

from playwright.sync_api import Playwright, expect

from campaigns.browser.desk import Desk
from campaigns.browser.film import small_film
from campaigns.browser.phone import Phone
from campaigns.browser.points import OBJECT
from campaigns.browser.seen import Shot
from campaigns.checker.disk import Disk
from campaigns.checker.events import (
    Event,
    Local,
    Object,
    PutSeen,
    Row,
    SavedShown,
    Shutter,
    StoredShown,
    Waiting,
    photo_of,
)
from campaigns.checker.history import Verdict, check_history
from e2e.doubles.proxy import Proxy, open_proxy
from e2e.support.clinic import ROOT, Clinic
from e2e.support.verbs import pause_of, review, upload
from tests.support.ports import free_port
from tests.support.waiting import comes_true

LABELS = ("Room 1", "Room 2")
# Small photos are photos: the limits of time and size in the product stay as they are.
EDGE = "320"
DRAIN_LIMIT_S = 60.0


class Place:
    """A started clinic, the link of its phone and its desk; what they saw can be asked for."""

    def __init__(self, clinic: Clinic, proxy: Proxy, desk: Desk) -> None:
        self.clinic, self.proxy, self.desk = clinic, proxy, desk
        self.disk = Disk(clinic.folder)
        self.disk.data, self.disk.keys = clinic.folder / "data", clinic.folder / "keys"

    @property
    def origin(self) -> str:
        """The address that the phone uses."""
        return f"http://localhost:{self.proxy.port}"

    def puts(self) -> Iterator[PutSeen]:
        """What the store took, as the link saw it."""
        for request, status in self.proxy.answered:
            if request.method == "PUT" and re.match(OBJECT, request.path) and status == 200:
                key = request.path.partition("?")[0].removeprefix("/photos/")
                yield PutSeen(key=key, sha256=hashlib.sha256(request.body).hexdigest())

    def has_unsent_notifications(self) -> bool:
        """Whether a notification waits to be published."""
        return any(isinstance(one, Waiting) for one in self.disk.look(at_rest=True))


@contextlib.contextmanager
def open_place(folder: Path, root: Path = ROOT, **settings: str) -> Iterator[Place]:
    """A started clinic behind a link that can fail, and a desk; all gone at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    with open_proxy(port) as proxy, contextlib.ExitStack() as ends:
        origins = f"http://localhost:{port},http://localhost:{proxy.port}"
        clinic = Clinic(folder / "clinic", port, root, PUBLIC_ORIGINS=origins, LONGEST_EDGE=EDGE, **settings)
        ends.callback(clinic.kill)
        clinic.start()
        desk = Desk(clinic)
        ends.callback(desk.close)
        yield Place(clinic, proxy, desk)


class Setting(Place):
    """One clinic with one phone behind a proxy, for many rounds."""

    def __init__(self, place: Place, phone: Phone) -> None:
        super().__init__(place.clinic, place.proxy, place.desk)
        self.phone = phone
        self.open_consultations = {label: place.desk.open_consultation(label) for label in LABELS}
        self.consultations = dict(self.open_consultations)
        self.label = LABELS[-1]
        self.limit_s = DRAIN_LIMIT_S
        self._checked: set[str] = set()
        self._taken: list[Shutter] = []
        self._history: list[Event] = []
        self._complaints: list[str] = []
        self._first_shot = self._first_row = 0
        self.sound = True

    def begin(self) -> None:
        """A new round on an open phone at its first screen."""
        self.sound = False
        self._taken, self._history, self._complaints = [], [], []
        self.proxy.seen.clear()
        self.proxy.answered.clear()
        self.clinic.log.clear()
        self.at_home()
        seen = self.phone.read_witness()
        self._first_shot, self._first_row = len(seen.shots), max(seen.rows, default=-1) + 1
        seen.most_in_review = 0

    def move_desk(self) -> None:
        """The desk goes on to the other consultation; what was taken before belongs where it was taken."""
        self.label = next(label for label in self.open_consultations if label != self.label)
        self.desk.choose(self.open_consultations[self.label])

    def close_consultation(self) -> None:
        """The consultation on the desk ends; the desk goes on to a new one."""
        self.desk.close_consultation(self.open_consultations.pop(self.label))
        self.label = f"Room {len(self.consultations) + 1}"
        opened = self.desk.open_consultation(self.label)
        self.open_consultations[self.label] = self.consultations[self.label] = opened

    def record(self, *events: Event) -> None:
        """Enter what the harness itself saw or did."""
        self._history += events

    def complain(self, sentence: str) -> None:
        """Enter a broken promise that the checker does not know."""
        self._complaints.append(sentence)

    def write_down(self, label: str) -> None:
        """Enter what the phone has shown since the round began; ``label`` stood on its screen."""
        seen = self.phone.read_witness()
        self._taken = [self._shutter(shot, label) for shot in seen.shots[self._first_shot :]]
        photos = [one.photo for one in self._taken]
        self._enter(self._taken)
        self._enter(SavedShown(photo=photo) for photo in photos[: seen.most_in_review])
        for place, text in seen.rows.items():
            index = place - self._first_row
            if 0 <= index < len(photos) and re.search(r"\bStored\b", text):
                self._enter([StoredShown(photo=photos[index])])

    def _enter(self, events: Iterable[Event]) -> None:
        """What is in the history already stays where it is."""
        self._history += [event for event in events if event not in self._history]

    def _shutter(self, shot: Shot, label: str) -> Shutter:
        owner, consultation = self.desk.user, self.consultations[label]
        return Shutter(photo=shot.photo, owner=owner, consultation=consultation, sha256=shot.sha256)

    def at_home(self) -> None:
        """Wait until the phone's first screen names the desk's consultation; where it asks, switch to it."""
        self.phone.at_home()
        self.reconnect()
        page = self.phone.page
        heading = page.get_by_role("heading", name=re.compile(rf"^{self.label}\b"))
        switch = page.get_by_role("button", name=re.compile(rf"^Switch to {self.label}\b"))
        expect(heading.or_(switch)).to_be_visible(timeout=30_000)
        if switch.is_visible():
            switch.click()
        expect(heading).to_be_visible()

    def look(self, *, at_rest: bool = False) -> None:
        """Read phone, database and store, in the order in which photos travel."""
        local, _ = self.phone.kept()
        found = [one for one in self.disk.look(at_rest=at_rest) if not self._is_old(one)]
        self._history += [*found, *local]

    def _is_old(self, event: Event) -> bool:
        match event:
            case Row(photo=photo) | Local(photo=photo):
                return photo in self._checked
            case Object(key=key):
                return photo_of(key) in self._checked
            case _:
                return False

    def approve_what_waits(self) -> list[str]:
        """Review and upload what is on the first screen; complaints when its number is wrong."""
        _, records = self.phone.kept()
        waiting = [photo for photo, state in records if state == "captured"]
        if not waiting:
            return []
        try:
            expect(self.phone.page.get_by_text(f"Review ({len(waiting)})")).to_be_visible(timeout=15_000)
        except AssertionError:
            return [f"{len(waiting)} photos wait for review, and the screen does not say so"]
        # Every photo that is offered for review counts as kept.
        self._history += [SavedShown(photo=photo) for photo in waiting]
        self.look()
        review(self.phone.page, len(waiting))
        upload(self.phone.page, len(waiting))
        self._say_where_they_belong()
        return []

    def _say_where_they_belong(self) -> None:
        """Photos taken about when the desk moved are asked about: they belong where they were taken."""
        page = self.phone.page
        asked = page.get_by_role("dialog").get_by_text(re.compile("taken after the desktop moved"))
        expect(page.locator("body:not([data-state=reviewing])").or_(asked).first).to_be_visible()
        if asked.count():
            (label,) = {self._label_of(one.consultation) for one in self._taken}
            page.get_by_role("dialog").get_by_role("button", name=re.compile(rf"^{label}\b")).click()
            expect(page.locator("body")).not_to_have_attribute("data-state", "reviewing")

    def _label_of(self, consultation: str) -> str:
        """What stands on the screens for a consultation."""
        (label,) = (label for label, its in self.consultations.items() if its == consultation)
        return label

    def drain(self, hurry: bool = False) -> None:
        """Wait until the phone has no photo and every notification is sent, or until the limit."""

        def empty() -> bool:
            if hurry:
                self.reconnect()
            return not self.phone.kept()[1]

        self.wait_until(empty)
        self.wait_until(lambda: not self.has_unsent_notifications())

    def wait_for_records(self, count: int) -> None:
        """Wait until the phone has so many photos, or until the limit."""
        self.wait_until(lambda: len(self.phone.kept()[1]) == count)

    def wait_until(self, state: Callable[[], bool]) -> bool:
        """Whether a state was reached before the limit."""
        return comes_true(state, self.limit_s, pause_of(self.phone.page))

    def reconnect(self) -> None:
        """What the browser says when a link comes back."""
        self.phone.page.evaluate("dispatchEvent(new Event('online'))")

    def end(self) -> tuple[Verdict, list[str]]:
        """Check the round: the verdict, and complaints about numbers on the screen."""
        self._history += self.puts()
        complaints = self._complaints + self._numbers()
        self.look(at_rest=True)
        verdict = check_history(self._history)
        self._checked |= {one.photo for one in self.disk.rows()}
        self.sound = verdict.clean
        return verdict, complaints

    def _numbers(self) -> list[str]:
        """The line "n stored today" counts what came since midnight, and is not there for none."""
        midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        stored = self.disk.stored_since(midnight)
        line = self.phone.page.get_by_text(f"{stored} stored today")
        try:
            expect(line).to_be_visible(visible=stored > 0, timeout=self.limit_s * 250)
        except AssertionError:
            shown = self.phone.read_witness().today
            return [f"the screen says {shown} stored today and the server has {stored} of today"]
        own = {one.photo for one in self._taken}
        kept = {one.photo for one in self.disk.rows() if one.state == "stored"} & own
        self._history += [StoredShown(photo=photo) for photo in sorted(kept)]
        return []

    @property
    def history(self) -> list[Event]:
        """The history of this round."""
        return self._history


@contextlib.contextmanager
def open_setting(folder: Path, playwright: Playwright, root: Path = ROOT) -> Iterator[Setting]:
    """A started clinic, a signed-in phone that is open at its first screen; all gone at the end."""
    # Points are lines of modules.
    with open_place(folder, root, MODULES="1") as place, contextlib.ExitStack() as ends:
        phone = Phone(playwright, place.origin, small_film(folder / "film.mjpeg"))
        ends.callback(phone.forget)
        setting = Setting(place, phone)
        phone.sign_in(place.clinic)
        phone.open()
        phone.at_home()
        yield setting
