"""The server's state machine: random requests of two users, held against a model after every step.

Model = API = database = store listing; ``state_machine.py`` runs it.
"""

from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
)

from campaigns.machine_check import check
from campaigns.machine_people import USERS, TwoPeople
from campaigns.model import OK, Outcome, Visit

_which = st.integers(min_value=0, max_value=40)
_user = st.sampled_from(USERS)
_whose = st.sampled_from(("own", *USERS, "own"))
_label = st.sampled_from(["Room 1", "Ärmel 2", "x"])
_second = st.sampled_from([None, None, "1961", "B 12"])
_CHANGES = ("", "", "", "", "owner", "hash", "size", "consultation", "malformed", "nowhere")


class ServerMachine(TwoPeople):
    """Every rule is one request, or several at once; what it answers must be what the model answers."""

    @initialize()
    def meet(self) -> None:
        """Both users have been here once, which made their unfiled consultations."""
        for user in self.people.values():
            found = self.ward.api(user, "GET", "/api/me").data["unfiledConsultation"]
            self.model.visits[found["id"]] = Visit(
                id=found["id"], owner=user, kind="unfiled", label="Unfiled", opened_at=self.ward.now
            )

    @rule(who=_user, label=_label, second=_second)
    def start(self, who: str, label: str, second: str | None) -> None:
        """A new consultation becomes current, unless nobody could tell it from another open one."""
        user = self.people[who]
        wish = {"label": label, "secondIdentifier": second}
        answer = self.ward.api(user, "POST", "/api/consultations", wish)
        self.saw("start", answer)
        made = answer.data.get("id", "")
        visit = Visit(id=made, owner=user, kind="visit", label=label, second=second, opened_at=self.ward.now)
        assert answer.outcome == self.model.start(visit)

    @rule(who=_whose, which=_which, label=_label, second=_second)
    def rename(self, who: str, which: int, label: str, second: str | None) -> None:
        """Correct what anybody's consultation is called."""
        visit = self.visit(which)
        user = self.people.get(who, self.model.visits[visit].owner)
        change = {"label": label, "secondIdentifier": second}
        answer = self.ward.api(user, "PATCH", f"/api/consultations/{visit}", change)
        self.saw("rename", answer)
        assert answer.outcome == self.model.rename(user, visit, label, second)

    @rule(who=_whose, which=_which)
    def discard(self, who: str, which: int) -> None:
        """Anybody's consultation, empty or not."""
        visit = self.visit(which)
        user = self.people.get(who, self.model.visits[visit].owner)
        answer = self.ward.api(user, "POST", f"/api/consultations/{visit}/discard")
        self.saw("discard", answer)
        assert answer.outcome == self.model.discard(user, visit, self.ward.now)

    @precondition(lambda self: self.model.photos)
    @rule(who=_whose, which=_which, confirmed=st.booleans())
    def confirm(self, who: str, which: int, confirmed: bool) -> None:
        """Answer the question about a photo's place, or ask it again."""
        user, photo = self.one_and_its_photo(who, which)
        answer = self.ward.api(user, "PATCH", f"/api/photos/{photo.id}", {"placeConfirmed": confirmed})
        self.saw("confirm", answer)
        assert answer.outcome == self.model.confirm(user, photo.id, confirmed)

    @rule(who=_whose, which=_which, none=st.sampled_from([False, False, False, True]))
    def choose(self, who: str, which: int, none: bool) -> None:
        """Anybody's consultation, or none."""
        user = self.people.get(who, self.model.visits[self.visit(which)].owner)
        visit = None if none else self.visit(which)
        answer = self.ward.api(user, "PUT", "/api/consultations/current", {"consultationId": visit})
        self.saw("choose", answer)
        assert answer.outcome == self.model.choose(user, visit, self.ward.now)

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
        self.seen["taken while another was current"] += self.model.photos[photo].during is not None

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
