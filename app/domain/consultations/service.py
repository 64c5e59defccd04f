"""Consultations as a clinician works with them: start, choose, read, close, list the photos."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from app.domain.consultations.model import (
    Consultation,
    ConsultationChange,
    ConsultationKind,
    CurrentAnswer,
    NewConsultation,
    is_ambiguous,
    stored_identifier,
    stored_label,
)
from app.domain.errors import (
    ConsultationClosed,
    ConsultationNotEmpty,
    ConsultationNotFound,
    InvalidField,
    LabelInUse,
)
from app.domain.notifications import consultations_changed
from app.domain.photos.model import PhotoRow, PhotoView, Schema, TakenDuring, photo_view
from app.domain.ports.clock import Clock, NewId
from app.domain.ports.database import Database, Transaction
from app.domain.ports.repositories import ConsultationAuditEntry
from app.domain.ports.signals import NotifyOutbox
from app.domain.ports.storage import UploadSigner

# About a millisecond of work.
_AT_ONCE = 100


class PhotoList(Schema, frozen=True):
    """Stored photos in the server's order; ``rev`` changes with every change of them."""

    consultation_id: UUID
    rev: int
    photos: list[PhotoView]


class CurrentConsultations(msgspec.Struct, kw_only=True, frozen=True):
    """Where a user's next photo goes: the current consultation if any, else the unfiled one."""

    current: Consultation | None
    unfiled: Consultation


