"""Servers with one known fault each, made by wrapping a port: the control arms of the state machine."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import msgspec

from app.domain.photos.model import PhotoRow
from app.domain.ports.database import Transaction
from app.domain.ports.storage import InspectedImage
from app.main import Overrides


class Behind:
    """Everything of a real part but what a fault overrides."""

    def __init__(self, real: Any) -> None:
        self.real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


class ForgetfulStore(Behind):
    """Says that an object was deleted, and keeps it."""

    async def delete(self, key: str) -> None:
        """Nothing."""


class BlindInspector(Behind):
    """Accepts every file as the picture it was declared to be."""

    async def inspect(self, body: bytes) -> InspectedImage:
        """Always good."""
        kind = "image/webp" if body.startswith(b"RIFF") else "image/jpeg"
        return InspectedImage(content_type=kind, width=32, height=24)


class FaultyPhotos(Behind):
    """The photos of one transaction."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx.photos)
        self.consultations = tx.consultations


class LateBinding(FaultyPhotos):
    """Files a photo under the consultation that is current when it is sent."""

    async def add_pending(self, rows: Sequence[PhotoRow]) -> set[UUID]:
        """The wrong consultation for a user who switched since the shutter."""
        current = {row.owner: await self.consultations.current(row.owner) for row in rows}
        places = {
            owner: consultation.consultation_id for owner, consultation in current.items() if consultation
        }
        added: set[UUID] = await self.real.add_pending(
            [msgspec.structs.replace(row, filed_in=places.get(row.owner, row.filed_in)) for row in rows]
        )
        return added


class OpenDoors(FaultyPhotos):
    """Deletes a photo for any user."""

    async def mark_deleted(self, owner: str, photo_id: UUID, now: Any) -> Any:
        """Without the owner's predicate."""
        row = (await self.real.by_ids([photo_id])).get(photo_id)
        return await self.real.mark_deleted(row.owner if row else owner, photo_id, now)


class StoredTwice(FaultyPhotos):
    """Reports a change each time a photo's receipt is read."""

    async def by_ids(self, ids: Sequence[UUID]) -> dict[UUID, PhotoRow]:
        """Every read counts as a change."""
        found: dict[UUID, PhotoRow] = await self.real.by_ids(ids)
        for row in found.values():
            if row.state == "stored":
                await self.consultations.increment_revision(row.filed_in)
        return found


class Timeless(Behind):
    """Keeps no history of what was current: photos of the wrong patient are never asked about."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx.current_history)

    async def record(self, owner: str, since: Any) -> None:
        """Nothing."""


def faulty(repository: str, kind: Callable[[Transaction], Any]) -> Callable[[Any], Any]:
    """A wrap for the database whose transactions hand out one faulty repository."""

    class Faulty(Behind):
        @asynccontextmanager
        async def transaction(self) -> AsyncIterator[Transaction]:
            async with self.real.transaction() as tx:
                yield msgspec.structs.replace(tx, **{repository: kind(tx)})

    return Faulty


ARMS: dict[str, Callable[[], Overrides]] = {
    "objects survive deletion": lambda: Overrides(store=ForgetfulStore),
    "no look at the picture": lambda: Overrides(inspector=BlindInspector),
    "consultation bound late": lambda: Overrides(database=faulty("photos", LateBinding)),
    "owner not asked at delete": lambda: Overrides(database=faulty("photos", OpenDoors)),
    "no history of what was current": lambda: Overrides(database=faulty("current_history", Timeless)),
    "a read is a change": lambda: Overrides(database=faulty("photos", StoredTwice)),
}
