"""Finishes what a phone left behind: adopts uploads whose client died, erases what is tombstoned.

A pending row existed before its URL did, so every object has a row to be found by.
"""

from datetime import datetime, timedelta

import msgspec

from app.domain.errors import CaptureError, ChecksumMismatch, InvalidImage, NotUploaded
from app.domain.photos.model import PhotoRow, PhotoState
from app.domain.photos.thumbnails import erase_objects
from app.domain.photos.uploads import Uploads
from app.domain.ports.clock import Clock
from app.domain.ports.database import Database
from app.domain.ports.storage import ObjectStore

BATCH = 50
FIRST_LOOK = timedelta(seconds=30)
# A PUT that began with the last second of its address may be under way for half an hour more: a large
# photo over the slowest link that a store still listens to.
LAST_ERASURE = timedelta(minutes=45)
LONGEST_PAUSE = timedelta(hours=6)
PURGE_EVERY = timedelta(hours=1)
ERASE_AGAIN = timedelta(seconds=30)


class SweepReport(msgspec.Struct, kw_only=True):
    """What one sweep did, in photos."""

    stored: int = 0
    waiting: int = 0
    refused: int = 0
    failed: int = 0
    erased: int = 0


class Sweeper:
    """One look at everything that is due."""

    def __init__(self, database: Database, store: ObjectStore, uploads: Uploads, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._uploads = uploads
        self._clock = clock
        self._purge_at = clock()

    async def sweep(self) -> SweepReport:
        """Settle due pending rows and erase due tombstones; one bad photo never stops the rest."""
        report = SweepReport()
        now = self._clock()
        async with self._database.transaction() as tx:
            if now >= self._purge_at:
                await tx.maintenance.purge_expired(now)
                self._purge_at = now + PURGE_EVERY
            pending = await tx.maintenance.list_due_pending(now, BATCH)
            erasures = await tx.maintenance.list_due_erasures(now, BATCH)
        for row in pending:
            await self._settle(row, now, report)
        for row in erasures:
            await self._erase(row, now, report)
        await self._tally(report)
        return report

    async def _tally(self, report: SweepReport) -> None:
        """For the operator; a photo that still waits is no find."""
        counts = msgspec.structs.asdict(report)
        found = {f"sweep_{name}": count for name, count in counts.items() if count and name != "waiting"}
        if found:
            async with self._database.transaction() as tx:
                await tx.metrics.increment_counters(found)

    async def _settle(self, row: PhotoRow, now: datetime, report: SweepReport) -> None:
        """Of several processes that find a row due, the one that moves its next look works on it."""
        async with self._database.transaction() as tx:
            if not await tx.maintenance.postpone_pending(row.photo_id, next_look(row, now), due=now):
                return
        try:
            if row.refused_at is None:
                report.stored += (await self._uploads.settle_upload(row)).state is PhotoState.STORED
                return
            await erase_objects(self._store, row)  # which an address from before may have brought back
        except NotUploaded:
            report.waiting += 1
        except (ChecksumMismatch, InvalidImage):
            report.refused += 1
        except CaptureError:
            report.failed += 1

    async def _erase(self, row: PhotoRow, now: datetime, report: SweepReport) -> None:
        """Erasing twice harms nothing; of several processes the one that writes it down counts it."""
        try:
            await erase_objects(self._store, row)
        except CaptureError:
            async with self._database.transaction() as tx:
                report.failed += await tx.maintenance.postpone_erasure(
                    row.photo_id, now + ERASE_AGAIN, due=now
                )
            return
        again = _next_erasure(row, now)
        async with self._database.transaction() as tx:
            if again is None:
                report.erased += await tx.maintenance.finish_erasure(row.photo_id)
            else:
                await tx.maintenance.postpone_erasure(row.photo_id, again, due=now)


def _next_erasure(row: PhotoRow, now: datetime) -> datetime | None:
    """When a late PUT may have brought a deleted photo's bytes back; None once none can be under way."""
    if row.deleted_at is None or now - row.deleted_at >= LAST_ERASURE:
        return None
    return min(now + (now - row.deleted_at), row.deleted_at + LAST_ERASURE)


def next_look(row: PhotoRow, now: datetime) -> datetime:
    """As long again as the row has already waited, from 30 s to 6 h: about twelve looks a day at first."""
    waited = max(now - row.created_at, FIRST_LOOK)
    return now + min(waited, LONGEST_PAUSE)
