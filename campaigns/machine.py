"""The server's state machine: random requests of two users, held against a model after every step (G7).

Model = API = database = store listing. One seed is one run of ``EXAMPLES`` histories.
"""

import shutil
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis import strategies as st
from hypothesis.reporting import with_reporter
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from app.main import Parts
from campaigns import machine_faults
from campaigns.machine_check import check
from campaigns.model import OK, Model, Outcome, Upload, Visit
from campaigns.pictures import Picture, of, picture
from campaigns.results import Control, Result
from campaigns.ward import Answer, Ward

EXAMPLES = 20
STEPS = 30
USERS = ("anna", "ben")
BAD_BODIES = (of(b"no picture at all"), of(picture(0).body + b"tail"), of(picture(1).body[:-20]))

_which = st.integers(min_value=0, max_value=40)
_user = st.sampled_from(USERS)
_whose = st.sampled_from(("own", *USERS, "own"))
_CHANGES = ("", "", "", "", "owner", "hash", "size", "consultation", "malformed", "nowhere")


class ServerMachine(RuleBasedStateMachine):
    """Every rule is one request, or several at once; what it answers must be what the model answers."""

    ward: Ward
    examples = 0
    seen: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        type(self).examples += 1
        self.model = Model()
        self.uploads: list[Upload] = []
        self.ids = 0
        # New people each time: the app remembers how often one has asked.
        self.people = {name: f"user_{name}{type(self).examples}" for name in USERS}
        self.ward.clear()

    @initialize()
    def meet(self) -> None:
        """Both users have been here once, which made their unfiled consultations."""
        for user in self.people.values():
            found = self.ward.api(user, "GET", "/api/me").data["unfiledConsultation"]
            self.model.visits[found["id"]] = Visit(
                id=found["id"], owner=user, kind="unfiled", label="Unfiled", opened_at=self.ward.now
            )

    @rule(who=_user, label=st.sampled_from(["Room 1", "Ärmel 2", "x"]))
    def start(self, who: str, label: str) -> None:
        """A new consultation becomes current."""
        user = self.people[who]
        answer = self.ward.api(user, "POST", "/api/consultations", {"label": label})
        assert answer.status == 201
        made = answer.data["id"]
        self.model.visits[made] = Visit(
            id=made, owner=user, kind="visit", label=label, opened_at=self.ward.now
        )
        self.model.chosen[user] = made

    @rule(who=_whose, which=_which, none=st.sampled_from([False, False, False, True]))
    def choose(self, who: str, which: int, none: bool) -> None:
        """Anybody's consultation, or none."""
        user = self.people.get(who, self.model.visits[self.visit(which)].owner)
        visit = None if none else self.visit(which)
        answer = self.ward.api(user, "PUT", "/api/consultations/current", {"consultationId": visit})
        self.saw("choose", answer)
        assert answer.outcome == self.model.choose(user, visit)

    @rule(who=_whose, which=_which, closed=st.booleans())
    def close(self, who: str, which: int, closed: bool) -> None:
        """Close or reopen anybody's consultation."""
        visit = self.visit(which)
        user = self.people.get(who, self.model.visits[visit].owner)
        answer = self.ward.api(user, "PATCH", f"/api/consultations/{visit}", {"closed": closed})
        self.saw("close", answer)
        assert answer.outcome == self.model.close(user, visit, closed, self.ward.now)

    @rule(
        who=_user,
        photos=st.lists(st.tuples(_which, _which, st.sampled_from(_CHANGES)), min_size=1, max_size=3),
    )
    def presign(self, who: str, photos: list[tuple[int, int, str]]) -> None:
        """A batch: new photos, known ones, and ones that are wrong in one way each."""
        user = self.people[who]
        wishes = [self.wish(user, *photo) for photo in photos]
        answer = self.ward.api(user, "POST", "/api/uploads/presign", {"photos": [one[0] for one in wishes]})
        assert answer.status == 200
        for (item, shot), result in zip(wishes, answer.data["results"], strict=True):
            self.granted(user, item, shot, result)

    def granted(self, user: str, item: dict[str, Any], shot: Picture, result: dict[str, Any]) -> None:
        """One result of a batch against the model."""
        known = "problem" if "problem" in result else "upload" if "upload" in result else "receipt"
        told = result["problem"]["code"] if known == "problem" else known
        self.seen[f"presign {told}"] += 1
        if item["width"] == 0:
            assert told == "invalid-field"
            return
        good = shot not in BAD_BODIES
        assert told == self.model.presign(user, item, good, shot, self.ward.now)
        if told == "upload":
            upload = result["upload"]
            self.uploads.append(
                Upload(
                    photo=item["photoId"],
                    url=upload["url"],
                    headers=upload["headers"],
                    signed_at=self.ward.now,
                )
            )

    def wish(self, user: str, which: int, where: int, change: str) -> tuple[dict[str, Any], Picture]:
        """What a phone declares; every second one is of a photo that is known already."""
        known = self.photo(which) if which % 2 and self.model.photos else None
        if known is None:
            # Of a new photo, any hash and size are its own.
            change = "" if change in ("hash", "size") else change
            shot, photo, visit, owner = self.shot(which), self.new_id(), self.own_visit(user, where), user
        else:
            shot, photo, visit = known.picture, known.id, known.captured_in
            owner = known.owner if which % 4 == 1 else user
        item: dict[str, Any] = {
            "photoId": photo, "consultationId": visit, "owner": owner, "contentType": shot.content_type,
            "size": shot.size, "sha256": shot.sha256, "width": shot.width, "height": shot.height,
            "capturedAt": self.ward.now.isoformat(),
        }  # fmt: skip
        item |= self.changed(change, where)
        return item, shot

    def changed(self, change: str, where: int) -> dict[str, Any]:
        """The one field that is wrong."""
        changes: dict[str, dict[str, Any]] = {
            "": {},
            "owner": {"owner": self.people[USERS[where % 2]]},
            "hash": {"sha256": f"{where:064x}"},
            "size": {"size": 100_000 + where},
            "consultation": {"consultationId": self.visit(where)},
            "malformed": {"width": 0},
            "nowhere": {"consultationId": _uuid(1 << 96, where)},
        }
        return changes[change]

    def shot(self, which: int) -> Picture:
        """Mostly good pictures, one in eight that must never be stored."""
        if which % 16 == 8:
            return BAD_BODIES[which % 3]
        return picture(self.ids, "WEBP" if which % 16 == 4 else "JPEG")

    @precondition(lambda self: self.uploads)
    @rule(which=_which, how=st.sampled_from(["right", "right", "right", "wrong", "short"]))
    def put(self, which: int, how: str) -> None:
        """The right bytes, wrong ones of the right length, or too few; early, late, twice."""
        upload = self.uploads[which % len(self.uploads)]
        body = self.model.photos[upload.photo].picture.body
        sent = {"right": body, "wrong": bytes(len(body)), "short": body[:-1]}[how]
        answer = self.ward.put(upload.url, upload.headers, sent)
        self.saw("put", answer)
        assert answer.status == self.model.put(upload, how == "right", how != "short", self.ward.now)

    @precondition(lambda self: self.model.photos)
    @rule(who=_whose, which=_which, change=st.sampled_from(["", "", "", "", "owner", "hash", "consultation"]))
    def complete(self, who: str, which: int, change: str) -> None:
        """Before and after the PUT, again, by the other user, with a wrong claim."""
        user, photo = self.one_and_its_photo(who, which)
        claim = self.claim(photo.id) | ({} if change else {"owner": user})
        claim |= {name: value for name, value in self.changed(change, which).items() if name in claim}
        answer = self.ward.api(user, "POST", f"/api/uploads/{photo.id}/complete", claim)
        self.saw("complete", answer)
        assert answer.outcome == self.model.complete(user, photo.id, claim, self.ward.now)
        if answer.status == 200:
            self.receipt_tells_the_truth(answer.data)

    @precondition(lambda self: self.model.photos)
    @rule(who=_whose, which=_which)
    def state(self, who: str, which: int) -> None:
        """The state of one upload, one's own or not."""
        user, photo = self.one_and_its_photo(who, which)
        answer = self.ward.api(user, "GET", f"/api/uploads/{photo.id}")
        self.saw("state", answer)
        assert answer.status == (200 if photo.owner == user else 404)
        if answer.status == 200:
            assert answer.data["state"] == photo.state
            assert (answer.data["receipt"] is None) == (photo.state == "pending")

    @precondition(lambda self: self.model.photos)
    @rule(who=_whose, which=_which)
    def delete(self, who: str, which: int) -> None:
        """At any time, one's own or not."""
        user, photo = self.one_and_its_photo(who, which)
        answer = self.ward.api(user, "DELETE", f"/api/photos/{photo.id}")
        self.saw("delete", answer)
        assert answer.outcome == self.model.delete(user, photo.id, self.ward.now)

    @precondition(lambda self: self.model.photos)
    @rule(who=_whose, which=_which, where=_which)
    def move(self, who: str, which: int, where: int) -> None:
        """Anybody's photo into anybody's consultation."""
        (user, photo), visit = self.one_and_its_photo(who, which), self.visit(where)
        answer = self.ward.api(user, "POST", f"/api/photos/{photo.id}/move", {"consultationId": visit})
        self.saw("move", answer)
        assert answer.outcome == self.model.move(user, photo.id, visit)

    @precondition(lambda self: self.model.photos)
    @rule(who=_whose, which=_which, caption=st.sampled_from(["", "left arm", "Ö"]))
    def describe(self, who: str, which: int, caption: str) -> None:
        """Words about a photo; the fields that were not sent stay."""
        user, photo = self.one_and_its_photo(who, which)
        words = {"caption": caption} if which % 2 else {"side": "left", "bodySite": caption}
        answer = self.ward.api(user, "PATCH", f"/api/photos/{photo.id}", words)
        self.saw("describe", answer)
        assert answer.outcome == self.model.describe(user, photo.id, words)

    @precondition(lambda self: self.model.photos)
    @rule(which=_which, end=st.booleans())
    def all_at_once(self, which: int, end: bool) -> None:
        """Three completes and a presign together, with a delete or without: as if one after the other."""
        photo, ward = self.photo(which), self.ward
        user, path, claim = photo.owner, f"/api/uploads/{photo.id}/complete", self.claim(photo.id)
        work = [ward.ask(user, "POST", path, claim) for _ in range(3)]
        work += [ward.ask(user, "DELETE", f"/api/photos/{photo.id}")] if end else []
        answers = [answer.outcome for answer in ward.together(*work)]
        if end:
            self.ended(photo.id, answers)
        else:
            assert set(answers) == {self.model.complete(user, photo.id, claim, ward.now)}

    def ended(self, photo: str, answers: list[Outcome]) -> None:
        """A delete among completes: it wins, and whether the photo was stored before it shows in rev."""
        row, now = self.model.photos[photo], self.ward.now
        possible = {OK, self.model.complete(row.owner, photo, self.claim(photo), now)}
        assert answers[-1] == OK
        assert set(answers) <= possible | {(409, "not-uploaded")}
        before = self.model.visits[row.filed_in]
        self.model.delete(row.owner, photo, now)
        # Stored before the tombstone, or never: both orders are right, and they differ by two steps.
        told = self.ward.api(row.owner, "GET", f"/api/consultations/{before.id}").data["rev"]
        assert told in (before.rev, before.rev - 2)
        if told != before.rev:
            self.model.stored -= 1
        before.rev = told

    @rule(who=_user, where=_which, which=_which)
    def send(self, who: str, where: int, which: int) -> None:
        """What a phone does when nothing gets in its way: a photo's whole way in one step."""
        user = self.people[who]
        item, shot = self.wish(user, which - which % 2, where, "")
        answer = self.ward.api(user, "POST", "/api/uploads/presign", {"photos": [item]})
        self.granted(user, item, shot, answer.data["results"][0])
        self.put(len(self.uploads) - 1, "right")
        photo, claim = item["photoId"], self.claim(item["photoId"])
        answer = self.ward.api(user, "POST", f"/api/uploads/{photo}/complete", claim)
        self.saw("send", answer)
        assert answer.outcome == self.model.complete(user, photo, claim, self.ward.now)

    @rule(seconds=st.sampled_from([1, 29, 31, 299, 301, 361, 3600]))
    def wait(self, seconds: int) -> None:
        """Time passes; URLs expire."""
        self.ward.advance(seconds)

    @rule()
    def sweep(self) -> None:
        """The sweeper looks."""
        self.ward.run(self.ward.assembly.sweeper.sweep())
        self.model.sweep(self.ward.now)

    @rule()
    def publish(self) -> None:
        """The outbox goes out, each hint to the owner of what it names."""
        self.ward.run(self.ward.assembly.relay.drain())
        for user, payload in self.ward.signals.heard:
            named = payload["consultation"]
            assert payload.keys() == {"t", "consultation", "rev"}
            assert named is None or self.model.visits[named].owner == user
        self.ward.signals.heard.clear()

    @invariant()
    def the_same_everywhere(self) -> None:
        """Model = API = database = store listing."""
        check(self.ward, self.model, self.people.values())

    def receipt_tells_the_truth(self, receipt: dict[str, Any]) -> None:
        """What the phone compares before it erases its bytes."""
        row = self.model.photos[receipt["photoId"]]
        assert (receipt["state"], receipt["owner"]) == (row.state, row.owner)
        assert (receipt["consultationId"], receipt["filedIn"]) == (row.captured_in, row.filed_in)
        assert (receipt["sha256"], receipt["late"]) == (row.picture.sha256, row.late)

    def saw(self, what: str, answer: Answer) -> None:
        """Count an outcome, so that a campaign can say what it has been through."""
        status, code = answer.outcome
        self.seen[f"{what} {code or status}"] += 1

    def claim(self, photo: str) -> dict[str, str]:
        """What the phone that took it says."""
        row = self.model.photos[photo]
        return {"owner": row.owner, "consultationId": row.captured_in, "sha256": row.picture.sha256}

    def photo(self, which: int) -> Any:
        """One of the known photos."""
        known = list(self.model.photos.values())
        return known[which % len(known)]

    def one_and_its_photo(self, who: str, which: int) -> tuple[str, Any]:
        """A known photo, and whoever asks for it: a named user or its own one."""
        photo = self.photo(which)
        return self.people.get(who, photo.owner), photo

    def visit(self, which: int) -> str:
        """One of all consultations, the newest first, since small numbers are drawn most."""
        known = list(reversed(self.model.visits))
        return known[which % len(known)]

    def own_visit(self, user: str, which: int) -> str:
        """One of a user's consultations."""
        own = [visit.id for visit in self.model.of(user)]
        return own[which % len(own)]

    def new_id(self) -> str:
        """A photo id of version 7 that no other history used."""
        self.ids += 1
        return _uuid(type(self).examples << 96, self.ids)


