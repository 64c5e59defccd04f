"""What the server must be, as plain dictionaries: the model that the state machine checks it against.

Each verb answers the status and code that the HTTP contract promises, and changes the model only as
that promise says.
"""

from datetime import datetime, timedelta
from typing import Any

import msgspec

from campaigns.clients.pictures import Picture

FIRST_LOOK = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=6)
ERASE_AGAIN = timedelta(seconds=310)
LAST_ERASURE = timedelta(minutes=45)
REFUSAL_KEPT = timedelta(hours=1)
URL_LIFE = timedelta(seconds=300)

Outcome = tuple[int, str]
OK: Outcome = (200, "")
NO_PHOTO: Outcome = (404, "photo-not-found")
NO_CONSULTATION: Outcome = (404, "consultation-not-found")
INVALID: Outcome = (422, "invalid-image")
TWIN: Outcome = (409, "label-in-use")
SLOW_CLOCK = timedelta(seconds=5)


class Consultation(msgspec.Struct, kw_only=True):
    """A consultation."""

    id: str
    owner: str
    kind: str
    label: str
    opened_at: datetime
    second: str | None = None
    notes: str = ""
    closed_at: datetime | None = None
    discarded_at: datetime | None = None
    rev: int = 0

    @property
    def takes_photos(self) -> bool:
        """Neither closed nor discarded."""
        return self.closed_at is None and self.discarded_at is None


class Photo(msgspec.Struct, kw_only=True):
    """A row. ``good`` says whether the picture is one that may be stored."""

    id: str
    owner: str
    captured_in: str
    filed_in: str
    picture: Picture
    good: bool
    captured_at: datetime
    created_at: datetime
    next_look: datetime | None
    state: str = "pending"
    during: str | None = None
    confirmed: bool = False
    late: bool = False
    order: int | None = None
    erase_at: datetime | None = None
    refused_at: datetime | None = None
    deleted_at: datetime | None = None
    words: dict[str, str] = msgspec.field(default_factory=dict)

    @property
    def key(self) -> str:
        """Where its object is."""
        ending = {"image/jpeg": "jpg", "image/webp": "webp"}[self.picture.content_type]
        return f"consultations/{self.captured_in}/{self.id}.{ending}"


class Upload(msgspec.Struct, kw_only=True):
    """A signed PUT that a phone has."""

    photo: str
    url: str
    headers: dict[str, str]
    signed_at: datetime


