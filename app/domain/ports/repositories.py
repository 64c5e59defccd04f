"""What one database transaction can read and write, by topic. Owner predicates stand in the SQL itself."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from app.domain.consultations.model import Consultation, Move
from app.domain.photos.model import PhotoDescription, PhotoRow, TakenDuring
from app.domain.photos.quota import PendingLoad


class OutboxEvent(msgspec.Struct, kw_only=True, frozen=True):
    """A notification to publish; ``seq`` orders it, ``event_id`` makes its publishing idempotent."""

    seq: int
    event_id: UUID
    owner: str
    payload: dict[str, object]


class PhotoAuditEntry(msgspec.Struct, kw_only=True, frozen=True):
    """One change of a photo: time, actor and action; ids only."""

    at: datetime
    actor: str
    action: str
    photo_id: UUID
    before: str
    after: str


class ConsultationAuditEntry(msgspec.Struct, kw_only=True, frozen=True):
    """One correction, discard or return of a consultation, with the text before and after."""

    at: datetime
    actor: str
    action: str
    consultation_id: UUID
    before: str = ""
    after: str = ""


class InventoryEntry(msgspec.Struct, kw_only=True, frozen=True):
    """A photo that a phone reported and that is not here yet; ids and times, no patient data.

    ``announced_at``: server time of the photo's first report; ``heard_at``: of the device's last report.
    ``missing_since``: the device's inventory no longer contained it.
    """

    photo_id: UUID
    owner: str
    device_id: UUID
    consultation_id: UUID
    captured_at: datetime
    state: str
    announced_at: datetime
    missing_since: datetime | None = None
    acknowledged_at: datetime | None = None
    heard_at: datetime


class PhotoRepository(Protocol):
    """Photos from presign to tombstone, as requests ask for them."""

    async def by_ids(self, ids: Sequence[UUID]) -> dict[UUID, PhotoRow]:
        """Rows by id, of any owner, in one query, without unknown ids; the services compare owners."""
        ...

    async def list_stored(self, owner: str, consultation_id: UUID) -> list[PhotoRow]:
        """Stored photos filed in a consultation, in the order of their receipts; empty if not the user's."""
        ...

    async def add_pending(self, rows: Sequence[PhotoRow]) -> set[UUID]:
        """One multi-row insert: the ids that are new; those that already exist are left as they are."""
        ...

    async def count_pending(self, owner: str, since: datetime) -> PendingLoad:
        """What a user began to send after ``since`` and is pending still; zeros where nothing is."""
        ...

    async def mark_stored(
        self, photo_id: UUID, received_at: datetime, has_thumbnail: bool = False
    ) -> PhotoRow | None:
        """pending → stored in one predicate (a tombstone wins): the new row, or None if not pending.

        ``late`` is set when the consultation is closed by then, ``taken_during`` when another one was
        current at the shutter, ``has_thumbnail`` as it is given. A refused row stays as it is.
        """
        ...

    async def mark_refused(self, photo_id: UUID, now: datetime) -> bool:
        """Record that a pending row's object is no photo; False where it is not pending any more.

        From here on nothing marks it stored, so that its object can be erased.
        """
        ...

    async def clear_refusals(self, photo_ids: Sequence[UUID]) -> None:
        """Let refused photos be sent and checked once more."""
        ...

    async def get_for_update(self, owner: str, photo_id: UUID) -> PhotoRow | None:
        """The user's photo, locked until the transaction ends; None if not theirs."""
        ...

    async def mark_deleted(self, owner: str, photo_id: UUID, now: datetime) -> PhotoRow | None:
        """Tombstone a pending or stored photo: the row *before* it, or None if not the user's."""
        ...

    async def describe(self, owner: str, photo_id: UUID, change: PhotoDescription) -> PhotoRow | None:
        """The stored photo with its new description; None unless it is the user's."""
        ...

    async def set_place_confirmed(self, owner: str, photo_id: UUID, at: datetime | None) -> PhotoRow | None:
        """Answer whether a stored photo is in the right place, or ask again; None unless it is the user's."""
        ...

    async def file_under(self, owner: str, photo_id: UUID, consultation_id: UUID) -> PhotoRow | None:
        """The stored photo in its new place; None unless both are the user's."""
        ...

    async def add_audit(self, entry: PhotoAuditEntry) -> None:
        """Add one line that is never changed."""
        ...


