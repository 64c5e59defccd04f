"""Queries of the reconciliation: every row once, whose a consultation is, how new the database is."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, func, select

from app.adapters.database.records.photos import PHOTO_COLUMNS, photo_row
from app.adapters.database.statements import Connection, Statement
from app.adapters.database.tables import (
    audit,
    consultation_audit,
    consultations,
    current_history,
    outbox,
    photos,
)
from app.domain.photos.model import PhotoRow

_P = photos.c
_C = consultations.c

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


class ReconcileRecords:
    """The whole of the photos, for the operator's comparison with the store."""

    _connection: Connection

    async def photo_page(self, after: UUID | None, limit: int) -> list[PhotoRow]:
        """See ``Records.photo_page``."""
        if after is None:
            rows = await self._connection.fetch(_FIRST_PAGE, limit=limit)
        else:
            rows = await self._connection.fetch(_PAGE, after=after, limit=limit)
        return [photo_row(row) for row in rows]

    async def consultation_owner(self, consultation_id: UUID) -> str | None:
        """See ``Records.consultation_owner``."""
        rows = await self._connection.fetch(_CONSULTATION_OWNER, consultation_id=consultation_id)
        return rows[0][0] if rows else None

    async def newest_moment(self) -> datetime | None:
        """See ``Records.newest_moment``; every change leaves its time in one of these columns."""
        found = [(await self._connection.fetch(statement))[0][0] for statement in _NEWEST]
        return max((moment for moment in found if moment is not None), default=None)
