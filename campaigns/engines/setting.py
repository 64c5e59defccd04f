"""A clinic, a link, a desk and one phone in one engine, with a history of what was shown and stored."""

import contextlib
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from campaigns.browser.desk import Desk
from campaigns.browser.points import OBJECT
from campaigns.checker.disk import Disk
from campaigns.checker.events import Event, Object, PutSeen, SavedShown, Shutter, Waiting
from campaigns.checker.history import Verdict, check_history
from campaigns.engines.browser import Browser, NeverCame, wait_until
from campaigns.engines.phone import Phone
from e2e.doubles.proxy import Proxy, open_proxy
from e2e.support.clinic import ROOT, Clinic
from tests.support.ports import free_port

LABEL = "Room 1"
EDGE = "320"
DRAIN_LIMIT_S = 60.0
# About a second for a photo of this size.
SLOW_BYTES_PER_S = 12_000.0


class EngineSetting:
    """One round: ``end`` checks it."""

    def __init__(self, clinic: Clinic, proxy: Proxy, desk: Desk, phone: Phone) -> None:
        self.clinic, self.proxy, self.desk, self.phone = clinic, proxy, desk, phone
        self.consultation = desk.open_consultation(LABEL)
        self.disk = Disk(clinic.folder)
        self.disk.data, self.disk.keys = clinic.folder / "data", clinic.folder / "keys"
        self.complaints: list[str] = []
        self.counts: Counter[str] = Counter()
        self.limit_s = DRAIN_LIMIT_S
        self._saved: list[str] = []

    @property
    def origin(self) -> str:
        """The address that the phone uses."""
        return self.phone.origin

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
            waiting = any(isinstance(one, Waiting) for one in self.disk.look(at_rest=True))
            return not waiting and not self.phone.kept()[1]

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
        history += self._puts()
        local, _ = self.phone.kept()
        verdict = check_history([*history, *self.disk.look(at_rest=True), *local])
        if self.stored() != self.saved:
            self.complaints.append(f"{self.saved} photos were saved and {self.stored()} are stored")
        return verdict, self.complaints

    def _puts(self) -> Iterator[PutSeen]:
        for request, status in self.proxy.answered:
            if request.method == "PUT" and re.match(OBJECT, request.path) and status == 200:
                key = request.path.partition("?")[0].removeprefix("/photos/")
                yield PutSeen(key=key, sha256=hashlib.sha256(request.body).hexdigest())

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
    port = free_port()
    with open_proxy(port) as proxy, contextlib.ExitStack() as ends:
        origins = f"http://localhost:{port},http://localhost:{proxy.port}"
        clinic = Clinic(folder / "clinic", port, root, PUBLIC_ORIGINS=origins, LONGEST_EDGE=EDGE)
        ends.callback(clinic.kill)
        clinic.start()
        desk = Desk(clinic)
        ends.callback(desk.close)
        browser = launch()
        ends.callback(browser.close)
        setting = EngineSetting(clinic, proxy, desk, Phone(browser, f"http://localhost:{proxy.port}"))
        setting.phone.sign_in(clinic)
        yield setting