class ConsultationRepository(Protocol):
    """Users with their consultations, and which of them is current."""

    async def ensure_user(self, user: str, unfiled_id: UUID, now: datetime) -> None:
        """Create the user with the unfiled consultation unless both exist."""
        ...

    async def get(self, owner: str, consultation_id: UUID) -> Consultation | None:
        """The user's consultation, a discarded one too; None if not theirs."""
        ...

    async def get_revision(self, owner: str, consultation_id: UUID) -> int | None:
        """``rev`` of the user's consultation, a discarded one too; None if not theirs."""
        ...

    async def openings(self, owner: str, ids: Sequence[UUID]) -> dict[UUID, datetime]:
        """When those of ``ids`` that belong to ``owner`` were opened, in one query; without all others."""
        ...

    async def list_all(self, owner: str) -> list[Consultation]:
        """A user's, newest first, the unfiled one last, with counts; discarded ones are left out."""
        ...

    async def list_open_for_update(self, owner: str) -> list[Consultation]:
        """Those that take new photos; no other transaction starts or renames one until this one ends."""
        ...

    async def unfiled(self, owner: str) -> Consultation:
        """The unfiled consultation; ``IndexError`` for a user that ``ensure_user`` has never seen."""
        ...

    async def current(self, owner: str) -> Consultation | None:
        """The one that the next shutter belongs to; neither a closed nor a discarded one. None if unfiled."""
        ...

    async def set_current(self, owner: str, consultation_id: UUID | None) -> None:
        """Choose one, or none; another user's consultation changes nothing."""
        ...

    async def add(self, consultation: Consultation) -> None:
        """Add a consultation of a known user."""
        ...

    async def rename(
        self, owner: str, consultation_id: UUID, label: str, second_identifier: str | None
    ) -> None:
        """Correct what the user's own consultation is called; the unfiled one keeps its name."""
        ...

    async def discard(self, owner: str, consultation_id: UUID, at: datetime) -> bool:
        """Hide the user's own consultation, which stops being current; False if it holds photos or notes."""
        ...

    async def restore(self, owner: str, consultation_id: UUID) -> None:
        """Undo ``discard``; no error when it was not discarded."""
        ...

    async def set_notes(self, owner: str, consultation_id: UUID, notes: str) -> None:
        """Replace the notes of the user's own consultation."""
        ...

    async def set_closed(self, owner: str, consultation_id: UUID, at: datetime | None) -> None:
        """Close or reopen the user's own consultation; the unfiled one stays open."""
        ...

    async def increment_revision(self, consultation_id: UUID) -> int:
        """Increase ``rev`` and return the new one; a discarded consultation is back with its photo."""
        ...

    async def add_audit(self, entry: ConsultationAuditEntry) -> None:
        """Add one line that is never changed."""
        ...


class CurrentHistoryRepository(Protocol):
    """Which consultation of a user was current since when; entries are only ever added."""

    async def record(self, owner: str, since: datetime) -> None:
        """Add what is current now, unless the last entry says so; unfiled where none is."""
        ...

    async def moves_since(self, owner: str, consultation_id: UUID) -> list[Move]:
        """The user's newest entries after the last one of a consultation, oldest first; empty without one."""
        ...

    async def entries(self, owner: str, seqs: Sequence[int]) -> dict[int, TakenDuring]:
        """The user's entries by their number, with today's labels; without those that are not theirs."""
        ...