class ConsultationService:
    """The consultations of one signed-in user at a time."""

    def __init__(self, database: Database, clock: Clock, new_id: NewId, notify_outbox: NotifyOutbox) -> None:
        self._database = database
        self._clock = clock
        self._new_id = new_id
        self._notify_outbox = notify_outbox

    async def current_consultations(self, user: str) -> CurrentConsultations:
        """Current and unfiled consultation; creates the user's unfiled one if missing."""
        async with self._database.transaction() as tx:
            await tx.consultations.ensure_user(user, self._new_id(), self._clock())
            return CurrentConsultations(
                current=await tx.consultations.current(user), unfiled=await tx.consultations.unfiled(user)
            )

    async def start(self, user: str, new: NewConsultation) -> Consultation:
        """A new consultation, which becomes current in the same transaction.

        Raises ``LabelInUse`` where it could not be distinguished from another open one.
        """
        now = self._clock()
        consultation = Consultation(
            consultation_id=self._new_id(),
            owner=user,
            kind=ConsultationKind.VISIT,
            label=stored_label(new.label),
            second_identifier=stored_identifier(new.second_identifier),
            opened_at=now,
        )
        async with self._database.transaction() as tx:
            await tx.consultations.ensure_user(user, self._new_id(), now)
            await _must_differ(tx, consultation)
            await tx.consultations.add(consultation)
            await tx.consultations.set_current(user, consultation.consultation_id)
            await tx.current_history.record(user, self._clock())
            await self._notify(tx, user, consultation.consultation_id, 0)
        self._notify_outbox()
        return consultation

    async def list(self, user: str) -> tuple[list[Consultation], UUID | None]:
        """All consultations, newest first and unfiled last, and the id of the current one."""
        async with self._database.transaction() as tx:
            await tx.consultations.ensure_user(user, self._new_id(), self._clock())
            current = await tx.consultations.current(user)
            chosen = None if current is None else current.consultation_id
            return await tx.consultations.list_all(user), chosen

    async def read(self, user: str, consultation_id: UUID) -> Consultation:
        """One consultation of this user; raises ``ConsultationNotFound``."""
        async with self._database.transaction() as tx:
            return await _owned(tx, user, consultation_id)

    async def change(self, user: str, consultation_id: UUID, change: ConsultationChange) -> Consultation:
        """Correct label or identifier, edit notes, close or reopen; notifies the user's pages.

        Closing ends new shutters, never uploads. Raises ``ConsultationNotFound``, ``LabelInUse`` where
        it could not be distinguished from another open one, or ``InvalidField`` for the unfiled one, of
        which only the notes can change.
        """
        async with self._database.transaction() as tx:
            before = await _owned(tx, user, consultation_id)
            await self._correct(tx, before, change)
            if change.notes is not msgspec.UNSET and change.notes != before.notes:
                await tx.consultations.set_notes(user, consultation_id, change.notes)
                await self._notify(tx, user, consultation_id, before.rev)
            if change.closed is not msgspec.UNSET:
                await self._close(tx, before, change.closed)
            after = await _owned(tx, user, consultation_id)
        self._notify_outbox()
        return after

    async def current(self, user: str, camera: UUID | None = None) -> CurrentAnswer:
        """Which consultation the next shutter belongs to, and the state of an open camera's one."""
        async with self._database.transaction() as tx:
            current = await tx.consultations.current(user)
            seen = None if camera is None else await tx.consultations.get(user, camera)
            if seen is None or (current and current.consultation_id == camera):
                return CurrentAnswer(current)
            moves = await tx.current_history.moves_since(user, seen.consultation_id)
            return CurrentAnswer(current, not seen.takes_photos, moves)

    async def choose(self, user: str, consultation_id: UUID | None) -> Consultation | None:
        """Make an open consultation current, or none; notifies the user's open pages.

        Choosing a discarded one puts it back on the list. Raises ``ConsultationNotFound``,
        ``ConsultationClosed``, or ``LabelInUse`` where another has taken a discarded one's label.
        """
        async with self._database.transaction() as tx:
            chosen = None
            if consultation_id is not None:
                chosen = await _owned(tx, user, consultation_id)
                if chosen.closed_at is not None:
                    raise ConsultationClosed
                await self._restore(tx, chosen)
            await tx.consultations.ensure_user(user, self._new_id(), self._clock())
            await tx.consultations.set_current(user, consultation_id)
            await tx.current_history.record(user, self._clock())
            await self._notify(tx, user, consultation_id, chosen.rev if chosen else 0)
        self._notify_outbox()
        return chosen

    async def discard(self, user: str, consultation_id: UUID) -> Consultation:
        """Take an empty consultation off the list; a photo that arrives later brings it back.

        Raises ``ConsultationNotEmpty`` where it holds photos, stored or on their way, or notes;
        ``ConsultationNotFound``; ``InvalidField`` for the unfiled one.
        """
        async with self._database.transaction() as tx:
            before = await _owned(tx, user, consultation_id)
            if before.kind is ConsultationKind.UNFILED:
                raise InvalidField("The unfiled photos cannot be discarded.", "consultationId")
            if before.discarded_at is None:
                if not await tx.consultations.discard(user, consultation_id, self._clock()):
                    raise ConsultationNotEmpty
                await self._audit(tx, before, "discard", before.label, "")
                await tx.current_history.record(user, self._clock())
                await self._notify(tx, user, consultation_id, before.rev)
            after = await _owned(tx, user, consultation_id)
        self._notify_outbox()
        return after

    async def rev(self, user: str, consultation_id: UUID) -> int:
        """The revision of a consultation's photos, of which a list's ETag is made.

        Raises ``ConsultationNotFound``.
        """
        async with self._database.transaction() as tx:
            return await _owned_revision(tx, user, consultation_id)

    async def photos(self, user: str, consultation_id: UUID, signer: UploadSigner) -> PhotoList:
        """Stored photos, each with a signed GET URL that is equal for 5 minutes.

        Raises ``ConsultationNotFound``.
        """
        async with self._database.transaction() as tx:
            rev = await _owned_revision(tx, user, consultation_id)
            rows = await tx.photos.list_stored(user, consultation_id)
            asked = {one for row in rows if (one := row.in_question) is not None}
            during = await tx.current_history.entries(user, [*asked])
        views = await _photo_views(rows, signer, self._clock(), during)
        return PhotoList(consultation_id=consultation_id, rev=rev, photos=views)

    async def _close(self, tx: Transaction, before: Consultation, closed: bool) -> None:
        if before.kind is ConsultationKind.UNFILED:
            raise InvalidField("The unfiled photos cannot be closed.", "closed")
        back = not closed and before.discarded_at is not None
        if closed == (before.closed_at is not None) and not back:
            return
        at: datetime | None = self._clock() if closed else None
        await tx.consultations.set_closed(before.owner, before.consultation_id, at)
        if back:
            await self._restore(tx, before)
        elif not closed:
            await _must_differ(tx, msgspec.structs.replace(before, closed_at=None))
        await tx.current_history.record(before.owner, self._clock())
        await self._notify(tx, before.owner, before.consultation_id, before.rev)

    async def _correct(self, tx: Transaction, before: Consultation, change: ConsultationChange) -> None:
        """Change label and second identifier, with an audit row for each that differs."""
        after = _corrected(before, change)
        if after == before:
            return
        if before.kind is ConsultationKind.UNFILED:
            raise InvalidField("The unfiled photos keep their name.", "label")
        await _must_differ(tx, after)
        await tx.consultations.rename(
            before.owner, before.consultation_id, after.label, after.second_identifier
        )
        for action, old, new in (
            ("label", before.label, after.label),
            ("second-identifier", before.second_identifier or "", after.second_identifier or ""),
        ):
            if old != new:
                await self._audit(tx, before, action, old, new)
        await self._notify(tx, before.owner, before.consultation_id, before.rev)

    async def _restore(self, tx: Transaction, consultation: Consultation) -> None:
        if consultation.discarded_at is not None:
            await tx.consultations.restore(consultation.owner, consultation.consultation_id)
            await _must_differ(tx, msgspec.structs.replace(consultation, closed_at=None, discarded_at=None))
            await self._audit(tx, consultation, "bring-back", "", consultation.label)

    async def _audit(
        self, tx: Transaction, consultation: Consultation, action: str, before: str, after: str
    ) -> None:
        entry = ConsultationAuditEntry(
            at=self._clock(),
            actor=consultation.owner,
            action=action,
            consultation_id=consultation.consultation_id,
            before=before,
            after=after,
        )
        await tx.consultations.add_audit(entry)

    async def _notify(self, tx: Transaction, user: str, consultation_id: UUID | None, rev: int) -> None:
        payload = consultations_changed(consultation_id, rev)
        await tx.outbox.add(self._new_id(), user, payload, self._clock())


