"""Queries on photos that a request asks; the state stands in the predicate of each change."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

import msgspec
from msgspec.structs import astuple
from sqlalchemy import Executable, Update, bindparam, exists, func, insert, null, select, update

from app.adapters.database.columns import UtcMillis
from app.adapters.database.repositories.current_history import taken_during
from app.adapters.database.statements import DialectSpec, Repository, Row, Statement, bind_columns
from app.adapters.database.tables import audit, consultations, photos
from app.domain.photos.bucket import UPLOAD_SECONDS
from app.domain.photos.model import PhotoDescription, PhotoRow, PhotoState
from app.domain.photos.quota import PendingLoad
from app.domain.ports.repositories import PhotoAuditEntry

FIRST_LOOK_AFTER = timedelta(seconds=30)
# When no address can be used any more that was signed before the photo was deleted or refused.
ERASE_AGAIN_AFTER = timedelta(seconds=UPLOAD_SECONDS + 10)

_P = photos.c
_FIELDS = PhotoRow.__struct_fields__
_INSERTED = (*_FIELDS, "next_look_at", "looks")
_DESCRIPTION_COLUMNS = PhotoDescription.__struct_fields__
_BY_ID = _P.photo_id == bindparam("photo_id")
_OWN = _P.owner == bindparam("owner")
PHOTO_COLUMNS = [_P[name] for name in _FIELDS]

# What the question itself says is not read a thousand times over.
_SAME_IN_A_LIST = {"owner", "filed_in", "state"}
_IN_CONSULTATION = Statement(
    select(*(_P[name] for name in _FIELDS if name not in _SAME_IN_A_LIST))
    .where(_OWN, _P.filed_in == bindparam("consultation_id"), _P.state == PhotoState.STORED)
    .order_by(_P.stored_seq)
)
_OWN_ONE = Statement(select(*PHOTO_COLUMNS).where(_BY_ID, _OWN).with_for_update())

_SINCE = bindparam("since", type_=UtcMillis)
# Pending rows alone have a next look, later than their beginning: its index finds them among all photos.
_COUNT_PENDING = Statement(
    select(func.count(), func.coalesce(func.sum(_P.size), 0)).where(
        _OWN, _P.next_look_at > _SINCE, _P.created_at > _SINCE
    )
)


def _change_stored() -> Update:
    return update(photos).where(_BY_ID, _OWN, _P.state == PhotoState.STORED)


_DESCRIBE = Statement(
    _change_stored()
    .values(
        {
            name: func.coalesce(bind, _P[name])
            for name, bind in bind_columns(photos, *_DESCRIPTION_COLUMNS).items()
        }
    )
    .returning(*PHOTO_COLUMNS)
)
_CONFIRM = Statement(
    _change_stored().values(bind_columns(photos, "place_confirmed_at")).returning(*PHOTO_COLUMNS)
)
_FILE = Statement(
    _change_stored()
    .where(
        exists().where(
            consultations.c.consultation_id == bindparam("new_filed_in", type_=_P.filed_in.type),
            consultations.c.owner == _P.owner,
        )
    )
    .values(bind_columns(photos, "filed_in"))
    .returning(*PHOTO_COLUMNS)
)
# The tombstone keeps ids, hash and times, and no text about the patient.
_DELETE = Statement(
    update(photos)
    .where(_BY_ID, _OWN, _P.state != PhotoState.DELETED)
    .values(
        **bind_columns(photos, "erase_again_at", "deleted_at"),
        **dict.fromkeys(_DESCRIPTION_COLUMNS, ""),
        state=PhotoState.DELETED,
        next_look_at=null(),
    )
)


def _mark_stored(spec: DialectSpec) -> Executable:
    closed = exists().where(
        consultations.c.consultation_id == _P.captured_in,
        consultations.c.closed_at <= bindparam("new_received_at", type_=UtcMillis),
    )
    return (
        update(photos)
        .where(_BY_ID, _P.state == PhotoState.PENDING, _P.refused_at.is_(None))
        .values(
            **bind_columns(photos, "received_at", "has_thumbnail"),
            state=PhotoState.STORED,
            late=closed.correlate(photos),
            taken_during=taken_during(),
            stored_seq=spec.next_received(),
            next_look_at=null(),
        )
        .returning(*PHOTO_COLUMNS)
    )


_MARK_STORED = Statement(_mark_stored)
# Its next look erases what a PUT brought back that was signed before the refusal.
_MARK_REFUSED = Statement(
    update(photos)
    .where(_BY_ID, _P.state == PhotoState.PENDING)
    .values(bind_columns(photos, "refused_at", "next_look_at"))
    .returning(_P.photo_id)
)
_FORGET_REFUSAL = Statement(
    update(photos).where(_BY_ID, _P.state == PhotoState.PENDING).values(refused_at=null())
)
_AUDITED = PhotoAuditEntry.__struct_fields__
_ADD_AUDIT = Statement(insert(audit).values(bind_columns(audit, *_AUDITED)))


@cache
def _by_ids(count: int) -> Statement:
    ids = [bindparam(f"id{place}", type_=_P.photo_id.type) for place in range(count)]
    return Statement(select(*PHOTO_COLUMNS).where(_P.photo_id.in_(ids)))


@cache
def _insert(count: int) -> Statement:
    rows = [bind_columns(photos, *_INSERTED, suffix=f"_{place}") for place in range(count)]
    return Statement(
        lambda spec: spec.insert(photos).values(rows).on_conflict_do_nothing().returning(photos.c.photo_id)
    )


@cache
def _inserted_names(count: int) -> tuple[str, ...]:
    return tuple(f"new_{name}_{place}" for place in range(count) for name in _INSERTED)


class SqlPhotoRepository(Repository):
    """Photos of consultations."""

    async def by_ids(self, ids: Sequence[UUID]) -> dict[UUID, PhotoRow]:
        wanted = dict.fromkeys(ids)
        if not wanted:
            return {}
        values = {f"id{place}": wanted_id for place, wanted_id in enumerate(wanted)}
        rows = await self._connection.fetch(_by_ids(len(wanted)), **values)
        return {row[0]: photo_row(row) for row in rows}

    async def list_stored(self, owner: str, consultation_id: UUID) -> list[PhotoRow]:
        """By the server's own count, since clocks can step back."""
        rows = await self._connection.fetch(_IN_CONSULTATION, owner=owner, consultation_id=consultation_id)
        same = consultation_id, PhotoState.STORED
        return [
            PhotoRow(photo_id, owner, captured_in, *same, *others) for photo_id, captured_in, *others in rows
        ]

    async def add_pending(self, rows: Sequence[PhotoRow]) -> set[UUID]:
        if not rows:
            return set()
        values = [value for row in rows for value in (*astuple(row), row.created_at + FIRST_LOOK_AFTER, 0)]
        named = dict(zip(_inserted_names(len(rows)), values, strict=True))
        return {row[0] for row in await self._connection.fetch(_insert(len(rows)), **named)}

    async def count_pending(self, owner: str, since: datetime) -> PendingLoad:
        [(photos, size)] = await self._connection.fetch(_COUNT_PENDING, owner=owner, since=since)
        return PendingLoad(photos=int(photos), size=int(size))

    async def mark_stored(
        self, photo_id: UUID, received_at: datetime, has_thumbnail: bool = False
    ) -> PhotoRow | None:
        values = {"new_received_at": received_at, "new_has_thumbnail": has_thumbnail}
        rows = await self._connection.fetch(_MARK_STORED, photo_id=photo_id, **values)
        return photo_row(rows[0]) if rows else None

    async def mark_refused(self, photo_id: UUID, now: datetime) -> bool:
        times = {"new_refused_at": now, "new_next_look_at": now + ERASE_AGAIN_AFTER}
        return bool(await self._connection.fetch(_MARK_REFUSED, photo_id=photo_id, **times))

    async def clear_refusals(self, photo_ids: Sequence[UUID]) -> None:
        for photo_id in photo_ids:
            await self._connection.fetch(_FORGET_REFUSAL, photo_id=photo_id)

    async def get_for_update(self, owner: str, photo_id: UUID) -> PhotoRow | None:
        rows = await self._connection.fetch(_OWN_ONE, photo_id=photo_id, owner=owner)
        return photo_row(rows[0]) if rows else None

    async def mark_deleted(self, owner: str, photo_id: UUID, now: datetime) -> PhotoRow | None:
        """A tombstone is returned as it is and stays as it is."""
        before = await self.get_for_update(owner, photo_id)
        if before is not None:
            times = {"new_erase_again_at": now + ERASE_AGAIN_AFTER, "new_deleted_at": now}
            await self._connection.fetch(_DELETE, photo_id=photo_id, owner=owner, **times)
        return before

    async def describe(self, owner: str, photo_id: UUID, change: PhotoDescription) -> PhotoRow | None:
        """The stored photo with its new description; None unless it is the user's."""
        values = {f"new_{name}": _column_value(getattr(change, name)) for name in _DESCRIPTION_COLUMNS}
        rows = await self._connection.fetch(_DESCRIBE, photo_id=photo_id, owner=owner, **values)
        return photo_row(rows[0]) if rows else None

    async def set_place_confirmed(self, owner: str, photo_id: UUID, at: datetime | None) -> PhotoRow | None:
        rows = await self._connection.fetch(
            _CONFIRM, photo_id=photo_id, owner=owner, new_place_confirmed_at=at
        )
        return photo_row(rows[0]) if rows else None

    async def file_under(self, owner: str, photo_id: UUID, consultation_id: UUID) -> PhotoRow | None:
        """The stored photo in its new place; None unless both are the user's."""
        rows = await self._connection.fetch(
            _FILE, photo_id=photo_id, owner=owner, new_filed_in=consultation_id
        )
        return photo_row(rows[0]) if rows else None

    async def add_audit(self, entry: PhotoAuditEntry) -> None:
        """Add one line that is never changed."""
        await self._connection.fetch(_ADD_AUDIT, **{f"new_{name}": getattr(entry, name) for name in _AUDITED})


def photo_row(row: Row) -> PhotoRow:
    """A row of ``PHOTO_COLUMNS`` as the domain knows it."""
    return PhotoRow(*row)


def _column_value(value: str | msgspec.UnsetType) -> str | None:
    return None if value is msgspec.UNSET else value
