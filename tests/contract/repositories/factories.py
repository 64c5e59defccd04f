"""Rows for tests: two clinicians, their consultations and photos, at times that can be compared."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import msgspec

from app.adapters.database.engine import SqlDatabase
from app.adapters.database.statements import Row, Statement
from app.domain.consultations.model import Consultation, ConsultationKind
from app.domain.photos.model import PhotoRow, PhotoState
from app.domain.ports.repositories import InventoryEntry

ANNE = "user_anne"
BEN = "user_ben"
NOW = datetime(2026, 11, 22, 10, 41, 0, 123000, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def new_consultation(owner: str, label: str = "Left forearm", opened_at: datetime = NOW) -> Consultation:
    """A consultation that is not yet in the database."""
    return Consultation(
        consultation_id=uuid4(),
        owner=owner,
        kind=ConsultationKind.VISIT,
        label=label,
        opened_at=opened_at,
    )


def new_photo(owner: str, consultation_id: UUID, **changes: object) -> PhotoRow:
    """A pending photo that is not yet in the database."""
    row = PhotoRow(
        photo_id=uuid4(),
        owner=owner,
        captured_in=consultation_id,
        filed_in=consultation_id,
        state=PhotoState.PENDING,
        content_type="image/jpeg",
        size=150_000,
        sha256="ab" * 32,
        width=800,
        height=600,
        captured_at=NOW - MINUTE,
        created_at=NOW,
    )
    return msgspec.structs.replace(row, **changes)


async def fetch(database: SqlDatabase, statement: Statement) -> list[Row]:
    """What a statement of a test's own reads."""
    async with database._driver.transaction() as connection:
        return await connection.fetch(statement)


async def ensure_user(database: SqlDatabase, owner: str) -> None:
    """Add a user to the database."""
    async with database.transaction() as tx:
        await tx.consultations.ensure_user(owner, uuid4(), NOW)


async def add_consultation(
    database: SqlDatabase, owner: str, label: str = "Left forearm", opened_at: datetime = NOW
) -> Consultation:
    """A consultation in the database."""
    await ensure_user(database, owner)
    consultation = new_consultation(owner, label, opened_at)
    async with database.transaction() as tx:
        await tx.consultations.add(consultation)
    return consultation


async def add_photo(database: SqlDatabase, consultation: Consultation, **changes: object) -> PhotoRow:
    """A pending photo in the database."""
    row = new_photo(consultation.owner, consultation.consultation_id, **changes)
    async with database.transaction() as tx:
        await tx.photos.add_pending([row])
    return row


async def store(database: SqlDatabase, row: PhotoRow, at: datetime = NOW) -> PhotoRow | None:
    """Mark a photo as stored, in a transaction of its own."""
    async with database.transaction() as tx:
        return await tx.photos.mark_stored(row.photo_id, at)


async def delete(database: SqlDatabase, row: PhotoRow, at: datetime = NOW) -> PhotoRow | None:
    """Tombstone a photo, in a transaction of its own."""
    async with database.transaction() as tx:
        return await tx.photos.mark_deleted(row.owner, row.photo_id, at)


async def find(database: SqlDatabase, photo_id: UUID) -> PhotoRow | None:
    """The photo's row, if there is one."""
    async with database.transaction() as tx:
        return (await tx.photos.by_ids([photo_id])).get(photo_id)


async def add_inventory_entry(
    database: SqlDatabase, photo_id: UUID, device: UUID, **changes: object
) -> InventoryEntry:
    """An inventory entry in the database."""
    one = InventoryEntry(
        photo_id=photo_id,
        owner=ANNE,
        device_id=device,
        consultation_id=uuid4(),
        captured_at=NOW - MINUTE,
        state="captured",
        announced_at=NOW,
        heard_at=NOW,
    )
    one = msgspec.structs.replace(one, **changes)
    async with database.transaction() as tx:
        await tx.inventory.put_entry(one)
    return one