class Model:
    """The expected state of two users' data."""

    def __init__(self) -> None:
        self.consultations: dict[str, Consultation] = {}
        self.chosen: dict[str, str | None] = {}
        self.history: dict[str, list[tuple[datetime, str]]] = {}
        self.photos: dict[str, Photo] = {}
        self.objects: dict[str, str] = {}
        self.stored = 0

    def current(self, user: str) -> str | None:
        """The consultation of the next shutter; a closed one is never current."""
        chosen = self.chosen.get(user)
        return chosen if chosen and self.consultations[chosen].takes_photos else None

    def of(self, user: str) -> list[Consultation]:
        """A user's consultations in the order in which they are listed."""
        own = [one for one in self.consultations.values() if one.owner == user and one.discarded_at is None]
        newest = sorted(own, key=lambda consultation: (consultation.opened_at, consultation.id), reverse=True)
        return sorted(newest, key=lambda consultation: consultation.kind == "unfiled")

    def filed(self, consultation: str) -> list[Photo]:
        """Stored photos of a consultation in the order in which the server received them."""
        inside = [
            one for one in self.photos.values() if one.filed_in == consultation and one.state == "stored"
        ]
        return sorted(inside, key=lambda one: one.order or 0)

    def unfiled(self, user: str) -> str:
        """Where photos with nothing open belong."""
        return next(
            one.id for one in self.consultations.values() if one.owner == user and one.kind == "unfiled"
        )

    def record_current(self, user: str, now: datetime) -> None:
        """What is current from now on."""
        past = self.history.setdefault(user, [])
        one = self.current(user) or self.unfiled(user)
        if not past or past[-1][1] != one:
            past.append((now, one))

    def has_twin(self, consultation: Consultation) -> bool:
        """Whether another open consultation looks the same to a user."""
        twins = [
            one
            for one in self.consultations.values()
            if one.id != consultation.id
            and one.takes_photos
            and (one.owner, one.label) == (consultation.owner, consultation.label)
        ]
        return consultation.takes_photos and any(consultation.second in (None, twin.second) for twin in twins)

    def start(self, consultation: Consultation) -> Outcome:
        """A new one becomes current, unless it looks like another."""
        if self.has_twin(consultation):
            return TWIN
        self.consultations[consultation.id] = consultation
        self.chosen[consultation.owner] = consultation.id
        self.record_current(consultation.owner, consultation.opened_at)
        return 201, ""

    def rename(self, user: str, consultation: str, label: str, second: str | None) -> Outcome:
        """Correct what a consultation is called."""
        known = self.consultations[consultation]
        if known.owner != user:
            return NO_CONSULTATION
        if (known.label, known.second) == (label, second):
            return OK
        if known.kind == "unfiled":
            return 400, "invalid-field"
        renamed = msgspec.structs.replace(known, label=label, second=second)
        if self.has_twin(renamed):
            return TWIN
        known.label, known.second = label, second
        return OK

    def discard(self, user: str, consultation: str, now: datetime) -> Outcome:
        """Take an empty one off the list."""
        known = self.consultations[consultation]
        if known.owner != user:
            return NO_CONSULTATION
        if known.kind == "unfiled":
            return 400, "invalid-field"
        if known.discarded_at is not None:
            return OK
        if any(one.filed_in == consultation and one.state != "deleted" for one in self.photos.values()):
            return 409, "consultation-not-empty"
        known.discarded_at = now
        if self.chosen.get(user) == consultation:
            self.chosen[user] = None
        self.record_current(user, now)
        return OK

    def during(self, row: Photo) -> str | None:
        """Which other consultation was current at the shutter, by the server's clock."""
        at = min(row.captured_at, row.created_at)
        past = [one for since, one in self.history.get(row.owner, []) if since <= at]
        soon = [one for since, one in self.history.get(row.owner, []) if at < since <= at + SLOW_CLOCK]
        if not past or past[-1] == row.captured_in or row.captured_in in soon:
            return None
        return past[-1]

    def grow(self, consultation: str) -> None:
        """A change of its photos, which brings a discarded one back."""
        self.consultations[consultation].rev += 1
        self.consultations[consultation].discarded_at = None

    def choose(self, user: str, consultation: str | None, now: datetime) -> Outcome:
        """Make one current; a discarded one is back then."""
        if consultation is not None:
            if self.consultations[consultation].owner != user:
                return NO_CONSULTATION
            if self.consultations[consultation].closed_at is not None:
                return 409, "consultation-closed"
            self.consultations[consultation].discarded_at = None
        self.chosen[user] = consultation
        self.record_current(user, now)
        return OK

    def close(self, user: str, consultation: str, closed: bool, now: datetime) -> Outcome:
        """Close or reopen."""
        known = self.consultations[consultation]
        if known.owner != user:
            return NO_CONSULTATION
        if known.kind == "unfiled":
            return 400, "invalid-field"
        if closed != (known.closed_at is not None):
            if not closed and self.has_twin(msgspec.structs.replace(known, closed_at=None)):
                return TWIN
            known.closed_at = now if closed else None
            self.record_current(user, now)
        return OK

    def presign(self, user: str, item: dict[str, Any], good: bool, picture: Picture, now: datetime) -> str:
        """``upload``, ``receipt`` or the code of the problem."""
        if item["owner"] != user:
            return "other-owner"
        consultation, known = self.consultations.get(item["consultationId"]), self.photos.get(item["photoId"])
        owned = consultation is not None and consultation.owner == user
        if known is None and owned:
            known = self._pending(user, item, good, picture, now)
        if known is not None and known.owner == user and not self.is_refused(known, now):
            known.refused_at = None
        if known is None or (known.owner == user and not owned):
            return "consultation-not-found"
        claim = (item["owner"], item["consultationId"], item["sha256"], item["size"])
        if claim != (known.owner, known.captured_in, known.picture.sha256, known.picture.size):
            return "photo-conflict"
        if known.state != "pending":
            return "receipt"
        return "invalid-image" if known.refused_at else "upload"

    @staticmethod
    def is_refused(row: Photo, now: datetime) -> bool:
        """Whether its bytes were found to be no photo, not long ago."""
        since = row.refused_at if row.state == "pending" else None
        return since is not None and now - since < REFUSAL_KEPT

    def _pending(self, user: str, item: dict[str, Any], good: bool, picture: Picture, now: datetime) -> Photo:
        photo = Photo(
            id=item["photoId"],
            owner=user,
            captured_in=item["consultationId"],
            filed_in=item["consultationId"],
            picture=picture,
            good=good,
            captured_at=datetime.fromisoformat(item["capturedAt"]),
            created_at=now,
            next_look=now + FIRST_LOOK,
        )
        self.photos[photo.id] = photo
        return photo

    def put(self, upload: Upload, right: bool, whole: bool, now: datetime) -> int:
        """The store's status for bytes that are the right ones, or wrong of the right length, or short."""
        photo = self.photos[upload.photo]
        if now > upload.signed_at + URL_LIFE or not whole:
            return 403
        if not right:
            return 400
        if photo.key in self.objects:
            return 412
        self.objects[photo.key] = photo.picture.sha256
        return 200

    def complete(self, user: str, photo: str, claim: dict[str, str], now: datetime) -> Outcome:
        """The phone asks for its receipt."""
        if claim["owner"] != user:
            return 409, "other-owner"
        row = self.photos.get(photo)
        if row is None or row.owner != user:
            return NO_PHOTO
        if (claim["consultationId"], claim["sha256"]) != (row.captured_in, row.picture.sha256):
            return 409, "photo-conflict"
        return OK if row.state != "pending" else self.settle(row, now)

    def settle(self, row: Photo, now: datetime) -> Outcome:
        """pending → stored, if the object is there and good."""
        if self.is_refused(row, now):
            return INVALID
        if row.key not in self.objects:
            return 409, "not-uploaded"
        if not row.good:
            row.refused_at, row.next_look = now, now + ERASE_AGAIN
            self.objects.pop(row.key)
            return INVALID
        self.stored += 1
        row.state, row.order, row.next_look = "stored", self.stored, None
        closed = self.consultations[row.captured_in].closed_at
        row.late = closed is not None and closed <= now
        row.during = self.during(row)
        self.grow(row.filed_in)
        return OK

    def delete(self, user: str, photo: str, now: datetime) -> Outcome:
        """A tombstone, and the object gone with it."""
        row = self.photos.get(photo)
        if row is None or row.owner != user:
            return NO_PHOTO
        if row.state == "deleted":
            return OK
        if row.state == "stored":
            self.consultations[row.filed_in].rev += 1
        row.state, row.words, row.next_look = "deleted", {}, None
        row.deleted_at, row.erase_at = now, now + ERASE_AGAIN
        self.objects.pop(row.key, None)
        return OK

    def describe(self, user: str, photo: str, words: dict[str, str]) -> Outcome:
        """Say something about a stored photo."""
        row = self.photos.get(photo)
        if row is None or row.owner != user or row.state != "stored":
            return NO_PHOTO
        row.words |= words
        self.grow(row.filed_in)
        return OK

    def confirm(self, user: str, photo: str, confirmed: bool) -> Outcome:
        """Answer whether a photo's place is right, or ask again."""
        outcome = self.describe(user, photo, {})
        if outcome == OK:
            self.photos[photo].confirmed = confirmed
        return outcome

    def move(self, user: str, photo: str, consultation: str) -> Outcome:
        """File a stored photo elsewhere."""
        if consultation not in self.consultations or self.consultations[consultation].owner != user:
            return NO_CONSULTATION
        row = self.photos.get(photo)
        if row is None or row.owner != user or row.state != "stored":
            return NO_PHOTO
        if row.filed_in != consultation:
            for place in (row.filed_in, consultation):
                self.grow(place)
            row.filed_in, row.confirmed = consultation, True
        return OK

    def sweep(self, now: datetime) -> None:
        """Settle what is due, and erase once more what was deleted."""
        due = [one for one in self.photos.values() if one.next_look is not None and one.next_look <= now]
        for row in sorted(due, key=lambda one: one.next_look or now):
            waited = max(now - row.created_at, FIRST_LOOK)
            row.next_look = now + min(waited, LONGEST_PAUSE)
            if row.refused_at is None:
                self.settle(row, now)
            else:
                self.objects.pop(row.key, None)
        for row in self.photos.values():
            if row.erase_at is not None and row.deleted_at is not None and row.erase_at <= now:
                gone = now - row.deleted_at
                again = min(now + gone, row.deleted_at + LAST_ERASURE)
                row.erase_at = None if gone >= LAST_ERASURE else again
                self.objects.pop(row.key, None)
