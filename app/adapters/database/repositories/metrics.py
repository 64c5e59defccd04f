"""What the operator reads: how much waits and since when, and counters that outlive the process."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, select

from app.adapters.database.columns import UtcMillis
from app.adapters.database.repositories.inventory import ARRIVED
from app.adapters.database.statements import Repository, Statement, bind_columns
from app.adapters.database.tables import announcements, outbox, photos, tallies

_P = photos.c
_A = announcements.c
_T = tallies.c
PENDING_AGES = {"5m": timedelta(minutes=5), "1h": timedelta(hours=1), "1d": timedelta(days=1)}


def _older(name: str) -> ColumnElement[Any]:
    before = bindparam(f"before_{name}", type_=UtcMillis)
    return func.count().filter(_P.created_at <= before)


_PENDING = Statement(
    select(func.count(), func.min(_P.created_at), *(_older(name) for name in PENDING_AGES))
    .select_from(photos)
    .where(_P.next_look_at.is_not(None))
)
_ERASURES = Statement(select(func.count()).select_from(photos).where(_P.erase_again_at.is_not(None)))
_OUTBOX = Statement(
    select(func.count(), func.min(outbox.c.created_at))
    .select_from(outbox)
    .where(outbox.c.published_at.is_(None))
)
_REPORTED = Statement(
    select(
        func.count().filter(_A.missing_since.is_(None)),
        func.min(_A.announced_at).filter(_A.missing_since.is_(None)),
        func.count().filter(_A.missing_since.is_not(None)),
    )
    .select_from(announcements)
    .where(_A.acknowledged_at.is_(None), ~ARRIVED)
)
_COUNTERS = Statement(select(_T.name, _T.count).order_by(_T.name))
_ADD = Statement(
    lambda spec: (
        spec.insert(tallies)
        .values(bind_columns(tallies, "name", "count"))
        .on_conflict_do_update(
            index_elements=[_T.name], set_={"count": _T.count + bind_columns(tallies, "count")["count"]}
        )
    )
)


class SqlMetricsRepository(Repository):
    """Numbers of this moment and counters of all time."""

    async def counts(self, now: datetime) -> dict[str, float]:
        ages = {f"before_{name}": now - age for name, age in PENDING_AGES.items()}
        pending, oldest_pending, *older = (await self._connection.fetch(_PENDING, **ages))[0]
        waiting, oldest_waiting = (await self._connection.fetch(_OUTBOX))[0]
        reported, oldest_reported, missing = (await self._connection.fetch(_REPORTED))[0]
        return {
            "pending": float(pending),
            "oldest_pending_s": _age(oldest_pending, now),
            **{f"pending_over_{name}": float(count) for name, count in zip(PENDING_AGES, older, strict=True)},
            "outbox": float(waiting),
            "oldest_outbox_s": _age(oldest_waiting, now),
            "erasures": float((await self._connection.fetch(_ERASURES))[0][0]),
            "announced": float(reported),
            "oldest_announced_s": _age(oldest_reported, now),
            "missing": float(missing),
            **{f"{name}_total": float(count) for name, count in await self._connection.fetch(_COUNTERS)},
        }

    async def increment_counters(self, found: Mapping[str, int]) -> None:
        for name, count in found.items():
            await self._connection.fetch(_ADD, new_name=name, new_count=count)


def _age(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())
