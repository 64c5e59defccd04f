"""What every rule of the state machine needs: two users, what is known of them, and how to choose."""

from collections import Counter
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from hypothesis.stateful import RuleBasedStateMachine

from campaigns.clients.pictures import Picture, of, picture
from campaigns.server.in_process_app import Answer, InProcessApp
from campaigns.state_machine.model import Model, Photo, Upload

USERS = ("anna", "ben")
# How long before it was sent a photo was taken, in seconds; one clock runs ahead.
_AGO = (0, 3, 40, 600, -60)
BAD_BODIES = (of(b"no picture at all"), of(picture(0).body + b"tail"), of(picture(1).body[:-20]))


class TwoUsers(RuleBasedStateMachine):
    """The state of one history, without rules; small numbers choose among what is known."""

    app: InProcessApp
    examples = 0
    seen: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        type(self).examples += 1
        self.model = Model()
        self.uploads: list[Upload] = []
        self.ids = 0
        # New users each time: the app remembers how often each has asked.
        self.users = {name: f"user_{name}{type(self).examples}" for name in USERS}
        self.app.clear()

    def check_grant(self, user: str, item: dict[str, Any], shot: Picture, result: dict[str, Any]) -> None:
        """One result of a batch against the model."""
        known = "problem" if "problem" in result else "upload" if "upload" in result else "receipt"
        outcome = result["problem"]["code"] if known == "problem" else known
        self.seen[f"presign {outcome}"] += 1
        if item["width"] == 0:
            assert outcome == "invalid-field"
            return
        good = shot not in BAD_BODIES
        assert outcome == self.model.presign(user, item, good, shot, self.app.now)
        if outcome == "upload":
            upload = result["upload"]
            self.uploads.append(
                Upload(
                    photo=item["photoId"],
                    url=upload["url"],
                    headers=upload["headers"],
                    signed_at=self.app.now,
                )
            )

    def declaration(self, user: str, which: int, where: int, change: str) -> tuple[dict[str, Any], Picture]:
        """What a phone declares; every second one is of a photo that is known already."""
        known = self.photo(which) if which % 2 and self.model.photos else None
        if known is None:
            # Of a new photo, any hash and size are its own.
            change = "" if change in ("hash", "size") else change
            shot, photo, consultation, owner = (
                self.shot(which),
                self.new_id(),
                self.own_consultation(user, where),
                user,
            )
        else:
            shot, photo, consultation = known.picture, known.id, known.captured_in
            owner = known.owner if which % 4 == 1 else user
        item: dict[str, Any] = {
            "photoId": photo, "consultationId": consultation, "owner": owner,
            "contentType": shot.content_type,
            "size": shot.size, "sha256": shot.sha256, "width": shot.width, "height": shot.height,
            "capturedAt": (self.app.now - timedelta(seconds=_AGO[where % len(_AGO)])).isoformat(),
        }  # fmt: skip
        item |= self.changed(change, where)
        return item, shot

    def changed(self, change: str, where: int) -> dict[str, Any]:
        """The one field that is wrong."""
        changes: dict[str, dict[str, Any]] = {
            "": {},
            "owner": {"owner": self.users[USERS[where % 2]]},
            "hash": {"sha256": f"{where:064x}"},
            "size": {"size": 100_000 + where},
            "consultation": {"consultationId": self.consultation(where)},
            "malformed": {"width": 0},
            "nowhere": {"consultationId": _uuid(1 << 96, where)},
        }
        return changes[change]

    def shot(self, which: int) -> Picture:
        """Mostly good pictures, one in eight that must never be stored."""
        if which % 16 == 8:
            return BAD_BODIES[which % 3]
        return picture(self.ids, "WEBP" if which % 16 == 4 else "JPEG")

    def check_receipt(self, receipt: dict[str, Any]) -> None:
        """What the phone compares before it erases its bytes."""
        row = self.model.photos[receipt["photoId"]]
        assert (receipt["state"], receipt["owner"]) == (row.state, row.owner)
        assert (receipt["consultationId"], receipt["filedIn"]) == (row.captured_in, row.filed_in)
        assert (receipt["sha256"], receipt["late"]) == (row.picture.sha256, row.late)

    def count_outcome(self, what: str, answer: Answer) -> None:
        """Count an outcome, so that a campaign can say what it has been through."""
        status, code = answer.outcome
        self.seen[f"{what} {code or status}"] += 1

    def claim(self, photo: str) -> dict[str, str]:
        """What the phone that took it says."""
        row = self.model.photos[photo]
        return {"owner": row.owner, "consultationId": row.captured_in, "sha256": row.picture.sha256}

    def photo(self, which: int) -> Photo:
        """One of the known photos."""
        known = list(self.model.photos.values())
        return known[which % len(known)]

    def one_and_its_photo(self, name: str, which: int) -> tuple[str, Photo]:
        """A known photo and the user of the request: a named user, or else its owner."""
        photo = self.photo(which)
        return self.users.get(name, photo.owner), photo

    def consultation(self, which: int) -> str:
        """One of all consultations, the newest first, since small numbers are drawn most."""
        known = list(reversed(self.model.consultations))
        return known[which % len(known)]

    def own_consultation(self, user: str, which: int) -> str:
        """One of a user's consultations."""
        own = [consultation.id for consultation in self.model.of(user)]
        return own[which % len(own)]

    def new_id(self) -> str:
        """A photo id of version 7 that no other history used."""
        self.ids += 1
        return _uuid(type(self).examples << 96, self.ids)


def _uuid(high: int, low: int) -> str:
    """A UUID of version 7."""
    return str(UUID(int=high | 0x7 << 76 | 0x8 << 60 | low))
