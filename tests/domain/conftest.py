"""The domain over a real SQLite file; store, signer and clock are in memory, checked elsewhere."""

import hashlib
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.adapters.database.engine import SqlDatabase
from app.adapters.database.sqlite import SqliteConnection
from app.domain.consultations.model import Consultation, NewConsultation
from app.domain.consultations.service import ConsultationService
from app.domain.photos.model import CapturedPhoto, CompletionClaim, object_key
from app.domain.photos.uploads import Uploads
from tests.support.fakes import (
    FixedClock,
    MemorySignals,
    MemoryStore,
    PlainSigner,
    SequentialIds,
    TrustingInspector,
)

ANNA, BEN = "user_anna", "user_ben"


class DomainServices:
    """The services that a domain test calls, with methods for what a phone does."""

    def __init__(self, database: SqlDatabase) -> None:
        self.database = database
        self.clock = FixedClock()
        self.store = MemoryStore(self.clock)
        self.signals = MemorySignals()
        self.signer = PlainSigner()
        self.ids = SequentialIds()
        self.relay_wakeups = 0
        self.inspector = TrustingInspector()
        self.without_thumbnail: list[tuple[UUID, str]] = []
        self.uploads = Uploads(
            database,
            self.store,
            self.inspector,
            self.clock,
            self.ids,
            self._wake_relay,
            lambda photo, why: self.without_thumbnail.append((photo, why)),
        )
        self.consultations = ConsultationService(database, self.clock, self.ids, self._wake_relay)

    def _wake_relay(self) -> None:
        self.relay_wakeups += 1

    def sql(self, statement: str, *values: object) -> list[Any]:
        """Rows of the database file, read or changed behind the app's back."""
        driver = self.database._driver
        assert isinstance(driver, SqliteConnection)
        return driver._connection.execute(statement, values).fetchall()

    async def open(self, label: str = "Room 2", user: str = ANNA) -> Consultation:
        """Start a consultation."""
        return await self.consultations.start(user, NewConsultation(label=label))

    def taken(
        self, consultation_id: UUID, body: bytes = b"a photo", user: str = ANNA, at: datetime | None = None
    ) -> CapturedPhoto:
        """The photo as a phone declares it."""
        return CapturedPhoto(
            photo_id=self.ids(),
            consultation_id=consultation_id,
            owner=user,
            content_type="image/jpeg",
            size=len(body),
            sha256=hashlib.sha256(body).hexdigest(),
            width=800,
            height=600,
            captured_at=at or self.clock(),
        )

    async def presigned(self, *photos: CapturedPhoto, user: str = ANNA) -> None:
        """Presign, every photo granted."""
        granted = await self.uploads.presign(user, photos, self.signer)
        assert all(one.upload for one in granted)

    def put(self, photo: CapturedPhoto, body: bytes = b"a photo") -> None:
        """The phone's PUT."""
        key = object_key(photo.consultation_id, photo.photo_id, photo.content_type)
        self.store.put(key, body, photo.content_type)

    async def stored(
        self, consultation_id: UUID, body: bytes = b"a photo", user: str = ANNA
    ) -> CapturedPhoto:
        """A photo after presign, PUT and complete."""
        photo = self.taken(consultation_id, body, user)
        await self.presigned(photo, user=user)
        self.put(photo, body)
        await self.uploads.complete(user, photo.photo_id, claim(photo))
        return photo

    async def events(self) -> list[dict[str, object]]:
        """Payloads of the outbox rows that are not yet published."""
        async with self.database.transaction() as tx:
            return [event.payload for event in await tx.outbox.list_unpublished(100)]


def claim(photo: CapturedPhoto) -> CompletionClaim:
    """The phone's fields in its request for the receipt."""
    return CompletionClaim(owner=photo.owner, consultation_id=photo.consultation_id, sha256=photo.sha256)


@pytest.fixture
async def ward(tmp_path: Path) -> AsyncIterator[DomainServices]:
    database = await SqlDatabase.open(tmp_path / "capture.sqlite3")
    await database.migrate()
    yield DomainServices(database)
    await database.close()
