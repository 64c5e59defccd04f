"""Compares what the store holds with what the database says, and explains every difference.

For the operator, and after a restore: a database from an older backup meets a store that went on.
Nothing is deleted that has no tombstone (I6); what cannot be explained is left to the operator.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from app.domain.errors import CaptureError
from app.domain.maintenance.repair import ObjectName, RepairService, parse_object_key
from app.domain.photos.bucket import TRIAL_PREFIX
from app.domain.photos.model import PhotoRow, PhotoState
from app.domain.ports.database import Database
from app.domain.ports.storage import ObjectStore, ObjectSummary

BATCH = 500
PREFIX = "consultations/"


_OLDER_DATABASE = (
    "Written after the last change that this database knows: it comes from an older backup. --adopt files "
    "the photo under its consultation."
)
_LOST_ROW = "The database is newer than this object and has no row for it. --adopt files it again."
# The schema keeps every consultation that ever had a photo.
_THUMBNAIL_WITHOUT_ROW = (
    "The small picture of a photo that this database does not know: what becomes of the photo decides about "
    "it. It is kept, since it may be all that is left."
)
_UNKNOWN_HOME = (
    "Its consultation is not in this database, and none is ever removed: it comes from an older backup. "
    "Only a newer one can tell whose photo this is."
)


class Kind(StrEnum):
    """How store and database can differ."""

    FOREIGN_KEY = "foreign-key"
    WITHOUT_ROW = "object-without-row"
    WITHOUT_OBJECT = "row-without-object"
    OTHER_SIZE = "other-size"
    OTHER_KEY = "other-key"
    UNCONFIRMED = "pending-with-object"
    TOMBSTONED = "tombstone-with-object"
    THUMBNAIL_WITHOUT_ROW = "thumbnail-without-row"


class Difference(msgspec.Struct, kw_only=True):
    """One of them: ``because`` says why it may be so, ``explained`` whether that is sure enough.

    ``done`` says what this run did about it.
    """

    kind: Kind
    key: str
    because: str
    explained: bool
    done: str = ""


class Reconciliation(msgspec.Struct, kw_only=True):
    """What was compared and how it differed; ``objects`` are photos, without their thumbnails."""

    objects: int = 0
    rows: int = 0
    differences: list[Difference] = msgspec.field(default_factory=list)

    @property
    def unexplained(self) -> int:
        """How many differences the operator must resolve."""
        return sum(not one.explained for one in self.differences)


class Reconciler:
    """One comparison of the whole; memory grows with the ids of the photos, not with their bytes."""

    def __init__(self, database: Database, store: ObjectStore, repair: RepairService) -> None:
        self._database = database
        self._store = store
        self._repair_service = repair

    async def run(self, *, adopt: bool) -> Reconciliation:
        """Compare, and with ``adopt`` finish what can be finished safely.

        The store is listed first: a row is always committed before its object can be written, so
        an object without a row was never on its way.
        """
        report = Reconciliation()
        async with self._database.transaction() as tx:
            newest = await tx.maintenance.last_written_at()
        seen: set[UUID] = set()
        async for batch in _batches(_photos(self._store.keys(PREFIX))):
            await self._compare(batch, newest, seen, report, adopt)
        await self._find_absent(seen, report)
        done = sum(bool(one.done) for one in report.differences)
        if done:
            async with self._database.transaction() as tx:
                await tx.metrics.increment_counters({"reconcile_done": done})
        return report

    async def _compare(
        self,
        batch: Sequence[ObjectSummary],
        newest: datetime | None,
        seen: set[UUID],
        report: Reconciliation,
        adopt: bool,
    ) -> None:
        named = {found.key: name for found in batch if (name := parse_object_key(found.key))}
        async with self._database.transaction() as tx:
            rows = await tx.photos.by_ids([name.photo_id for name in named.values()])
        for found in batch:
            name = named.get(found.key)
            row = rows.get(name.photo_id) if name else None
            if _is_thumbnail(name):
                difference = _classify_thumbnail(found, row)
            else:
                report.objects += 1
                difference = await self._classify(found, row, newest)
            if row is not None and row.key == found.key:
                seen.add(row.photo_id)
            if difference is None:
                continue
            if adopt:
                await self._repair(difference, found, row)
            report.differences.append(difference)

    async def _repair(self, difference: Difference, found: ObjectSummary, row: PhotoRow | None) -> None:
        """What is safe: store, file, or erase what has a tombstone. A failure is reported, not raised."""
        try:
            if row is None:
                difference.done = "adopted" if await self._repair_service.adopt_object(found) else ""
            elif difference.kind is Kind.UNCONFIRMED:
                difference.done = await self._repair_service.finish_upload(row)
            elif difference.kind is Kind.TOMBSTONED:
                difference.done = await self._repair_service.erase_object(row)
        except CaptureError as problem:
            difference.because += f" Not done: {problem.detail}"
            difference.explained = False

    async def _classify(
        self, found: ObjectSummary, row: PhotoRow | None, newest: datetime | None
    ) -> Difference | None:
        if row is None:
            return await self._orphan(found, newest)
        if row.key != found.key:
            return _other_key(found)
        if row.state is PhotoState.DELETED:
            return _tombstoned(found)
        if found.size != row.size:
            because = f"{found.size} bytes in the store, {row.size} in the database."
            return Difference(kind=Kind.OTHER_SIZE, key=found.key, because=because, explained=False)
        if row.state is PhotoState.PENDING:
            because = "Uploaded, and its phone has not come back for the receipt. --adopt stores it now."
            return Difference(kind=Kind.UNCONFIRMED, key=found.key, because=because, explained=True)
        return None

    async def _orphan(self, found: ObjectSummary, newest: datetime | None) -> Difference:
        name = parse_object_key(found.key)
        if name is None:
            because = "Not written by this app: no photo has such a key."
            return Difference(kind=Kind.FOREIGN_KEY, key=found.key, because=because, explained=False)
        async with self._database.transaction() as tx:
            home = await tx.maintenance.consultation_owner(name.consultation_id)
        if home is None:
            explained, because = True, _UNKNOWN_HOME
        elif newest is None or found.modified_at > newest:
            explained, because = True, _OLDER_DATABASE
        else:
            explained, because = False, _LOST_ROW
        return Difference(kind=Kind.WITHOUT_ROW, key=found.key, because=because, explained=explained)

    async def _find_absent(self, seen: set[UUID], report: Reconciliation) -> None:
        """Stored rows whose object the listing did not show, and a second look does not either."""
        after: UUID | None = None
        while True:
            async with self._database.transaction() as tx:
                page = await tx.maintenance.photo_page(after, BATCH)
            if not page:
                return
            after = page[-1].photo_id
            report.rows += len(page)
            for row in page:
                stored = row.state is PhotoState.STORED and row.photo_id not in seen
                if stored and not await self._is_there(row.key):
                    report.differences.append(_absent(row))

    async def _is_there(self, key: str) -> bool:
        # The photo may have arrived while the listing ran.
        async for found in self._store.keys(key):
            if found.key == key:
                return True
        return False


def _is_thumbnail(name: ObjectName | None) -> bool:
    return name is not None and name.is_thumbnail


def _classify_thumbnail(found: ObjectSummary, row: PhotoRow | None) -> Difference | None:
    """Beside a photo of either state it belongs there: its row may say so with the next receipt."""
    if row is None:
        kind, because = Kind.THUMBNAIL_WITHOUT_ROW, _THUMBNAIL_WITHOUT_ROW
        return Difference(kind=kind, key=found.key, because=because, explained=True)
    if row.thumbnail_key != found.key:
        return _other_key(found)
    return _tombstoned(found) if row.state is PhotoState.DELETED else None


def _other_key(found: ObjectSummary) -> Difference:
    because = "The database keeps this photo under another key."
    return Difference(kind=Kind.OTHER_KEY, key=found.key, because=because, explained=False)


def _tombstoned(found: ObjectSummary) -> Difference:
    because = "Deleted by its owner; a late upload brought the object back. --adopt erases it."
    return Difference(kind=Kind.TOMBSTONED, key=found.key, because=because, explained=True)


async def _photos(objects: AsyncIterator[ObjectSummary]) -> AsyncIterator[ObjectSummary]:
    """All but what was stored to try the store, which the next trial removes."""
    async for found in objects:
        if not found.key.startswith(TRIAL_PREFIX):
            yield found


async def _batches(objects: AsyncIterator[ObjectSummary]) -> AsyncIterator[list[ObjectSummary]]:
    batch: list[ObjectSummary] = []
    async for found in objects:
        batch.append(found)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _absent(row: PhotoRow) -> Difference:
    because = (
        "The database calls it stored and the store does not have it: deleted after the backup that this "
        "database comes from, or lost. A backup of the store, or the phone's own copy, can tell."
    )
    return Difference(kind=Kind.WITHOUT_OBJECT, key=row.key, because=because, explained=False)