def run(seeds: range) -> Result:
    """One run of ``EXAMPLES`` histories for each seed, and every control arm once."""
    violations, failures = 0, []
    with machine(Parts()) as kind:
        for number in seeds:
            problem = failure(kind, number, EXAMPLES)
            violations += problem is not None
            failures += [f"seed {number}: {problem}"] if problem else []
        counts = {"histories": kind.examples, **dict(sorted(kind.seen.items()))}
    controls = [control(name, parts) for name, parts in machine_faults.ARMS.items()]
    return Result(
        campaign="state-machine",
        seeds=[(seeds.start, seeds.stop)],
        trials=len(seeds) * EXAMPLES,
        counts=counts,
        violations={"broken": violations},
        controls=controls,
        failures=failures,
    )


def control(name: str, parts: Callable[[], Parts]) -> Control:
    """A server with a known fault, which the same histories must find."""
    with machine(parts()) as kind:
        return Control(
            name=name, trials=1, caught=int(failure(kind, 0, 10 * EXAMPLES, shrink=False) is not None)
        )


@contextmanager
def machine(parts: Parts) -> Iterator[type[ServerMachine]]:
    """The state machine over an app of its own, in memory where the system has a place for that."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="capture-machine-", dir=memory if memory.is_dir() else None))
    ward = Ward(folder, parts)
    try:
        yield type("Machine", (ServerMachine,), {"ward": ward, "examples": 0, "seen": Counter()})
    finally:
        ward.close()
        shutil.rmtree(folder)


def failure(kind: type[ServerMachine], number: int, examples: int, *, shrink: bool = True) -> str | None:
    """What the histories of a seed find, as the shortest steps that show it; None when all is well."""
    phases = [Phase.generate, Phase.shrink] if shrink else [Phase.generate]
    chosen = settings(
        max_examples=examples, stateful_step_count=STEPS, deadline=None, database=None, phases=phases,
        suppress_health_check=list(HealthCheck), verbosity=Verbosity.normal, print_blob=False,
    )  # fmt: skip
    said: list[object] = []
    try:
        with with_reporter(said.append):
            run_state_machine_as_test(seed(number)(kind), settings=chosen)
    except Exception as problem:
        where = traceback.extract_tb(problem.__traceback__)[-1]
        notes = "\n".join(str(line) for line in [*said, *getattr(problem, "__notes__", [])])
        return f"{type(problem).__name__} {problem} at {where.filename}:{where.lineno}\n{notes}"
    return None


def _uuid(high: int, low: int) -> str:
    """A UUID of version 7."""
    return str(UUID(int=high | 0x7 << 76 | 0x8 << 60 | low))
