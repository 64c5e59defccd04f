"""The server's state machine: random requests of two users, checked against a model after every step.

Model = API = database = store listing; ``state_machine.py`` runs it.
"""

from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
)

from campaigns.state_machine.check import check
from campaigns.state_machine.model import OK, Consultation, Outcome
from campaigns.state_machine.users import USERS, TwoUsers

_which = st.integers(min_value=0, max_value=40)
_user = st.sampled_from(USERS)
_whose = st.sampled_from(("own", *USERS, "own"))
_label = st.sampled_from(["Room 1", "Ärmel 2", "x"])
_second = st.sampled_from([None, None, "1961", "B 12"])
_CHANGES = ("", "", "", "", "owner", "hash", "size", "consultation", "malformed", "nowhere")


class ServerMachine(TwoUsers):
    """Every rule is one request, or several at once; what it answers must be what the model answers."""

    @initialize()
    def meet(self) -> None:
        """Both users have signed in once, which made their unfiled consultations."""
        for user in self.users.values():
            found = self.app.api(user, "GET", "/api/me").data["unfiledConsultation"]
            self.model.consultations[found["id"]] = Consultation(
                id=found["id"], owner=user, kind="unfiled", label="Unfiled", opened_at=self.app.now
            )

    @rule(who=_user, label=_label, second=_second)
    def start(self, who: str, label: str, second: str | None) -> None:
        """A new consultation becomes current, unless it looks the same as another open one."""
        user = self.users[who]
        request = {"label": label, "secondIdentifier": second}
        answer = self.app.api(user, "POST", "/api/consultations", request)
        self.count_outcome("start", answer)
        made = answer.data.get("id", "")
        consultation = Consultation(
            id=made, owner=user, kind="visit", label=label, second=second, opened_at=self.app.now
        )
        assert answer.outcome == self.model.start(consultation)

    @rule(who=_whose, which=_which, label=_label, second=_second)
    def rename(self, who: str, which: int, label: str, second: str | None) -> None:
        """Correct the label of any user's consultation."""
        consultation = self.consultation(which)
        user = self.users.get(who, self.model.consultations[consultation].owner)
        change = {"label": label, "secondIdentifier": second}
        answer = self.app.api(user, "PATCH", f"/api/consultations/{consultation}", change)
        self.count_outcome("rename", answer)
        assert answer.outcome == self.model.rename(user, consultation, label, second)

    @rule(who=_whose, which=_which)
    def discard(self, who: str, which: int) -> None:
        """Any user's consultation, empty or not."""
        consultation = self.consultation(which)
        user = self.users.get(who, self.model.consultations[consultation].owner)
        answer = self.app.api(user, "POST", f"/api/consultations/{consultation}/discard")
        self.count_outcome("discard", answer)
        assert answer.outcome == self.model.discard(user, consultation, self.app.now)

    @precondition(lambda self: self.model.photos)
    @rule(who=_whose, which=_which, confirmed=st.booleans())
    def confirm(self, who: str, which: int, confirmed: bool) -> None:
        """Answer the question about a photo's place, or ask it again."""
        user, photo = self.one_and_its_photo(who, which)
        answer = self.app.api(user, "PATCH", f"/api/photos/{photo.id}", {"placeConfirmed": confirmed})
        self.count_outcome("confirm", answer)
        assert answer.outcome == self.model.confirm(user, photo.id, confirmed)

    @rule(who=_whose, which=_which, none=st.sampled_from([False, False, False, True]))
    def choose(self, who: str, which: int, none: bool) -> None:
        """Any user's consultation, or none."""
        user = self.users.get(who, self.model.consultations[self.consultation(which)].owner)
        consultation = None if none else self.consultation(which)
        answer = self.app.api(user, "PUT", "/api/consultations/current", {"consultationId": consultation})
        self.count_outcome("choose", answer)
        assert answer.outcome == self.model.choose(user, consultation, self.app.now)

    @rule(who=_whose, which=_which, closed=st.booleans())
    def close(self, who: str, which: int, closed: bool) -> None:
        """Close or reopen any user's consultation."""
        consultation = self.consultation(which)
        user = self.users.get(who, self.model.consultations[consultation].owner)
        answer = self.app.api(user, "PATCH", f"/api/consultations/{consultation}", {"closed": closed})
        self.count_outcome("close", answer)
        assert answer.outcome == self.model.close(user, consultation, closed, self.app.now)

    @rule(
        who=_user,
        photos=st.lists(st.tuples(_which, _which, st.sampled_from(_CHANGES)), min_size=1, max_size=3),
    )
    def presign(self, who: str, photos: list[tuple[int, int, str]]) -> None:
        """A batch: new photos, known ones, and ones that are wrong in one way each."""
        user = self.users[who]
        declared = [self.declaration(user, *photo) for photo in photos]
        answer = self.app.api(user, "POST", "/api/uploads/presign", {"photos": [one[0] for one in declared]})
        assert answer.status == 200
        for (item, shot), result in zip(declared, answer.data["results"], strict=True):
            self.check_grant(user, item, shot, result)

    @precondition(lambda self: self.uploads)
    @rule(which=_which, how=st.sampled_from(["right", "right", "right", "wrong", "short"]))
    def put(self, which: int, how: str) -> None:
        """The right bytes, wrong ones of the right length, or too few; early, late, twice."""
        upload = self.uploads[which % len(self.uploads)]
        body = self.model.photos[upload.photo].picture.body
        sent = {"right": body, "wrong": bytes(len(body)), "short": body[:-1]}[how]
        answer = self.app.put(upload.url, upload.headers, sent)
        self.count_outcome("put", answer)
        assert answer.status == self.model.put(upload, how == "right", how != "short", self.app.now)

    @precondition(lambda self: self.model.photos)
    @rule(who=_whose, which=_which, change=st.sampled_from(["", "", "", "", "owner", "hash", "consultation"]))
    def complete(self, who: str, which: int, change: str) -> None:
        """Before and after the PUT, again, by the other user, with a wrong claim."""
        user, photo = self.one_and_its_photo(who, which)
        claim = self.claim(photo.id) | ({} if change else {"owner": user})
        claim |= {name: value for name, value in self.changed(change, which).items() if name in claim}
        answer = self.app.api(user, "POST", f"/api/uploads/{photo.id}/complete", claim)
        self.count_outcome("complete", answer)
        assert answer.outcome == self.model.complete(user, photo.id, claim, self.app.now)
        if answer.status == 200:
            self.check_receipt(answer.data)

    @precondition(lambda self: self.model.photos)
    @rule(who=_whose, which=_which)
    def state(self, who: str, which: int) -> None:
        """The state of one upload, one's own or not."""
        user, photo = self.one_and_its_photo(who, which)
        answer = self.app.api(user, "GET", f"/api/uploads/{photo.id}")
        self.count_outcome("state", answer)
        assert answer.status == (200 if photo.owner == user else 404)
        if answer.status == 200:
            assert answer.data["state"] == photo.state
            assert (answer.data["receipt"] is None) == (photo.state == "pending")

    @precondition(lambda self: self.model.photos)
    @rule(who=_whose, which=_which)
    def delete(self, who: str, which: int) -> None:
        """At any time, one's own or not."""
        user, photo = self.one_and_its_photo(who, which)
        answer = self.app.api(user, "DELETE", f"/api/photos/{photo.id}")
        self.count_outcome("delete", answer)
        assert answer.outcome == self.model.delete(user, photo.id, self.app.now)

    @precondition(lambda self: self.model.photos)
    @rule(who=_whose, which=_which, where=_which)
    def move(self, who: str, which: int, where: int) -> None:
        """Any user's photo into any user's consultation."""
        (user, photo), consultation = self.one_and_its_photo(who, which), self.consultation(where)
        answer = self.app.api(user, "POST", f"/api/photos/{photo.id}/move", {"consultationId": consultation})
        self.count_outcome("move", answer)
        assert answer.outcome == self.model.move(user, photo.id, consultation)

    @precondition(lambda self: self.model.photos)
    @rule(who=_whose, which=_which, caption=st.sampled_from(["", "left arm", "Ö"]))
    def describe(self, who: str, which: int, caption: str) -> None:
        """Words about a photo; the fields that were not sent stay."""
        user, photo = self.one_and_its_photo(who, which)
        words = {"caption": caption} if which % 2 else {"side": "left", "bodySite": caption}
        answer = self.app.api(user, "PATCH", f"/api/photos/{photo.id}", words)
        self.count_outcome("describe", answer)
        assert answer.outcome == self.model.describe(user, photo.id, words)

    @precondition(lambda self: self.model.photos)
    @rule(which=_which, end=st.booleans())
    def all_at_once(self, which: int, end: bool) -> None:
        """Three completes and a presign together, with a delete or without: as if one after the other."""
        photo, app = self.photo(which), self.app
        user, path, claim = photo.owner, f"/api/uploads/{photo.id}/complete", self.claim(photo.id)
        work = [app.ask(user, "POST", path, claim) for _ in range(3)]
        work += [app.ask(user, "DELETE", f"/api/photos/{photo.id}")] if end else []
        answers = [answer.outcome for answer in app.together(*work)]
        if end:
            self.ended(photo.id, answers)
        else:
            assert set(answers) == {self.model.complete(user, photo.id, claim, app.now)}

    def ended(self, photo: str, answers: list[Outcome]) -> None:
        """A delete among completes: it wins, and whether the photo was stored before it shows in rev."""
        row, now = self.model.photos[photo], self.app.now
        possible = {OK, self.model.complete(row.owner, photo, self.claim(photo), now)}
        assert answers[-1] == OK
        assert set(answers) <= possible | {(409, "not-uploaded")}
        before = self.model.consultations[row.filed_in]
        self.model.delete(row.owner, photo, now)
        # Stored before the tombstone, or never: both orders are right, and they differ by two steps.
        rev = self.app.api(row.owner, "GET", f"/api/consultations/{before.id}").data["rev"]
        assert rev in (before.rev, before.rev - 2)
        if rev != before.rev:
            self.model.stored -= 1
        before.rev = rev

    @rule(who=_user, where=_which, which=_which)
    def send(self, who: str, where: int, which: int) -> None:
        """What a phone does when nothing gets in its way: a photo's whole way in one step."""
        user = self.users[who]
        item, shot = self.declaration(user, which - which % 2, where, "")
        answer = self.app.api(user, "POST", "/api/uploads/presign", {"photos": [item]})
        self.check_grant(user, item, shot, answer.data["results"][0])
        self.put(len(self.uploads) - 1, "right")
        photo, claim = item["photoId"], self.claim(item["photoId"])
        answer = self.app.api(user, "POST", f"/api/uploads/{photo}/complete", claim)
        self.count_outcome("send", answer)
        assert answer.outcome == self.model.complete(user, photo, claim, self.app.now)
        self.seen["taken while another was current"] += self.model.photos[photo].during is not None

    @rule(seconds=st.sampled_from([1, 29, 31, 299, 301, 361, 3600]))
    def wait(self, seconds: int) -> None:
        """Time passes; URLs expire."""
        self.app.advance(seconds)

    @rule()
    def sweep(self) -> None:
        """The sweeper looks."""
        self.app.run(self.app.backends.sweeper.sweep())
        self.model.sweep(self.app.now)

    @rule()
    def publish(self) -> None:
        """The outbox is sent, each notification to the owner of what it names."""
        self.app.run(self.app.backends.relay.drain())
        for user, payload in self.app.signals.published:
            named = payload["consultation"]
            assert payload.keys() == {"t", "consultation", "rev"}
            assert named is None or self.model.consultations[named].owner == user
        self.app.signals.published.clear()

    @invariant()
    def the_same_everywhere(self) -> None:
        """Model = API = database = store listing."""
        check(self.app, self.model, self.users.values())
