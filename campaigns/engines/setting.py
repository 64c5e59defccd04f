"""A clinic, a link, a desk and one phone in one engine, with a history of what was shown and stored."""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from campaigns.browser.setting import DRAIN_LIMIT_S, Place, open_place
from campaigns.checker.events import Event, Object, SavedShown, Shutter
from campaigns.checker.history import Verdict, check_history
from campaigns.engines.browser import Browser, NeverCame, wait_until
from campaigns.engines.phone import Phone
from e2e.support.clinic import ROOT

LABEL = "Room 1"
# About a second for a photo of this size.
SLOW_BYTES_PER_S = 12_000.0


class EngineSetting(Place):
    """One round: ``end`` checks it."""

    def __init__(self, place: Place, phone: Phone) -> None:
        super().__init__(place.clinic, place.proxy, place.desk)
        self.phone = phone
        self.consultation = place.desk.open_consultation(LABEL)
        self.complaints: list[str] = []
        self.counts: Counter[str] = Counter()
        self.limit_s = DRAIN_LIMIT_S
        self._saved: list[str] = []

    @property
    def saved(self) -> int:
        """How many photos the phone has called saved."""
        return len(self._saved)

    def take(self, count: int) -> None:
        """Take photos; each is entered as saved when the screen counts it."""
        for _ in range(count):
            self._saved.append(self.phone.take(self.saved))

    def stored(self) -> int:
        """How many photos the database calls stored."""
        return sum(row.state == "stored" for row in self.disk.rows())

    def drain(self) -> None:
        """Wait until the phone has no photo and every notification is sent, or until the limit."""

        def at_rest() -> bool:
            return not self.has_unsent_notifications() and not self.phone.kept()[1]

        with contextlib.suppress(NeverCame):
            wait_until(at_rest, "an empty phone", self.limit_s)

    def end(self) -> tuple[Verdict, list[str]]:
        """Look at phone, database and store once more; the checker's verdict, and what else is wrong."""
        seen = self.phone.read_witness()
        history: list[Event] = [
            Shutter(photo=one.photo, owner=self.desk.user, consultation=self.consultation, sha256=one.sha256)
            for one in seen.shots
        ]
        history += [SavedShown(photo=photo) for photo in self._saved]
        history += self.puts()
        local, _ = self.phone.kept()
        verdict = check_history([*history, *self.disk.look(at_rest=True), *local])
        if self.stored() != self.saved:
            self.complaints.append(f"{self.saved} photos were saved and {self.stored()} are stored")
        return verdict, self.complaints

    def frames(self) -> int:
        """How many different pictures were taken."""
        return len({one.sha256 for one in self.phone.read_witness().shots})

    def objects(self) -> int:
        """How many objects the store has."""
        return sum(isinstance(one, Object) for one in self.disk.look())


@contextlib.contextmanager
def open_engine_setting(
    folder: Path, launch: Callable[[], Browser], root: Path = ROOT
) -> Iterator[EngineSetting]:
    """A started clinic with a signed-in phone at its first screen; all gone at the end."""
    with open_place(folder, root) as place, contextlib.closing(launch()) as browser:
        setting = EngineSetting(place, Phone(browser, place.origin))
        setting.phone.sign_in(place.clinic)
        yield setting