async def _must_differ(tx: Transaction, consultation: Consultation) -> None:
    """Raises ``LabelInUse`` where an open consultation could not be distinguished from the others."""
    if is_ambiguous(consultation, await tx.consultations.list_open_for_update(consultation.owner)):
        raise LabelInUse


def _corrected(before: Consultation, change: ConsultationChange) -> Consultation:
    label = before.label if change.label is msgspec.UNSET else stored_label(change.label)
    second = change.second_identifier
    return msgspec.structs.replace(
        before,
        label=label,
        second_identifier=before.second_identifier if second is msgspec.UNSET else stored_identifier(second),
    )


async def _photo_views(
    rows: Sequence[PhotoRow], signer: UploadSigner, now: datetime, during: Mapping[int, TakenDuring]
) -> list[PhotoView]:
    """Signed views, a few at a time, so that a long list does not block the event loop."""
    views: list[PhotoView] = []
    for start in range(0, len(rows), _AT_ONCE):
        views += [
            photo_view(
                row,
                signer.sign_get(row, now),
                signer.sign_thumbnail(row, now) if row.has_thumbnail else None,
                None if (asked := row.in_question) is None else during[asked],
            )
            for row in rows[start : start + _AT_ONCE]
        ]
        await asyncio.sleep(0)
    return views


async def _owned_revision(tx: Transaction, user: str, consultation_id: UUID) -> int:
    rev = await tx.consultations.get_revision(user, consultation_id)
    if rev is None:
        raise ConsultationNotFound
    return rev


async def _owned(tx: Transaction, user: str, consultation_id: UUID) -> Consultation:
    consultation = await tx.consultations.get(user, consultation_id)
    if consultation is None:
        raise ConsultationNotFound
    return consultation
