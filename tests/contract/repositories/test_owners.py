"""No user reads or changes what belongs to another: each method that takes an owner, by name."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from app.adapters.database.engine import SqlDatabase
from app.adapters.database.statements import Statement
from app.adapters.database.tables import announcements, current_history
from app.domain.photos.model import PhotoDescription
from app.domain.photos.quota import PendingLoad
from app.domain.ports.database import Transaction
from tests.contract.repositories.factories import (
    ANNE,
    BEN,
    MINUTE,
    NOW,
    add_consultation,
    add_inventory_entry,
    add_photo,
    ensure_user,
    fetch,
    new_photo,
    store,
)

EMPTY = PendingLoad(photos=0, size=0)
Attempt = Callable[[Transaction, UUID, UUID, UUID], Awaitable[Any]]

# How Ben asks for Anne's consultation and photo, and what he may see. The last id is his own consultation.
ATTEMPTS: dict[str, tuple[Attempt, Any]] = {
    "consultations.get": (lambda tx, consultation, photo, own: tx.consultations.get(BEN, consultation), None),
    "consultations.get_revision": (
        lambda tx, consultation, photo, own: tx.consultations.get_revision(BEN, consultation),
        None,
    ),
    "consultations.openings": (
        lambda tx, consultation, photo, own: tx.consultations.openings(BEN, [consultation]),
        {},
    ),
    "consultations.list_all": (lambda tx, consultation, photo, own: _labels(tx), {"Ben's", "Unfiled"}),
    "consultations.unfiled": (lambda tx, consultation, photo, own: _unfiled_owner(tx), BEN),
    "consultations.current": (lambda tx, consultation, photo, own: tx.consultations.current(BEN), None),
    "consultations.set_current": (lambda tx, consultation, photo, own: _choose(tx, consultation), None),
    "consultations.list_open_for_update": (lambda tx, consultation, photo, own: _open_labels(tx), {"Ben's"}),
    "current_history.record": (
        lambda tx, consultation, photo, own: tx.current_history.record(BEN, NOW),
        None,
    ),
    "current_history.entries": (
        lambda tx, consultation, photo, own: tx.current_history.entries(BEN, [1]),
        {},
    ),
    "current_history.moves_since": (
        lambda tx, consultation, photo, own: tx.current_history.moves_since(BEN, consultation),
        [],
    ),
    "consultations.rename": (
        lambda tx, consultation, photo, own: tx.consultations.rename(BEN, consultation, "Ben", None),
        None,
    ),
    "consultations.discard": (
        lambda tx, consultation, photo, own: tx.consultations.discard(BEN, consultation, NOW),
        False,
    ),
    "consultations.restore": (
        lambda tx, consultation, photo, own: tx.consultations.restore(BEN, consultation),
        None,
    ),
    "photos.set_place_confirmed": (
        lambda tx, consultation, photo, own: tx.photos.set_place_confirmed(BEN, photo, NOW),
        None,
    ),
    "consultations.set_notes": (
        lambda tx, consultation, photo, own: tx.consultations.set_notes(BEN, consultation, "Ben was here"),
        None,
    ),
    "consultations.set_closed": (
        lambda tx, consultation, photo, own: tx.consultations.set_closed(BEN, consultation, NOW),
        None,
    ),
    "photos.list_stored": (lambda tx, consultation, photo, own: tx.photos.list_stored(BEN, consultation), []),
    "photos.count_pending": (
        lambda tx, consultation, photo, own: tx.photos.count_pending(BEN, NOW - MINUTE),
        EMPTY,
    ),
    "photos.get_for_update": (
        lambda tx, consultation, photo, own: tx.photos.get_for_update(BEN, photo),
        None,
    ),
    "photos.mark_deleted": (
        lambda tx, consultation, photo, own: tx.photos.mark_deleted(BEN, photo, NOW),
        None,
    ),
    "photos.describe": (
        lambda tx, consultation, photo, own: tx.photos.describe(BEN, photo, PhotoDescription(caption="Ben")),
        None,
    ),
    "inventory.list_entries": (lambda tx, consultation, photo, own: tx.inventory.list_entries(BEN), []),
    "inventory.delete_entries": (
        lambda tx, consultation, photo, own: tx.inventory.delete_entries(BEN, [photo]),
        None,
    ),
    "photos.file_under": (lambda tx, consultation, photo, own: tx.photos.file_under(BEN, photo, own), None),
}
_INVENTORY = Statement(select(announcements))
_HISTORY = Statement(select(current_history).where(current_history.c.owner == ANNE))
# The owner of an event is its recipient, and no user reads the outbox.
NOT_READ_BY_OWNER = {"outbox.add"}


async def _labels(tx: Transaction) -> set[str]:
    return {consultation.label for consultation in await tx.consultations.list_all(BEN)}


async def _open_labels(tx: Transaction) -> set[str]:
    return {consultation.label for consultation in await tx.consultations.list_open_for_update(BEN)}


async def _unfiled_owner(tx: Transaction) -> str:
    return (await tx.consultations.unfiled(BEN)).owner


async def _choose(tx: Transaction, consultation: UUID) -> object:
    await tx.consultations.set_current(BEN, consultation)
    return await tx.consultations.current(BEN)


def test_every_method_with_an_owner_is_attempted() -> None:
    """A new method of a repository with an owner must join the table above."""
    methods = {
        f"{repository}.{name}"
        for repository, kind in inspect.get_annotations(Transaction).items()
        for name, method in inspect.getmembers(kind, inspect.isfunction)
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
    async with database.transaction() as tx:
        device = await tx.inventory.get_or_create_device("d" * 64, own.consultation_id, NOW)
    await add_inventory_entry(database, row.photo_id, device)
    async with database.transaction() as tx:
        await tx.consultations.set_current(ANNE, consultation.consultation_id)
        await tx.current_history.record(ANNE, NOW)
    attempt, expected = ATTEMPTS[method]

    before = await _everything(database, consultation.consultation_id)
    async with database.transaction() as tx:
        seen = await attempt(tx, consultation.consultation_id, row.photo_id, own.consultation_id)

    assert seen == expected
    assert await _everything(database, consultation.consultation_id) == before


async def test_the_owner_is_seen_by_the_same_questions(database: SqlDatabase) -> None:
    """The control: what Ben does not get, Anne gets."""
    consultation = await add_consultation(database, ANNE)
    row = await add_photo(database, consultation)
    await store(database, row)

    async with database.transaction() as tx:
        assert await tx.consultations.get(ANNE, consultation.consultation_id) is not None
        assert await tx.consultations.get_revision(ANNE, consultation.consultation_id) is not None
        assert await tx.consultations.openings(ANNE, [consultation.consultation_id])
        assert len(await tx.photos.list_stored(ANNE, consultation.consultation_id)) == 1
        assert await tx.photos.get_for_update(ANNE, row.photo_id) is not None
        assert await tx.photos.describe(ANNE, row.photo_id, PhotoDescription(caption="x")) is not None
        assert await tx.photos.file_under(ANNE, row.photo_id, consultation.consultation_id) is not None
        assert await tx.photos.mark_deleted(ANNE, row.photo_id, NOW) is not None


async def test_a_photo_cannot_be_filed_under_another_users_consultation(database: SqlDatabase) -> None:
    """Not by its own owner either."""
    row = await add_photo(database, await add_consultation(database, ANNE))
    await store(database, row)
    theirs = await add_consultation(database, BEN)

    async with database.transaction() as tx:
        assert await tx.photos.file_under(ANNE, row.photo_id, theirs.consultation_id) is None


async def test_the_schema_refuses_a_photo_in_another_users_consultation(database: SqlDatabase) -> None:
    """Even where the code forgot to check, the foreign key holds, and the transaction leaves nothing."""
    await ensure_user(database, BEN)
    theirs = await add_consultation(database, ANNE)
    row = new_photo(BEN, theirs.consultation_id)

    with pytest.raises(Exception, match=r"(?i)foreign key"):
        async with database.transaction() as tx:
            await tx.photos.add_pending([row])

    async with database.transaction() as tx:
        assert await tx.photos.by_ids([row.photo_id]) == {}


async def _everything(database: SqlDatabase, consultation: UUID) -> tuple[object, ...]:
    async with database.transaction() as tx:
        seen = (
            await tx.consultations.list_all(ANNE),
            await tx.consultations.current(ANNE),
            await tx.photos.list_stored(ANNE, consultation),
            await tx.maintenance.list_due_erasures(NOW.replace(year=2030), 10),
        )
    return (*seen, await fetch(database, _INVENTORY), await fetch(database, _HISTORY))
