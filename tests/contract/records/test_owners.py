"""No user reads or changes what belongs to another: each method that takes an owner, by name."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from app.adapters.database.engine import SqlDatabase
from app.adapters.database.records.sql_records import SqlRecords
from app.adapters.database.statements import Statement
from app.adapters.database.tables import announcements, current_history
from app.domain.photos.model import PhotoDescription
from app.domain.photos.quota import PendingLoad
from app.domain.ports.repositories import Records
from tests.contract.records.factories import (
    ANNE,
    BEN,
    MINUTE,
    NOW,
    add_consultation,
    add_inventory_entry,
    add_photo,
    ensure_user,
    new_photo,
    store,
)

EMPTY = PendingLoad(photos=0, size=0)
Attempt = Callable[[SqlRecords, UUID, UUID, UUID], Awaitable[Any]]

# How Ben asks for Anne's consultation and photo, and what he may see. The last id is his own consultation.
ATTEMPTS: dict[str, tuple[Attempt, Any]] = {
    "consultation": (lambda records, consultation, photo, own: records.consultation(BEN, consultation), None),
    "owned_consultations": (
        lambda records, consultation, photo, own: records.owned_consultations(BEN, [consultation]),
        set(),
    ),
    "consultations": (lambda records, consultation, photo, own: _labels(records), {"Ben's", "Unfiled"}),
    "unfiled": (lambda records, consultation, photo, own: _unfiled_owner(records), BEN),
    "current": (lambda records, consultation, photo, own: records.current(BEN), None),
    "set_current": (lambda records, consultation, photo, own: _choose(records, consultation), None),
    "open_consultations": (lambda records, consultation, photo, own: _open_labels(records), {"Ben's"}),
    "record_current": (lambda records, consultation, photo, own: records.record_current(BEN, NOW), None),
    "current_history": (lambda records, consultation, photo, own: records.current_history(BEN, [1]), {}),
    "moves_since": (lambda records, consultation, photo, own: records.moves_since(BEN, consultation), []),
    "set_identity": (
        lambda records, consultation, photo, own: records.set_identity(BEN, consultation, "Ben", None),
        None,
    ),
    "discard_consultation": (
        lambda records, consultation, photo, own: records.discard_consultation(BEN, consultation, NOW),
        False,
    ),
    "restore_consultation": (
        lambda records, consultation, photo, own: records.restore_consultation(BEN, consultation),
        None,
    ),
    "confirm_place": (lambda records, consultation, photo, own: records.confirm_place(BEN, photo, NOW), None),
    "set_notes": (
        lambda records, consultation, photo, own: records.set_notes(BEN, consultation, "Ben was here"),
        None,
    ),
    "set_closed": (
        lambda records, consultation, photo, own: records.set_closed(BEN, consultation, NOW),
        None,
    ),
    "stored_photos": (lambda records, consultation, photo, own: records.stored_photos(BEN, consultation), []),
    "count_pending": (
        lambda records, consultation, photo, own: records.count_pending(BEN, NOW - MINUTE),
        EMPTY,
    ),
    "own_photo": (lambda records, consultation, photo, own: records.own_photo(BEN, photo), None),
    "mark_deleted": (lambda records, consultation, photo, own: records.mark_deleted(BEN, photo, NOW), None),
    "describe": (
        lambda records, consultation, photo, own: records.describe(
            BEN, photo, PhotoDescription(caption="Ben")
        ),
        None,
    ),
    "inventory_entries": (lambda records, consultation, photo, own: records.inventory_entries(BEN), []),
    "drop_inventory_entries": (
        lambda records, consultation, photo, own: records.drop_inventory_entries(BEN, [photo]),
        None,
    ),
    "file_under": (lambda records, consultation, photo, own: records.file_under(BEN, photo, own), None),
}
_INVENTORY = Statement(select(announcements))
_HISTORY = Statement(select(current_history).where(current_history.c.owner == ANNE))
# The owner of an event is its recipient, and no user reads the outbox.
NOT_READ_BY_OWNER = {"add_event"}


async def _labels(records: SqlRecords) -> set[str]:
    return {consultation.label for consultation in await records.consultations(BEN)}


async def _open_labels(records: SqlRecords) -> set[str]:
    return {consultation.label for consultation in await records.open_consultations(BEN)}


async def _unfiled_owner(records: SqlRecords) -> str:
    return (await records.unfiled(BEN)).owner


async def _choose(records: SqlRecords, consultation: UUID) -> object:
    await records.set_current(BEN, consultation)
    return await records.current(BEN)


def test_every_method_with_an_owner_is_attempted() -> None:
    """A new method of ``Records`` with an owner must join the table above."""
    methods = {
        name
        for name, method in inspect.getmembers(Records, inspect.isfunction)
        if "owner" in inspect.signature(method).parameters
    }

    assert methods - NOT_READ_BY_OWNER == set(ATTEMPTS)


@pytest.mark.parametrize("method", ATTEMPTS)
async def test_another_users_rows_are_neither_seen_nor_changed(database: SqlDatabase, method: str) -> None:
    """The attempt answers as if there were nothing, and everything of Anne's stays as it was."""
    consultation = await add_consultation(database, ANNE, label="Anne's")
    row = await add_photo(database, consultation)
    await store(database, row)
    own = await add_consultation(database, BEN, label="Ben's")
    async with database.transaction() as records:
        device = await records.get_or_create_device("d" * 64, own.consultation_id, NOW)
    await add_inventory_entry(database, row.photo_id, device)
    async with database.transaction() as records:
        await records.set_current(ANNE, consultation.consultation_id)
        await records.record_current(ANNE, NOW)
    attempt, expected = ATTEMPTS[method]

    before = await _everything(database, consultation.consultation_id)
    async with database.transaction() as records:
        seen = await attempt(records, consultation.consultation_id, row.photo_id, own.consultation_id)

    assert seen == expected
    assert await _everything(database, consultation.consultation_id) == before


