"""What one database transaction can read and write."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from app.domain.consultations.model import Consultation, Move
from app.domain.photos.model import PhotoDescription, PhotoRow, TakenDuring
from app.domain.photos.quota import PendingLoad


class Event(msgspec.Struct, kw_only=True, frozen=True):
    """One outbox event; ``seq`` orders it, ``event_id`` makes its publishing idempotent."""

    seq: int
    event_id: UUID
    owner: str
    payload: dict[str, object]


class AuditEntry(msgspec.Struct, kw_only=True, frozen=True):
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


class Records(Protocol):
    """What one transaction can read and write. Owner predicates stand in the SQL itself."""

    async def ensure_user(self, user: str, unfiled_id: UUID, now: datetime) -> None:
        """Create the user with the unfiled consultation unless both exist."""
        ...

    async def consultation(self, owner: str, consultation_id: UUID) -> Consultation | None: ...

    async def owned_consultations(self, owner: str, ids: Sequence[UUID]) -> set[UUID]:
        """Those of ``ids`` that belong to ``owner``, in one query."""
        ...

    async def consultations(self, owner: str) -> list[Consultation]:
        """All of a user's, newest first, the unfiled one last, with counts; discarded ones are left out."""
        ...

    async def open_consultations(self, owner: str) -> list[Consultation]:
        """Those that take new photos; no other transaction starts or renames one until this one ends."""
        ...

    async def unfiled(self, owner: str) -> Consultation: ...

    async def current(self, owner: str) -> Consultation | None:
        """The one that the next shutter belongs to; neither a closed nor a discarded one."""
        ...

    async def set_current(self, owner: str, consultation_id: UUID | None) -> None: ...

    async def record_current(self, owner: str, since: datetime) -> None:
        """Add to the history what is current now, unless its last entry says so; unfiled where none is."""
        ...

    async def moves_since(self, owner: str, consultation_id: UUID) -> list[Move]:
        """The newest entries of the user's history after the last one of a consultation, oldest first."""
        ...

    async def current_history(self, owner: str, seqs: Sequence[int]) -> dict[int, TakenDuring]:
        """Entries of the user's history by their number, with today's labels."""
        ...

    async def add_consultation(self, consultation: Consultation) -> None: ...

    async def set_identity(
        self, owner: str, consultation_id: UUID, label: str, second_identifier: str | None
    ) -> None: ...

    async def discard_consultation(self, owner: str, consultation_id: UUID, at: datetime) -> bool:
        """Hide the user's own consultation, which stops being current; False if it holds photos or notes."""
        ...

    async def restore_consultation(self, owner: str, consultation_id: UUID) -> None:
        """Undo ``discard``; no error when it was not discarded."""
        ...

    async def add_consultation_audit(self, entry: ConsultationAuditEntry) -> None: ...

    async def set_notes(self, owner: str, consultation_id: UUID, notes: str) -> None: ...

    async def set_closed(self, owner: str, consultation_id: UUID, at: datetime | None) -> None: ...

    async def increment_revision(self, consultation_id: UUID) -> int:
        """Increase ``rev`` and return the new one; a discarded consultation is back with its photo."""
        ...

    async def photos(self, ids: Sequence[UUID]) -> dict[UUID, PhotoRow]:
        """Rows by id, of any owner, in one query; the services compare owners."""
        ...

    async def stored_photos(self, owner: str, consultation_id: UUID) -> list[PhotoRow]:
        """Stored photos filed in a consultation, in the order in which the server received them."""
        ...

    async def add_pending(self, rows: Sequence[PhotoRow]) -> set[UUID]:
        """One multi-row insert: the ids that are new; those that already exist are left as they are."""
        ...

    async def count_pending(self, owner: str, since: datetime) -> PendingLoad:
        """What a user has had the server take in since a moment, and how much of it is pending."""
        ...

    async def mark_stored(self, photo_id: UUID, received_at: datetime) -> PhotoRow | None:
        """pending → stored in one predicate (a tombstone wins): the new row, or None if not pending.

        ``late`` is set when the consultation is closed by then, ``taken_during`` when another one was
        current at the shutter. A refused row stays as it is.
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

    async def own_photo(self, owner: str, photo_id: UUID) -> PhotoRow | None:
        """The user's photo, locked until the transaction ends; None if not theirs."""
        ...

    async def mark_deleted(self, owner: str, photo_id: UUID, now: datetime) -> PhotoRow | None:
        """Tombstone a pending or stored photo: the row *before* it, or None if not the user's."""
        ...

    async def describe(self, owner: str, photo_id: UUID, change: PhotoDescription) -> PhotoRow | None: ...

    async def confirm_place(self, owner: str, photo_id: UUID, at: datetime | None) -> PhotoRow | None:
        """Answer the question whether a stored photo is in the right place; None asks it again."""
        ...

    async def file_under(self, owner: str, photo_id: UUID, consultation_id: UUID) -> PhotoRow | None: ...

    async def add_audit(self, entry: AuditEntry) -> None: ...

    async def add_event(
        self, event_id: UUID, owner: str, payload: Mapping[str, object], now: datetime
    ) -> None: ...

    async def unpublished_events(self, limit: int) -> list[Event]: ...

    async def mark_published(self, seqs: Sequence[int], now: datetime) -> None: ...

    async def due_pending(self, now: datetime, limit: int) -> list[PhotoRow]:
        """Pending rows whose next look is due (first 30 s after the URL, then backing off)."""
        ...

    async def postpone(self, photo_id: UUID, until: datetime, due: datetime | None = None) -> bool:
        """Look at a pending row again at ``until``; False, and nothing changed, if it is not pending.

        With ``due``: nor where a look is due by then no longer, since another process has taken it.
        """
        ...

    async def due_erasures(self, now: datetime, limit: int) -> list[PhotoRow]:
        """Tombstones whose object must be removed once more (late PUTs) and is not settled."""
        ...

    async def postpone_erasure(self, photo_id: UUID, until: datetime, due: datetime) -> bool:
        """Erase again at ``until``: it could not be done, or a PUT that is still allowed may undo it.

        False, and nothing changed, where another process has settled or moved it already.
        """
        ...

    async def settle_erasure(self, photo_id: UUID) -> bool:
        """The object of a tombstone is gone and no URL for it can still be alive; False if known already."""
        ...

    async def add_upload_session(self, digest: str, user: str, session_id: str, until: datetime) -> None: ...

    async def upload_session(self, digest: str, now: datetime) -> tuple[str, str] | None:
        """(user, session id) of an unexpired upload cookie, by the SHA-256 of its value."""
        ...

    async def drop_upload_sessions(self, user: str, session_id: str | None = None) -> None: ...

    async def purge_expired(self, now: datetime) -> None:
        """Delete what is over: sessions, counted failures, published events, settled inventory entries."""
        ...

    async def counts(self, now: datetime) -> dict[str, float]:
        """Numbers for the operator; ages end in ``_s``, counters in ``_total``.

        pending (and those older than 5 min, 1 h, 1 day), outbox, erasures, reported (``announced``) and
        missing photos, the oldest of each, and what sweeper and reconciliation have found so far.
        """
        ...

    async def increment_counters(self, found: Mapping[str, int]) -> None:
        """Add to the counters that outlive the process; names as ``counts`` gives them."""
        ...

    async def get_or_create_device(self, digest: str, new_id: UUID, now: datetime) -> UUID:
        """The device of a cookie, by the SHA-256 of its value; created if new; sets ``heard_at``."""
        ...

    async def inventory_entries(self, owner: str) -> list[InventoryEntry]:
        """A user's reported photos that are neither stored nor deleted here."""
        ...

    async def put_inventory_entry(self, entry: InventoryEntry) -> None:
        """Add or replace the entry of one reported photo of its owner."""
        ...

    async def drop_inventory_entries(self, owner: str, photo_ids: Sequence[UUID]) -> None:
        """Delete the entries of photos that their owner deleted on the phone."""
        ...

    async def photo_page(self, after: UUID | None, limit: int) -> list[PhotoRow]:
        """Rows of all users in the order of their ids, those behind ``after`` only."""
        ...

    async def consultation_owner(self, consultation_id: UUID) -> str | None:
        """Whose consultation this is; for the operator's own commands only."""
        ...

    async def newest_moment(self) -> datetime | None:
        """The latest time at which this database is known to have been written."""
        ...


class Database(Protocol):
    """Transactions. Raises ``DatabaseBusy`` when locked or unreachable."""

    def transaction(self) -> AbstractAsyncContextManager[Records]:
        """Commit on leaving, roll back on any exception."""
        ...

    async def check(self) -> None:
        """Raise ``DatabaseBusy`` unless the database answers now."""
        ...
