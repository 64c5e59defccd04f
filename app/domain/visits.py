"""Consultations as a clinician works with them: start, choose, read, close, list the photos."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from app.domain.consultations import (
    Consultation,
    ConsultationChange,
    ConsultationKind,
    NewConsultation,
)
from app.domain.errors import ConsultationClosed, ConsultationNotFound, InvalidField
from app.domain.hints import consultations_changed
from app.domain.photos import PhotoRow, PhotoView, Schema, photo_view
from app.domain.ports import Clock, Database, NewId, Records, Ring, UploadSigner

# About a millisecond of work.
_AT_ONCE = 100


class PhotoList(Schema, frozen=True):
    """Stored photos in the server's order; ``rev`` tells whether anything changed."""

    consultation_id: UUID
    rev: int
    photos: list[PhotoView]


class Standing(msgspec.Struct, kw_only=True, frozen=True):
    """Where a user's next photo goes: the current consultation if any, else the unfiled one."""

    current: Consultation | None
    unfiled: Consultation


class Visits:
    """The consultations of one signed-in user at a time."""

    def __init__(self, database: Database, clock: Clock, new_id: NewId, ring: Ring) -> None:
        self._database = database
        self._clock = clock
        self._new_id = new_id
        self._ring = ring

    async def standing(self, user: str) -> Standing:
        """Current and unfiled consultation; creates the user's unfiled one at first sight."""
        async with self._database.transaction() as records:
            await records.ensure_user(user, self._new_id(), self._clock())
            return Standing(current=await records.current(user), unfiled=await records.unfiled(user))

    async def start(self, user: str, wish: NewConsultation) -> Consultation:
        """A new consultation, which becomes current in the same transaction."""
        now = self._clock()
        consultation = Consultation(
            consultation_id=self._new_id(),
            owner=user,
            kind=ConsultationKind.VISIT,
            label=wish.label.strip(),
            second_identifier=(wish.second_identifier or "").strip() or None,
            opened_at=now,
        )
        async with self._database.transaction() as records:
            await records.ensure_user(user, self._new_id(), now)
            await records.add_consultation(consultation)
            await records.set_current(user, consultation.consultation_id)
            await self._tell(records, user, consultation.consultation_id, 0)
        self._ring()
        return consultation

    async def list(self, user: str) -> tuple[list[Consultation], UUID | None]:
        """All consultations, newest first and unfiled last, and the id of the current one."""
        async with self._database.transaction() as records:
            await records.ensure_user(user, self._new_id(), self._clock())
            current = await records.current(user)
            chosen = None if current is None else current.consultation_id
            return await records.consultations(user), chosen

    async def read(self, user: str, consultation_id: UUID) -> Consultation:
        """One consultation of this user."""
        async with self._database.transaction() as records:
            return await _owned(records, user, consultation_id)

    async def change(self, user: str, consultation_id: UUID, change: ConsultationChange) -> Consultation:
        """Edit notes, close or reopen; tells the user's pages. Closing ends new shutters, never uploads."""
        async with self._database.transaction() as records:
            before = await _owned(records, user, consultation_id)
            if change.notes is not msgspec.UNSET and change.notes != before.notes:
                await records.set_notes(user, consultation_id, change.notes)
                await self._tell(records, user, consultation_id, before.rev)
            if change.closed is not msgspec.UNSET:
                await self._close(records, before, change.closed)
            after = await _owned(records, user, consultation_id)
        self._ring()
        return after

    async def current(self, user: str, camera: UUID | None = None) -> tuple[Consultation | None, bool]:
        """Which consultation the next shutter belongs to, and whether that of an open camera is closed."""
        async with self._database.transaction() as records:
            seen = None if camera is None else await records.consultation(user, camera)
            return await records.current(user), seen is not None and seen.closed_at is not None

    async def choose(self, user: str, consultation_id: UUID | None) -> Consultation | None:
        """Make an open consultation current, or none; tells the user's open pages."""
        async with self._database.transaction() as records:
            chosen = None
            if consultation_id is not None:
                chosen = await _owned(records, user, consultation_id)
                if chosen.closed_at is not None:
                    raise ConsultationClosed
            await records.ensure_user(user, self._new_id(), self._clock())
            await records.set_current(user, consultation_id)
            await self._tell(records, user, consultation_id, chosen.rev if chosen else 0)
        self._ring()
        return chosen

    async def rev(self, user: str, consultation_id: UUID) -> int:
        """The revision of a consultation's photos: what a list's ETag is made of."""
        return (await self.read(user, consultation_id)).rev

    async def photos(self, user: str, consultation_id: UUID, signer: UploadSigner) -> PhotoList:
        """Stored photos, each with a signed GET URL that is equal for 5 minutes."""
        async with self._database.transaction() as records:
            consultation = await _owned(records, user, consultation_id)
            rows = await records.stored_photos(user, consultation_id)
        views = await _shown(rows, signer, self._clock())
        return PhotoList(consultation_id=consultation_id, rev=consultation.rev, photos=views)

    async def _close(self, records: Records, before: Consultation, closed: bool) -> None:
        if before.kind is ConsultationKind.UNFILED:
            raise InvalidField("The unfiled photos cannot be closed.", "closed")
        if closed == (before.closed_at is not None):
            return
        at: datetime | None = self._clock() if closed else None
        await records.set_closed(before.owner, before.consultation_id, at)
        await self._tell(records, before.owner, before.consultation_id, before.rev)

    async def _tell(self, records: Records, user: str, consultation_id: UUID | None, rev: int) -> None:
        payload = consultations_changed(consultation_id, rev)
        await records.add_event(self._new_id(), user, payload, self._clock())


async def _shown(rows: Sequence[PhotoRow], signer: UploadSigner, now: datetime) -> list[PhotoView]:
    """Signed views, a few at a time, so that a long list holds nobody up."""
    views: list[PhotoView] = []
    for row in rows:
        views.append(photo_view(row, signer.sign_get(row, now)))
        if len(views) % _AT_ONCE == 0:
            await asyncio.sleep(0)
    return views


async def _owned(records: Records, user: str, consultation_id: UUID) -> Consultation:
    consultation = await records.consultation(user, consultation_id)
    if consultation is None:
        raise ConsultationNotFound
    return consultation
