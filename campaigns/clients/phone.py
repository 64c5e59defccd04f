"""The client: a phone over HTTP that follows the queue's rules and records what its clinician was shown.

It keeps its photos until a receipt that echoes all four facts, retries every request without an answer,
and never decides anything from a broken connection.
"""

import random
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

import msgspec

from campaigns.checker.events import (
    DeleteAsked,
    Deleted,
    Event,
    Local,
    MoveAsked,
    Moved,
    PutSeen,
    SavedShown,
    Shutter,
    StoredShown,
)
from campaigns.clients.pictures import Picture, picture
from campaigns.clients.wire import Wire
from campaigns.server.program import Program


class Shot(msgspec.Struct, frozen=True, kw_only=True):
    """A photo as the phone keeps it. One that is ``abandoned`` was never shown as saved."""

    id: str
    consultation: str
    picture: Picture
    number: int
    abandoned: bool = False


class Phone:
    """One clinician's phone and desktop at once; not for two threads."""

    def __init__(self, program: Program, history: list[Event], seed: int, limit_s: float = 10.0) -> None:
        self.program = program
        self.history = history
        self.random = random.Random(seed)
        self.wire = Wire(program.url, limit_s)
        self.answers, self.broken, self.api = self.wire.answers, self.wire.broken, self.wire.api
        self.queue: dict[str, Shot] = {}
        self.stored: dict[str, Shot] = {}
        self.deleting: set[str] = set()
        self.consultations: list[str] = []
        self.user = ""
        self._seed = seed
        self._shots = 0
        self._starts = 0

    def sign_in(self) -> None:
        """Once; the cookie outlives every restart."""
        self.user = self.wire.sign_in(*self.program.sign_in)
        unfiled = self.api("GET", "/api/me", "me")["unfiledConsultation"]["id"]
        self.consultations = [unfiled]

    def local(self) -> list[Local]:
        """What the phone still has and has shown as saved."""
        kept = [shot for shot in self.queue.values() if not shot.abandoned]
        return [Local(photo=shot.id, sha256=shot.picture.sha256) for shot in kept]

    def resume(self) -> None:
        """After a restart: first every request without an answer."""
        for photo in sorted(self.deleting):
            self._ask_to_delete(photo)
        self.drain()

    def live_a_whole_day(self) -> None:
        """Everything that a clinician does, in any order; raises ``Gone`` when the server goes."""
        day = [self.start, self.shoot_some, self.delete_one, self.move_one, self.describe_one, self.abandon]
        self.random.shuffle(day)
        self.live([self.shoot_some, *day, self.shoot_some])

    def live(self, steps: Iterable[Callable[[], None]]) -> None:
        """Do this and that, sending what waits after each."""
        for step in steps:
            step()
            self.drain()

    def start(self) -> None:
        """A new consultation on the desktop; one whose answer was lost may be open already."""
        self._starts += 1
        request = {"label": f"Room {self._shots}", "secondIdentifier": f"{self._seed}-{self._starts}"}
        made = self.api("POST", "/api/consultations", "start", request)
        self.consultations.append(made["id"])

    def shoot_some(self) -> None:
        """One to three photos in the newest consultation."""
        for _ in range(self.random.randint(1, 3)):
            self.shoot()

    def shoot(self, *, abandoned: bool = False) -> Shot:
        """The shutter; owner and consultation are frozen here."""
        self._shots += 1
        number = self._seed * 100_000 + self._shots
        shot = Shot(
            id=_photo_id(self.random),
            consultation=self.consultations[-1],
            picture=picture(number),
            number=number,
            abandoned=abandoned,
        )
        self.queue[shot.id] = shot
        self.history.append(
            Shutter(
                photo=shot.id, owner=self.user, consultation=shot.consultation, sha256=shot.picture.sha256
            )
        )
        if not abandoned:
            self.history.append(SavedShown(photo=shot.id))
        return shot

    def abandon(self) -> None:
        """A photo whose phone never comes back after its PUT; the sweeper must finish it."""
        shot = self.shoot(abandoned=True)
        try:
            if upload := self._presigned([shot]).get(shot.id):
                self._put(shot, upload)
        finally:
            del self.queue[shot.id]

    def drain(self) -> None:
        """Send everything, oldest first, one PUT at a time."""
        waiting = [shot for shot in self.queue.values() if shot.id not in self.deleting]
        for begin in range(0, len(waiting), 20):
            part = waiting[begin : begin + 20]
            uploads = self._presigned(part)
            for shot in part:
                if shot.id in uploads:
                    self._put(shot, uploads[shot.id])
                    self._complete(shot)

    def delete_one(self) -> None:
        """Delete a stored photo."""
        if self.stored:
            photo = self.random.choice(sorted(self.stored))
            self.history.append(DeleteAsked(photo=photo))
            self.deleting.add(photo)
            self._ask_to_delete(photo)

    def move_one(self) -> None:
        """File a stored photo under another consultation."""
        if self.stored:
            photo, place = self.random.choice(sorted(self.stored)), self.random.choice(self.consultations)
            self.history.append(MoveAsked(photo=photo, consultation=place))
            self.api("POST", f"/api/photos/{photo}/move", "move", {"consultationId": place})
            self.history.append(Moved(photo=photo, consultation=place))

    def describe_one(self) -> None:
        """Say something about a stored photo."""
        if self.stored:
            photo = self.random.choice(sorted(self.stored))
            self.api("PATCH", f"/api/photos/{photo}", "describe", {"caption": "left arm"})

    def _presigned(self, shots: list[Shot]) -> dict[str, dict[str, Any]]:
        body = {"photos": [self._declared(shot) for shot in shots]}
        answer = self.api("POST", "/api/uploads/presign", "presign", body)
        uploads = {}
        for result in answer["results"] if answer else ():
            if "upload" in result:
                uploads[result["photoId"]] = result["upload"]
            elif "receipt" in result:
                self._receipt(result["receipt"])
            else:
                self.broken.append(f"presign refused a photo: {result['problem']['code']}")
        return uploads

    def _declared(self, shot: Shot) -> dict[str, Any]:
        taken = shot.picture
        return {
            "photoId": shot.id, "consultationId": shot.consultation, "owner": self.user,
            "contentType": taken.content_type, "size": taken.size, "sha256": taken.sha256,
            "width": taken.width, "height": taken.height, "capturedAt": "2026-11-22T12:00:00Z",
        }  # fmt: skip

    def _put(self, shot: Shot, upload: dict[str, Any]) -> None:
        if self.wire.put(upload, shot.picture.body):
            key = f"consultations/{shot.consultation}/{shot.id}.jpg"
            self.history.append(PutSeen(key=key, sha256=shot.picture.sha256))

    def _complete(self, shot: Shot) -> None:
        claim = {
            "owner": self.user,
            "consultationId": shot.consultation,
            "sha256": shot.picture.sha256,
        }
        if receipt := self.api("POST", f"/api/uploads/{shot.id}/complete", "complete", claim):
            self._receipt(receipt)

    def _receipt(self, receipt: dict[str, Any]) -> None:
        """Bytes are erased only for a receipt of this very photo."""
        shot = self.queue.get(receipt.get("photoId", ""))
        if shot is None:
            return
        echoed = (receipt["owner"], receipt["consultationId"], receipt["sha256"], receipt["state"])
        if echoed != (self.user, shot.consultation, shot.picture.sha256, "stored"):
            self.broken.append(f"a receipt says something else: {receipt}")
            return
        del self.queue[shot.id]
        self.stored[shot.id] = shot
        self.history.append(StoredShown(photo=shot.id))

    def _ask_to_delete(self, photo: str) -> None:
        self.api("DELETE", f"/api/photos/{photo}", "delete")
        self.history.append(Deleted(photo=photo))
        self.deleting.discard(photo)
        self.stored.pop(photo, None)


def _photo_id(source: random.Random) -> str:
    return str(UUID(int=source.getrandbits(128) & ~(0xF << 76 | 0x3 << 62) | 0x7 << 76 | 0x2 << 62))
