"""Queries on the outbox: notifications that are written with a change, in its transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, insert, select, update

from app.adapters.database.statements import Repository, Statement, bind_columns
from app.adapters.database.tables import outbox
from app.domain.ports.repositories import OutboxEvent

_O = outbox.c

_ADD_EVENT = Statement(
    insert(outbox).values(bind_columns(outbox, "event_id", "owner", "payload", "created_at"))
)
_UNPUBLISHED = Statement(
    select(_O.seq, _O.event_id, _O.owner, _O.payload)
    .where(_O.published_at.is_(None))
    .order_by(_O.seq)
    .limit(bindparam("limit"))
)


@cache
def _publish(count: int) -> Statement:
    seqs = [bindparam(f"seq{place}", type_=_O.seq.type) for place in range(count)]
    return Statement(update(outbox).where(_O.seq.in_(seqs)).values(bind_columns(outbox, "published_at")))


class SqlOutboxRepository(Repository):
    """Notifications to publish."""

    async def add(self, event_id: UUID, owner: str, payload: Mapping[str, object], now: datetime) -> None:
        """Queue an event; it exists if and only if the transaction commits."""
        text = msgspec.json.encode(payload).decode()
        await self._connection.fetch(
            _ADD_EVENT, new_event_id=event_id, new_owner=owner, new_payload=text, new_created_at=now
        )

    async def list_unpublished(self, limit: int) -> list[OutboxEvent]:
        """The oldest unpublished events."""
        rows = await self._connection.fetch(_UNPUBLISHED, limit=limit)
        return [
            OutboxEvent(seq=seq, event_id=event_id, owner=owner, payload=msgspec.json.decode(text))
            for seq, event_id, owner, text in rows
        ]

    async def mark_published(self, seqs: Sequence[int], now: datetime) -> None:
        """Mark events as published; see ``MaintenanceRepository.purge_expired`` for those of long ago."""
        if not seqs:
            return
        values = {f"seq{place}": seq for place, seq in enumerate(seqs)}
        await self._connection.fetch(_publish(len(seqs)), new_published_at=now, **values)