async def test_the_owner_is_seen_by_the_same_questions(database: SqlDatabase) -> None:
    """The control: what Ben does not get, Anne gets."""
    consultation = await add_consultation(database, ANNE)
    row = await add_photo(database, consultation)
    await store(database, row)

    async with database.transaction() as records:
        assert await records.consultation(ANNE, consultation.consultation_id) is not None
        assert await records.owned_consultations(ANNE, [consultation.consultation_id]) == {
            consultation.consultation_id
        }
        assert len(await records.stored_photos(ANNE, consultation.consultation_id)) == 1
        assert await records.own_photo(ANNE, row.photo_id) is not None
        assert await records.describe(ANNE, row.photo_id, PhotoDescription(caption="x")) is not None
        assert await records.file_under(ANNE, row.photo_id, consultation.consultation_id) is not None
        assert await records.mark_deleted(ANNE, row.photo_id, NOW) is not None


async def test_a_photo_cannot_be_filed_under_another_users_consultation(database: SqlDatabase) -> None:
    """Not by its own owner either."""
    row = await add_photo(database, await add_consultation(database, ANNE))
    await store(database, row)
    theirs = await add_consultation(database, BEN)

    async with database.transaction() as records:
        assert await records.file_under(ANNE, row.photo_id, theirs.consultation_id) is None


async def test_the_schema_refuses_a_photo_in_another_users_consultation(database: SqlDatabase) -> None:
    """Even where the code forgot to check, the foreign key holds, and the transaction leaves nothing."""
    await ensure_user(database, BEN)
    theirs = await add_consultation(database, ANNE)
    row = new_photo(BEN, theirs.consultation_id)

    with pytest.raises(Exception, match=r"(?i)foreign key"):
        async with database.transaction() as records:
            await records.add_pending([row])

    async with database.transaction() as records:
        assert await records.photos([row.photo_id]) == {}


async def _everything(database: SqlDatabase, consultation: UUID) -> tuple[object, ...]:
    async with database.transaction() as records:
        return (
            await records.consultations(ANNE),
            await records.current(ANNE),
            await records.stored_photos(ANNE, consultation),
            await records.due_erasures(NOW.replace(year=2030), 10),
            await records._connection.fetch(_INVENTORY),
            await records._connection.fetch(_HISTORY),
        )