class OutboxRepository(Protocol):
    """Notifications that are published once their transaction has committed."""

    async def add(self, event_id: UUID, owner: str, payload: Mapping[str, object], now: datetime) -> None:
        """Queue an event; it exists if and only if the transaction commits."""
        ...

    async def list_unpublished(self, limit: int) -> list[OutboxEvent]:
        """The oldest unpublished events, in order."""
        ...

    async def mark_published(self, seqs: Sequence[int], now: datetime) -> None:
        """Mark events as published; ``purge_expired`` deletes them later."""
        ...


class InventoryRepository(Protocol):
    """Devices and the photos that they reported."""

    async def get_or_create_device(self, digest: str, new_id: UUID, now: datetime) -> UUID:
        """The device of a cookie, by the SHA-256 of its value; created if new; sets ``heard_at``."""
        ...

    async def list_entries(self, owner: str) -> list[InventoryEntry]:
        """A user's reported photos that are neither stored nor deleted here."""
        ...

    async def put_entry(self, entry: InventoryEntry) -> None:
        """Add or replace the entry of one reported photo of its owner."""
        ...

    async def delete_entries(self, owner: str, photo_ids: Sequence[UUID]) -> None:
        """Delete the entries of photos that their owner deleted on the phone; unknown ids are no error."""
        ...


class MaintenanceRepository(Protocol):
    """The work of sweeper and reconcile, over the rows of all users."""

    async def list_due_pending(self, now: datetime, limit: int) -> list[PhotoRow]:
        """Pending rows whose next look is due (first 30 s after the URL, then backing off)."""
        ...

    async def postpone_pending(self, photo_id: UUID, until: datetime, due: datetime | None = None) -> bool:
        """Look at a pending row again at ``until``; False, and nothing changed, if it is not pending.

        With ``due``: nor where a look is due by then no longer, since another process has taken it.
        """
        ...

    async def list_due_erasures(self, now: datetime, limit: int) -> list[PhotoRow]:
        """Tombstones whose object must be removed once more (late PUTs)."""
        ...

    async def postpone_erasure(self, photo_id: UUID, until: datetime, due: datetime) -> bool:
        """Erase again at ``until``: it could not be done, or a PUT that is still allowed may undo it.

        False, and nothing changed, where another process has finished or moved it already.
        """
        ...

    async def finish_erasure(self, photo_id: UUID) -> bool:
        """The object of a tombstone is gone and no URL for it can still be alive; False if known already."""
        ...

    async def purge_expired(self, now: datetime) -> None:
        """Delete what is over: sessions, counted failures, published events, settled inventory entries."""
        ...

    async def photo_page(self, after: UUID | None, limit: int) -> list[PhotoRow]:
        """Rows in the order of their ids, those behind ``after`` only; empty behind the last one."""
        ...

    async def consultation_owner(self, consultation_id: UUID) -> str | None:
        """Whose consultation this is; None where it is unknown."""
        ...

    async def last_written_at(self) -> datetime | None:
        """The latest time at which this database is known to have been written; None if it never was."""
        ...


class MetricsRepository(Protocol):
    """Numbers for the operator."""

    async def counts(self, now: datetime) -> dict[str, float]:
        """All of them by name; ages end in ``_s`` and are 0 where nothing waits, counters in ``_total``.

        pending (and those older than 5 min, 1 h, 1 day), outbox, erasures, reported (``announced``) and
        missing photos, the oldest of each, and what sweeper and reconciliation have found so far.
        """
        ...

    async def increment_counters(self, found: Mapping[str, int]) -> None:
        """Add to the counters that outlive the process; names as in ``counts``, without ``_total``."""
        ...


class UploadSessionRepository(Protocol):
    """Upload cookies, each by the SHA-256 of its value."""

    async def add(self, digest: str, user: str, session_id: str, until: datetime) -> None:
        """Remember a cookie."""
        ...

    async def find(self, digest: str, now: datetime) -> tuple[str, str] | None:
        """(user, session id) of a cookie; None if it is unknown or has ended."""
        ...

    async def delete(self, user: str, session_id: str | None = None) -> None:
        """Delete the cookies of one session, or all of a user's; no error when there are none."""
        ...
