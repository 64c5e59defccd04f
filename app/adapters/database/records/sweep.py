"""Queries of the background work: pending rows to look at, objects to erase again, what is over."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, delete, null, select, update

from app.adapters.database.columns import UtcMillis
from app.adapters.database.records.devices import SETTLED_ENTRIES
from app.adapters.database.records.photos import PHOTO_COLUMNS, photo_row
from app.adapters.database.statements import Connection, Statement, bind_columns
from app.adapters.database.tables import login_failures, login_sessions, outbox, photos, upload_sessions
from app.domain.photos.model import PhotoRow, PhotoState

_P = photos.c
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
_SETTLE = Statement(
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


class SweepRecords:
    """What is left to do, for the sweeper."""

    _connection: Connection

    async def due_pending(self, now: datetime, limit: int) -> list[PhotoRow]:
        """See ``Records.due_pending``; the longest due first."""
        rows = await self._connection.fetch(_DUE_PENDING, now=now, limit=limit)
        return [photo_row(row) for row in rows]

    async def postpone(self, photo_id: UUID, until: datetime, due: datetime | None = None) -> bool:
        """See ``Records.postpone``."""
        values = {"photo_id": photo_id, "new_next_look_at": until}
        if due is None:
            return bool(await self._connection.fetch(_POSTPONE, **values))
        return bool(await self._connection.fetch(_TAKE, **values, due=due))

    async def due_erasures(self, now: datetime, limit: int) -> list[PhotoRow]:
        """See ``Records.due_erasures``; the longest due first."""
        rows = await self._connection.fetch(_DUE_ERASURES, now=now, limit=limit)
        return [photo_row(row) for row in rows]

    async def postpone_erasure(self, photo_id: UUID, until: datetime, due: datetime) -> bool:
        """See ``Records.postpone_erasure``."""
        values = {"photo_id": photo_id, "new_erase_again_at": until, "due": due}
        return bool(await self._connection.fetch(_POSTPONE_ERASURE, **values))

    async def settle_erasure(self, photo_id: UUID) -> bool:
        """See ``Records.settle_erasure``."""
        return bool(await self._connection.fetch(_SETTLE, photo_id=photo_id))

    async def purge_expired(self, now: datetime) -> None:
        """See ``Records.purge_expired``."""
        for purge, kept in _PURGES:
            await self._connection.fetch(purge, now=now - kept)
