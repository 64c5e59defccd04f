"""Queries of sweeper and reconcile: what is due, what is over, every row once, how new the database is."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, delete, func, null, select, update

from app.adapters.database.columns import UtcMillis
from app.adapters.database.repositories.inventory import SETTLED_ENTRIES
from app.adapters.database.repositories.photos import PHOTO_COLUMNS, photo_row
from app.adapters.database.statements import Repository, Statement, bind_columns
from app.adapters.database.tables import (
    audit,
    consultation_audit,
    consultations,
    current_history,
    login_failures,
    login_sessions,
    outbox,
    photos,
    upload_sessions,
)
from app.domain.photos.model import PhotoRow, PhotoState

_P = photos.c
_C = consultations.c
_BY_ID = _P.photo_id == bindparam("photo_id")
_DUE = bindparam("now", type_=UtcMillis)

# Only pending rows have a next look, only unsettled tombstones have an erasure: the schema says so.
_DUE_PENDING = Statement(
    select(*PHOTO_COLUMNS).where(_P.next_look_at <= _DUE).order_by(_P.next_look_at).limit(bindparam("limit"))
)
_POSTPONE_ALL = (
    update(photos)
    .where(_BY_ID, _P.state == PhotoState.PENDING)
    .values(**bind_columns(photos, "next_look_at"), looks=_P.looks + 1)
    .returning(_P.photo_id)
)
_POSTPONE = Statement(_POSTPONE_ALL)
_TAKE = Statement(_POSTPONE_ALL.where(_P.next_look_at <= bindparam("due", type_=UtcMillis)))
_DUE_ERASURES = Statement(
    select(*PHOTO_COLUMNS)
    .where(_P.erase_again_at <= _DUE)
    .order_by(_P.erase_again_at)
    .limit(bindparam("limit"))
)
_POSTPONE_ERASURE = Statement(
    update(photos)
    .where(_BY_ID, _P.erase_again_at <= bindparam("due", type_=UtcMillis))
    .values(**bind_columns(photos, "erase_again_at"))
    .returning(_P.photo_id)
)
_FINISH_ERASURE = Statement(
    update(photos)
    .where(_BY_ID, _P.erase_again_at.is_not(None))
    .values(erase_again_at=null())
    .returning(_P.photo_id)
)
# A day later they have no effect: an attempt a day never runs into the delay.
FAILURES_KEPT = timedelta(days=1)
# Published notifications have no further use; a week of them is kept to analyse faults.
OUTBOX_KEPT = timedelta(days=7)
# A dismissed alarm stays for later questions; the audit trail keeps it without end.
DISMISSED_KEPT = timedelta(days=30)
_PURGES = (
    (Statement(delete(upload_sessions).where(upload_sessions.c.until <= _DUE)), timedelta(0)),
    (Statement(delete(login_sessions).where(login_sessions.c.until <= _DUE)), timedelta(0)),
    (Statement(delete(login_failures).where(login_failures.c.until <= _DUE)), FAILURES_KEPT),
    (Statement(delete(outbox).where(outbox.c.published_at <= _DUE)), OUTBOX_KEPT),
    (Statement(SETTLED_ENTRIES), DISMISSED_KEPT),
)
_FIRST_PAGE = Statement(select(*PHOTO_COLUMNS).order_by(_P.photo_id).limit(bindparam("limit")))
_PAGE = Statement(
    select(*PHOTO_COLUMNS)
    .where(_P.photo_id > bindparam("after", type_=_P.photo_id.type))
    .order_by(_P.photo_id)
    .limit(bindparam("limit"))
)
_CONSULTATION_OWNER = Statement(select(_C.owner).where(_C.consultation_id == bindparam("consultation_id")))
_NEWEST = [
    Statement(select(func.max(column)))
    for column in (
        _P.created_at,
        _P.received_at,
        _C.opened_at,
        _C.closed_at,
        audit.c.at,
        outbox.c.created_at,
        consultation_audit.c.at,
        current_history.c.since,
    )
]


class SqlMaintenanceRepository(Repository):
    """What sweeper and reconcile do, over the rows of all users."""

    async def list_due_pending(self, now: datetime, limit: int) -> list[PhotoRow]:
        """The longest due first."""
        rows = await self._connection.fetch(_DUE_PENDING, now=now, limit=limit)
        return [photo_row(row) for row in rows]

    async def postpone_pending(self, photo_id: UUID, until: datetime, due: datetime | None = None) -> bool:
        values = {"photo_id": photo_id, "new_next_look_at": until}
        if due is None:
            return bool(await self._connection.fetch(_POSTPONE, **values))
        return bool(await self._connection.fetch(_TAKE, **values, due=due))

    async def list_due_erasures(self, now: datetime, limit: int) -> list[PhotoRow]:
        """The longest due first."""
        rows = await self._connection.fetch(_DUE_ERASURES, now=now, limit=limit)
        return [photo_row(row) for row in rows]

    async def postpone_erasure(self, photo_id: UUID, until: datetime, due: datetime) -> bool:
        values = {"photo_id": photo_id, "new_erase_again_at": until, "due": due}
        return bool(await self._connection.fetch(_POSTPONE_ERASURE, **values))

    async def finish_erasure(self, photo_id: UUID) -> bool:
        return bool(await self._connection.fetch(_FINISH_ERASURE, photo_id=photo_id))

    async def purge_expired(self, now: datetime) -> None:
        for purge, kept in _PURGES:
            await self._connection.fetch(purge, now=now - kept)

    async def photo_page(self, after: UUID | None, limit: int) -> list[PhotoRow]:
        if after is None:
            rows = await self._connection.fetch(_FIRST_PAGE, limit=limit)
        else:
            rows = await self._connection.fetch(_PAGE, after=after, limit=limit)
        return [photo_row(row) for row in rows]

    async def consultation_owner(self, consultation_id: UUID) -> str | None:
        rows = await self._connection.fetch(_CONSULTATION_OWNER, consultation_id=consultation_id)
        return rows[0][0] if rows else None

    async def last_written_at(self) -> datetime | None:
        """Each change leaves its time in one of them."""
        found = [(await self._connection.fetch(statement))[0][0] for statement in _NEWEST]
        return max((moment for moment in found if moment is not None), default=None)
