"""Queries on users and consultations; every one of a user's names the owner in its own text."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from uuid import UUID

from sqlalchemy import Select, bindparam, case, delete, exists, func, insert, null, select, update
from sqlalchemy.sql.elements import ColumnElement

from app.adapters.database.statements import Repository, Row, Statement, bind_columns
from app.adapters.database.tables import (
    consultation_audit,
    consultations,
    current_choices,
    photos,
    users,
)
from app.domain.consultations.model import Consultation, ConsultationKind
from app.domain.photos.model import PhotoState
from app.domain.ports.repositories import ConsultationAuditEntry

_C = consultations.c
_FIELDS = Consultation.__struct_fields__
_COUNTS = ("photo_count", "unconfirmed_count")
_COLUMNS = [_C[name] for name in _FIELDS if name not in _COUNTS]
_OWNED = (_C.owner == bindparam("owner")) & (_C.consultation_id == bindparam("consultation_id"))


_AUDITED = ConsultationAuditEntry.__struct_fields__
_TAKES_PHOTOS = _C.closed_at.is_(None) & _C.discarded_at.is_(None)


def _count(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
    stored = (photos.c.filed_in == _C.consultation_id, photos.c.state == PhotoState.STORED)
    counted = select(func.count()).select_from(photos).where(*stored, *conditions)
    return counted.correlate(consultations).scalar_subquery()


def _with_count() -> Select[tuple[object, ...]]:
    in_question = (photos.c.taken_during.is_not(None), photos.c.place_confirmed_at.is_(None))
    counts = (_count().label("photo_count"), _count(*in_question).label("unconfirmed_count"))
    return select(*_COLUMNS, *counts).where(_C.owner == bindparam("owner"))


_USER_KNOWN = Statement(select(users.c.user_id).where(users.c.user_id == bindparam("owner")))
_ADD_USER = Statement(
    lambda spec: (
        spec.insert(users).values(bind_columns(users, "user_id", "created_at")).on_conflict_do_nothing()
    )
)
_ADD_CONSULTATION = Statement(
    lambda spec: spec.insert(consultations).values(
        bind_columns(consultations, *(column.name for column in _COLUMNS))
    )
)
_ADD_UNFILED = Statement(
    lambda spec: (
        spec.insert(consultations)
        .values(bind_columns(consultations, *(column.name for column in _COLUMNS)))
        .on_conflict_do_nothing()
    )
)
_ONE = Statement(_with_count().where(_C.consultation_id == bindparam("consultation_id")))
_REVISION = Statement(select(_C.rev).where(_OWNED))
_ALL = Statement(
    _with_count()
    .where(_C.discarded_at.is_(None))
    .order_by(
        case((_C.kind == ConsultationKind.UNFILED, 1), else_=0),
        _C.opened_at.desc(),
        _C.consultation_id.desc(),
    )
)
_UNFILED = Statement(_with_count().where(_C.kind == ConsultationKind.UNFILED))
_CURRENT = Statement(
    _with_count()
    .join(current_choices, current_choices.c.consultation_id == _C.consultation_id)
    .where(current_choices.c.owner == bindparam("owner"), _TAKES_PHOTOS)
)
_HOLD_USER = Statement(select(users.c.user_id).where(users.c.user_id == bindparam("owner")).with_for_update())
_OPEN = Statement(_with_count().where(_C.kind == ConsultationKind.VISIT, _TAKES_PHOTOS))
_CHOOSE = Statement(
    lambda spec: (
        spec.insert(current_choices)
        .from_select(["owner", "consultation_id"], select(_C.owner, _C.consultation_id).where(_OWNED))
        .on_conflict_do_update(
            index_elements=[current_choices.c.owner],
            set_={"consultation_id": bindparam("consultation_id", type_=_C.consultation_id.type)},
        )
    )
)
_CHOOSE_NONE = Statement(delete(current_choices).where(current_choices.c.owner == bindparam("owner")))
_SET_NOTES = Statement(update(consultations).where(_OWNED).values(bind_columns(consultations, "notes")))
_SET_CLOSED = Statement(
    update(consultations)
    .where(_OWNED, _C.kind == ConsultationKind.VISIT)
    .values(bind_columns(consultations, "closed_at"))
)
_RENAME = Statement(
    update(consultations)
    .where(_OWNED, _C.kind == ConsultationKind.VISIT)
    .values(bind_columns(consultations, "label", "second_identifier"))
)
_DISCARD = Statement(
    update(consultations)
    .where(
        _OWNED,
        _C.kind == ConsultationKind.VISIT,
        _C.notes == "",
        ~exists().where(photos.c.filed_in == _C.consultation_id, photos.c.state != PhotoState.DELETED),
    )
    .values(bind_columns(consultations, "discarded_at"))
    .returning(_C.consultation_id)
)
_UNCHOOSE = Statement(
    delete(current_choices).where(
        current_choices.c.owner == bindparam("owner"),
        current_choices.c.consultation_id == bindparam("consultation_id"),
    )
)
_BRING_BACK = Statement(update(consultations).where(_OWNED).values(discarded_at=null()))
_ADD_AUDIT = Statement(insert(consultation_audit).values(bind_columns(consultation_audit, *_AUDITED)))
# Whatever changes its photos brings a discarded consultation back: a photo is never hidden with it.
_INCREMENT_REVISION = Statement(
    update(consultations)
    .where(_C.consultation_id == bindparam("consultation_id"))
    .values(rev=_C.rev + 1, discarded_at=null())
    .returning(_C.rev)
)


@cache
def _openings(count: int) -> Statement:
    ids = [bindparam(f"id{place}", type_=_C.consultation_id.type) for place in range(count)]
    found = select(_C.consultation_id, _C.opened_at)
    return Statement(found.where(_C.owner == bindparam("owner"), _C.consultation_id.in_(ids)))


class SqlConsultationRepository(Repository):
    """Users, their consultations and which of them is current."""

    async def ensure_user(self, user: str, unfiled_id: UUID, now: datetime) -> None:
        """Writes nothing for a known user."""
        if await self._connection.fetch(_USER_KNOWN, owner=user):
            return
        await self._connection.fetch(_ADD_USER, new_user_id=user, new_created_at=now)
        unfiled = Consultation(
            consultation_id=unfiled_id,
            owner=user,
            kind=ConsultationKind.UNFILED,
            label="Unfiled",
            opened_at=now,
        )
        await self._connection.fetch(_ADD_UNFILED, **_new_values(unfiled))

    async def get(self, owner: str, consultation_id: UUID) -> Consultation | None:
        rows = await self._connection.fetch(_ONE, owner=owner, consultation_id=consultation_id)
        return _consultation(rows[0]) if rows else None

    async def get_revision(self, owner: str, consultation_id: UUID) -> int | None:
        rows = await self._connection.fetch(_REVISION, owner=owner, consultation_id=consultation_id)
        return rows[0][0] if rows else None

    async def openings(self, owner: str, ids: Sequence[UUID]) -> dict[UUID, datetime]:
        wanted = dict.fromkeys(ids)
        if not wanted:
            return {}
        values = {f"id{place}": wanted_id for place, wanted_id in enumerate(wanted)}
        rows = await self._connection.fetch(_openings(len(wanted)), owner=owner, **values)
        return {row[0]: row[1] for row in rows}

    async def list_all(self, owner: str) -> list[Consultation]:
        return [_consultation(row) for row in await self._connection.fetch(_ALL, owner=owner)]

    async def list_open_for_update(self, owner: str) -> list[Consultation]:
        await self._connection.fetch(_HOLD_USER, owner=owner)
        return [_consultation(row) for row in await self._connection.fetch(_OPEN, owner=owner)]

    async def unfiled(self, owner: str) -> Consultation:
        """The unfiled consultation of a user that ``ensure_user`` has seen."""
        rows = await self._connection.fetch(_UNFILED, owner=owner)
        return _consultation(rows[0])

    async def current(self, owner: str) -> Consultation | None:
        rows = await self._connection.fetch(_CURRENT, owner=owner)
        return _consultation(rows[0]) if rows else None

    async def set_current(self, owner: str, consultation_id: UUID | None) -> None:
        """Choose one, or none; another user's consultation changes nothing."""
        if consultation_id is None:
            await self._connection.fetch(_CHOOSE_NONE, owner=owner)
        else:
            await self._connection.fetch(_CHOOSE, owner=owner, consultation_id=consultation_id)

    async def add(self, consultation: Consultation) -> None:
        """Add a consultation of a known user."""
        await self._connection.fetch(_ADD_CONSULTATION, **_new_values(consultation))

    async def rename(
        self, owner: str, consultation_id: UUID, label: str, second_identifier: str | None
    ) -> None:
        """Correct what the user's own consultation is called; the unfiled one keeps its name."""
        await self._connection.fetch(
            _RENAME,
            owner=owner,
            consultation_id=consultation_id,
            new_label=label,
            new_second_identifier=second_identifier,
        )

    async def discard(self, owner: str, consultation_id: UUID, at: datetime) -> bool:
        """One statement, so that no photo slips in between."""
        rows = await self._connection.fetch(
            _DISCARD, owner=owner, consultation_id=consultation_id, new_discarded_at=at
        )
        if rows:
            # Were it still chosen, a late photo that brings it back would make it current unasked.
            await self._connection.fetch(_UNCHOOSE, owner=owner, consultation_id=consultation_id)
        return bool(rows)

    async def restore(self, owner: str, consultation_id: UUID) -> None:
        await self._connection.fetch(_BRING_BACK, owner=owner, consultation_id=consultation_id)

    async def add_audit(self, entry: ConsultationAuditEntry) -> None:
        """Add one line that is never changed."""
        await self._connection.fetch(_ADD_AUDIT, **{f"new_{name}": getattr(entry, name) for name in _AUDITED})

    async def set_notes(self, owner: str, consultation_id: UUID, notes: str) -> None:
        """Replace the notes of the user's own consultation."""
        await self._connection.fetch(
            _SET_NOTES, owner=owner, consultation_id=consultation_id, new_notes=notes
        )

    async def set_closed(self, owner: str, consultation_id: UUID, at: datetime | None) -> None:
        """Close or reopen the user's own consultation; the unfiled one stays open."""
        await self._connection.fetch(
            _SET_CLOSED, owner=owner, consultation_id=consultation_id, new_closed_at=at
        )

    async def increment_revision(self, consultation_id: UUID) -> int:
        rows = await self._connection.fetch(_INCREMENT_REVISION, consultation_id=consultation_id)
        rev: int = rows[0][0]
        return rev


def _consultation(row: Row) -> Consultation:
    return Consultation(**dict(zip(_FIELDS, row, strict=True)))


def _new_values(consultation: Consultation) -> dict[str, object]:
    return {f"new_{column.name}": getattr(consultation, column.name) for column in _COLUMNS}
