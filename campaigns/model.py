"""What the server must be, as plain dictionaries: the model that the state machine holds it against.

Each verb answers the status and code that the HTTP contract promises, and changes the model only as
that promise says.
"""

from datetime import datetime, timedelta
from typing import Any

import msgspec

from campaigns.pictures import Picture

FIRST_LOOK = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=6)
ERASE_AGAIN = timedelta(minutes=45)
URL_LIFE = timedelta(seconds=300)

Outcome = tuple[int, str]
OK: Outcome = (200, "")
NO_PHOTO: Outcome = (404, "photo-not-found")
NO_CONSULTATION: Outcome = (404, "consultation-not-found")


class Visit(msgspec.Struct, kw_only=True):
    """A consultation."""

    id: str
    owner: str
    kind: str
    label: str
    opened_at: datetime
    notes: str = ""
    closed_at: datetime | None = None
    rev: int = 0


class Photo(msgspec.Struct, kw_only=True):
    """A row. ``good`` says whether the picture is one that may be stored."""

    id: str
    owner: str
    captured_in: str
    filed_in: str
    picture: Picture
    good: bool
    created_at: datetime
    next_look: datetime | None
    state: str = "pending"
    late: bool = False
    order: int | None = None
    erase_at: datetime | None = None
    words: dict[str, str] = msgspec.field(default_factory=dict)

    @property
    def key(self) -> str:
        """Where its object is."""
        ending = {"image/jpeg": "jpg", "image/webp": "webp"}[self.picture.content_type]
        return f"consultations/{self.captured_in}/{self.id}.{ending}"


class Upload(msgspec.Struct, kw_only=True):
    """A signed PUT that a phone holds."""

    photo: str
    url: str
    headers: dict[str, str]
    signed_at: datetime


class Model:
    """Two users' world."""

    def __init__(self) -> None:
        self.visits: dict[str, Visit] = {}
        self.chosen: dict[str, str | None] = {}
        self.photos: dict[str, Photo] = {}
        self.objects: dict[str, str] = {}
        self.stored = 0

    def current(self, user: str) -> str | None:
        """The consultation of the next shutter; a closed one is never current."""
        chosen = self.chosen.get(user)
        return chosen if chosen and self.visits[chosen].closed_at is None else None

    def of(self, user: str) -> list[Visit]:
        """A user's consultations in the order in which they are listed."""
        own = [visit for visit in self.visits.values() if visit.owner == user]
        newest = sorted(own, key=lambda visit: (visit.opened_at, visit.id), reverse=True)
        return sorted(newest, key=lambda visit: visit.kind == "unfiled")

    def filed(self, visit: str) -> list[Photo]:
        """Stored photos of a consultation in the order in which the server received them."""
        inside = [one for one in self.photos.values() if one.filed_in == visit and one.state == "stored"]
        return sorted(inside, key=lambda one: one.order or 0)

    def choose(self, user: str, visit: str | None) -> Outcome:
        """Make one current."""
        if visit is not None:
            if self.visits[visit].owner != user:
                return NO_CONSULTATION
            if self.visits[visit].closed_at is not None:
                return 409, "consultation-closed"
        self.chosen[user] = visit
        return OK

    def close(self, user: str, visit: str, closed: bool, now: datetime) -> Outcome:
        """Close or reopen."""
        known = self.visits[visit]
        if known.owner != user:
            return NO_CONSULTATION
        if known.kind == "unfiled":
            return 400, "invalid-field"
        if closed != (known.closed_at is not None):
            known.closed_at = now if closed else None
        return OK

    def presign(self, user: str, item: dict[str, Any], good: bool, picture: Picture, now: datetime) -> str:
        """``upload``, ``receipt`` or the code of the problem."""
        if item["owner"] != user:
            return "other-owner"
        visit, known = self.visits.get(item["consultationId"]), self.photos.get(item["photoId"])
        owned = visit is not None and visit.owner == user
        if known is None and owned:
            known = self._pending(user, item, good, picture, now)
        if known is None or (known.owner == user and not owned):
            return "consultation-not-found"
        claim = (item["owner"], item["consultationId"], item["sha256"], item["size"])
        if claim != (known.owner, known.captured_in, known.picture.sha256, known.picture.size):
            return "photo-conflict"
        return "upload" if known.state == "pending" else "receipt"

    def _pending(self, user: str, item: dict[str, Any], good: bool, picture: Picture, now: datetime) -> Photo:
        photo = Photo(
            id=item["photoId"],
            owner=user,
            captured_in=item["consultationId"],
            filed_in=item["consultationId"],
            picture=picture,
            good=good,
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
        if row.key not in self.objects:
            return 409, "not-uploaded"
        if not row.good:
            return 422, "invalid-image"
        self.stored += 1
        row.state, row.order, row.next_look = "stored", self.stored, None
        closed = self.visits[row.captured_in].closed_at
        row.late = closed is not None and closed <= now
        self.visits[row.filed_in].rev += 1
        return OK

    def delete(self, user: str, photo: str, now: datetime) -> Outcome:
        """A tombstone, and the object gone with it."""
        row = self.photos.get(photo)
        if row is None or row.owner != user:
            return NO_PHOTO
        if row.state == "deleted":
            return OK
        if row.state == "stored":
            self.visits[row.filed_in].rev += 1
        row.state, row.words, row.next_look, row.erase_at = "deleted", {}, None, now + ERASE_AGAIN
        self.objects.pop(row.key, None)
        return OK

    def describe(self, user: str, photo: str, words: dict[str, str]) -> Outcome:
        """Say something about a stored photo."""
        row = self.photos.get(photo)
        if row is None or row.owner != user or row.state != "stored":
            return NO_PHOTO
        row.words |= words
        self.visits[row.filed_in].rev += 1
        return OK

    def move(self, user: str, photo: str, visit: str) -> Outcome:
        """File a stored photo elsewhere."""
        if visit not in self.visits or self.visits[visit].owner != user:
            return NO_CONSULTATION
        row = self.photos.get(photo)
        if row is None or row.owner != user or row.state != "stored":
            return NO_PHOTO
        if row.filed_in != visit:
            for place in (row.filed_in, visit):
                self.visits[place].rev += 1
            row.filed_in = visit
        return OK

    def sweep(self, now: datetime) -> None:
        """Settle what is due, and erase once more what was deleted."""
        due = [one for one in self.photos.values() if one.next_look is not None and one.next_look <= now]
        for row in sorted(due, key=lambda one: one.next_look or now):
            if self.settle(row, now) != OK:
                waited = max(now - row.created_at, FIRST_LOOK)
                row.next_look = now + min(waited, LONGEST_PAUSE)
        for row in self.photos.values():
            if row.erase_at is not None and row.erase_at <= now:
                row.erase_at = None
                self.objects.pop(row.key, None)
