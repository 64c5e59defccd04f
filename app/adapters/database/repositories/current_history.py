"""The history of current consultations: what is recorded, and what it says about a photo."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Executable,
    bindparam,
    case,
    exists,
    func,
    insert,
    select,
    type_coerce,
)

from app.adapters.database.columns import UtcMillis
from app.adapters.database.statements import Repository, Statement
from app.adapters.database.tables import consultations, current_choices, current_history, photos, users
from app.domain.consultations.model import ConsultationKind, Move
from app.domain.photos.model import TakenDuring

# A phone knows of a consultation only after it became current, so a photo of it that seems to be a
# little older comes from a clock that is a little slow. The other way round there is no grace: a photo
# taken just after the desktop moved is the very one that may show the next patient.
GRACE = timedelta(seconds=5)
# More than a desktop makes while a phone receives no notification.
MOST_MOVES = 12

_C = consultations.c
_H = current_history.c
_P = photos.c
_OWNER: BindParameter[str] = bindparam("owner")


def _effective() -> ColumnElement[UUID]:
    """What is current: the chosen one while it takes photos, else the unfiled one."""
    chosen = (
        select(_C.consultation_id)
        .join(current_choices, current_choices.c.consultation_id == _C.consultation_id)
        .where(current_choices.c.owner == _OWNER, _C.closed_at.is_(None), _C.discarded_at.is_(None))
    )
    unfiled = select(_C.consultation_id).where(_C.owner == _OWNER, _C.kind == ConsultationKind.UNFILED)
    return func.coalesce(chosen.scalar_subquery(), unfiled.scalar_subquery(), type_=_H.consultation_id.type)


def _last() -> ColumnElement[UUID]:
    newest = select(_H.consultation_id).where(_H.owner == _OWNER).order_by(_H.since.desc(), _H.seq.desc())
    return newest.limit(1).scalar_subquery()


_RECORD_CURRENT = Statement(
    insert(current_history).from_select(
        ["owner", "consultation_id", "since"],
        select(users.c.user_id, _effective(), bindparam("since", type_=UtcMillis)).where(
            users.c.user_id == _OWNER, _effective().is_distinct_from(_last())
        ),
    )
)


def taken_during() -> ColumnElement[int]:
    """For an UPDATE of ``photos``: the entry that speaks against the consultation of the shutter, or NULL.

    No photo is taken after its row was made, so for a phone's clock that runs ahead the time of the row
    counts. Entries are recorded in order, so the result stays true.
    """
    at = case((_P.captured_at < _P.created_at, _P.captured_at), else_=_P.created_at)
    then, soon = current_history.alias("then_current"), current_history.alias("soon_current")
    newest = (
        select(then.c.seq)
        .where(then.c.owner == _P.owner, then.c.since <= at)
        .order_by(then.c.since.desc(), then.c.seq.desc())
        .limit(1)
        .correlate(photos)
        .scalar_subquery()
    )
    until = type_coerce(at, BigInteger) + int(GRACE.total_seconds() * 1000)
    own_soon = exists().where(
        soon.c.owner == _P.owner,
        soon.c.consultation_id == _P.captured_in,
        soon.c.since > at,
        type_coerce(soon.c.since, BigInteger) <= until,
    )
    another = select(_H.seq).where(
        _H.seq == newest, _H.consultation_id != _P.captured_in, ~own_soon.correlate(photos)
    )
    return another.correlate(photos).scalar_subquery()


def _moves() -> Executable:
    left = select(func.max(_H.seq)).where(_H.owner == _OWNER, _H.consultation_id == bindparam("left"))
    found = select(_C.consultation_id, _C.kind, _C.label, _C.second_identifier, _C.opened_at, _H.since).join(
        consultations, _C.consultation_id == _H.consultation_id
    )
    after = found.where(_H.owner == _OWNER, _H.seq > left.scalar_subquery())
    return after.order_by(_H.seq.desc()).limit(MOST_MOVES)


_MOVES = Statement(_moves())


@cache
def _entries(count: int) -> Statement:
    seqs = [bindparam(f"seq{place}", type_=_H.seq.type) for place in range(count)]
    found = select(_H.seq, _C.consultation_id, _C.label, _C.second_identifier, _H.since)
    joined = found.join(consultations, _C.consultation_id == _H.consultation_id)
    return Statement(joined.where(_H.owner == _OWNER, _H.seq.in_(seqs)))


class SqlCurrentHistoryRepository(Repository):
    """Which consultation was current when."""

    async def record(self, owner: str, since: datetime) -> None:
        await self._connection.fetch(_RECORD_CURRENT, owner=owner, since=since)

    async def moves_since(self, owner: str, consultation_id: UUID) -> list[Move]:
        rows = await self._connection.fetch(_MOVES, owner=owner, left=consultation_id)
        return [Move(**dict(zip(Move.__struct_fields__, row, strict=True))) for row in reversed(rows)]

    async def entries(self, owner: str, seqs: Sequence[int]) -> dict[int, TakenDuring]:
        """Photos of one consultation share few entries."""
        wanted = dict.fromkeys(seqs)
        if not wanted:
            return {}
        values = {f"seq{place}": seq for place, seq in enumerate(wanted)}
        rows = await self._connection.fetch(_entries(len(wanted)), owner=owner, **values)
        return {
            seq: TakenDuring(id=one, label=label, second_identifier=second, since=since)
            for seq, one, label, second, since in rows
        }
