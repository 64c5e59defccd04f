"""The outbox relay: publishes committed events in order, at least once, never inside a request.

Publishing is idempotent by event id, so that a crash between publishing and marking costs at most
a repeated notification.
"""

from app.domain.ports.clock import Clock
from app.domain.ports.database import Database
from app.domain.ports.repositories import OutboxEvent
from app.domain.ports.signals import Signals

BATCH = 100


class Relay:
    """Drains the outbox of one database into one signals port."""

    def __init__(self, database: Database, signals: Signals, clock: Clock) -> None:
        self._database = database
        self._signals = signals
        self._clock = clock

    async def drain(self) -> int:
        """Publish what waits; how many went out. Raises what the first failed publish raised.

        Whatever was published before the failure is marked all the same. Events whose consultation
        has a later event in the batch are not sent: each only says "refetch", so the last one is enough.
        """
        published = 0
        while True:
            async with self._database.transaction() as tx:
                events = await tx.outbox.list_unpublished(BATCH)
            if not events:
                return published
            published += await self._publish(events)

    async def _publish(self, events: list[OutboxEvent]) -> int:
        last = {_subject(event): event.seq for event in events}
        done: list[int] = []
        sent = 0
        try:
            for event in events:
                if last[_subject(event)] == event.seq:
                    await self._signals.publish(event.owner, str(event.event_id), event.payload)
                    sent += 1
                done.append(event.seq)
        finally:
            async with self._database.transaction() as tx:
                await tx.outbox.mark_published(done, self._clock())
        return sent


def _subject(event: OutboxEvent) -> tuple[str, object, object]:
    return event.owner, event.payload.get("t"), event.payload.get("consultation")
