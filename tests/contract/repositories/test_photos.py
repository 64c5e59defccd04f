"""Photos: pending once, stored once, and a tombstone stays one."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import msgspec
import pytest

from app.adapters.database.engine import SqlDatabase
from app.adapters.database.repositories.photos import ERASE_AGAIN_AFTER
from app.domain.photos.model import PhotoDescription, PhotoState
from app.domain.photos.quota import PendingLoad
from tests.contract.repositories.factories import (
    ANNE,
    BEN,
    MINUTE,
    NOW,
    SECOND,
    add_consultation,
    add_photo,
    delete,
    find,
    new_photo,
    store,
)


async def test_a_pending_row_reads_back_as_it_was_written(database: SqlDatabase) -> None:
    """Every field survives, times to the millisecond and in UTC."""
    row = await add_photo(database, await add_consultation(database, ANNE), content_type="image/webp")

    assert await find(database, row.photo_id) == row


async def test_a_batch_of_twenty_goes_in_with_one_insert(database: SqlDatabase) -> None:
    """All rows of a presign batch are there, each under its id."""
    consultation = await add_consultation(database, ANNE)
    rows = [new_photo(ANNE, consultation.consultation_id, size=size) for size in range(1, 21)]

    async with database.transaction() as tx:
        added = await tx.photos.add_pending(rows)
        found = await tx.photos.by_ids([row.photo_id for row in rows])

    assert added == {row.photo_id for row in rows}
    assert found == {row.photo_id: row for row in rows}


async def test_nothing_to_insert_and_nothing_to_find_are_no_queries(database: SqlDatabase) -> None:
    """Empty batches answer empty."""
    async with database.transaction() as tx:
        assert await tx.photos.add_pending([]) == set()
        assert await tx.photos.by_ids([]) == {}
        assert await tx.consultations.openings(ANNE, []) == {}


async def test_adding_a_photo_twice_keeps_the_first(database: SqlDatabase) -> None:
    """A second presign of the same id changes nothing, not even inside one batch."""
    consultation = await add_consultation(database, ANNE)
    first = await add_photo(database, consultation)
    second = msgspec.structs.replace(first, sha256="cd" * 32, size=1)
    new = new_photo(ANNE, consultation.consultation_id)

    async with database.transaction() as tx:
        added = await tx.photos.add_pending([second, new, msgspec.structs.replace(new, size=2)])

    assert added == {new.photo_id}
    assert await find(database, first.photo_id) == first
    assert await find(database, new.photo_id) == new


async def test_pending_photos_are_counted_for_their_owner_since_a_moment(database: SqlDatabase) -> None:
    """Neither another's, nor what is stored or deleted, nor what has waited for longer."""
    consultation, other = await add_consultation(database, ANNE), await add_consultation(database, BEN)
    rows = [await add_photo(database, consultation) for _ in range(4)]
    await add_photo(database, consultation, created_at=NOW - MINUTE)
    await add_photo(database, other)
    await store(database, rows[0])
    await delete(database, rows[1])

    async with database.transaction() as tx:
        await tx.maintenance.postpone_pending(rows[2].photo_id, NOW + 60 * MINUTE)

        assert await tx.photos.count_pending(ANNE, NOW - SECOND) == PendingLoad(photos=2, size=300_000)
        assert await tx.photos.count_pending(ANNE, NOW - 2 * MINUTE) == PendingLoad(photos=3, size=450_000)
        assert await tx.photos.count_pending("user_nobody", NOW - MINUTE) == PendingLoad(photos=0, size=0)


async def test_fifty_completes_at_once_store_a_photo_exactly_once(database: SqlDatabase) -> None:
    """Exactly one of them gets the row."""
    row = await add_photo(database, await add_consultation(database, ANNE))

    answers = await asyncio.gather(*(store(database, row) for _ in range(50)))

    assert [answer.state for answer in answers if answer is not None] == [PhotoState.STORED]


async def test_a_stored_photo_has_its_time_of_receipt(database: SqlDatabase) -> None:
    """The new row comes back with its state and time, and is not late."""
    row = await add_photo(database, await add_consultation(database, ANNE))

    stored = await store(database, row, NOW + SECOND)

    assert stored == msgspec.structs.replace(row, state=PhotoState.STORED, received_at=NOW + SECOND)
    assert await find(database, row.photo_id) == stored


async def test_an_unknown_photo_is_never_stored(database: SqlDatabase) -> None:
    """No row, no answer."""
    async with database.transaction() as tx:
        assert await tx.photos.mark_stored(uuid4(), NOW) is None


async def test_a_tombstone_before_the_complete_wins(database: SqlDatabase) -> None:
    """What was deleted first is never stored."""
    row = await add_photo(database, await add_consultation(database, ANNE))

    before = await delete(database, row)

    assert before == row
    assert await store(database, row) is None
    found = await find(database, row.photo_id)
    assert found is not None
    assert found.state is PhotoState.DELETED


async def test_a_tombstone_after_the_complete_wins(database: SqlDatabase) -> None:
    """A stored photo is tombstoned, and a late complete does not bring it back."""
    row = await add_photo(database, await add_consultation(database, ANNE))
    stored = await store(database, row)

    assert await delete(database, row) == stored

    assert await store(database, row) is None
    found = await find(database, row.photo_id)
    assert found is not None
    assert found.state is PhotoState.DELETED


async def test_a_refused_photo_is_never_stored_until_it_is_taken_up_again(database: SqlDatabase) -> None:
    """Its bytes may be erased from then on; a stored or deleted photo cannot be refused any more."""
    consultation = await add_consultation(database, ANNE)
    row, kept = await add_photo(database, consultation), await add_photo(database, consultation)
    await store(database, kept)

    async with database.transaction() as tx:
        assert await tx.photos.mark_refused(row.photo_id, NOW)
        assert not await tx.photos.mark_refused(kept.photo_id, NOW)
        assert await tx.photos.mark_stored(row.photo_id, NOW) is None
        assert await tx.maintenance.list_due_pending(NOW + ERASE_AGAIN_AFTER - SECOND, 10) == []
        [due] = await tx.maintenance.list_due_pending(NOW + ERASE_AGAIN_AFTER, 10)
        assert due.refused_at == NOW
        await tx.photos.clear_refusals([row.photo_id])
        assert await tx.photos.mark_stored(row.photo_id, NOW) is not None


async def test_delete_and_complete_at_once_end_in_a_tombstone(database: SqlDatabase) -> None:
    """Whichever comes first, twenty times over."""
    consultation = await add_consultation(database, ANNE)
    for _ in range(20):
        row = await add_photo(database, consultation)

        await asyncio.gather(store(database, row), delete(database, row))

        found = await find(database, row.photo_id)
        assert found is not None
        assert found.state is PhotoState.DELETED


async def test_deleting_twice_returns_the_tombstone(database: SqlDatabase) -> None:
    """The second delete sees that it came second, and does not put off the erasure."""
    row = await add_photo(database, await add_consultation(database, ANNE))
    await delete(database, row)

    again = await delete(database, row, NOW + MINUTE)

    assert again is not None
    assert again.state is PhotoState.DELETED
    async with database.transaction() as tx:
        assert len(await tx.maintenance.list_due_erasures(NOW + ERASE_AGAIN_AFTER, 10)) == 1


async def test_a_tombstone_keeps_no_text_about_the_patient(database: SqlDatabase) -> None:
    """Caption, body site, side and view are gone; ids, hash and times stay."""
    row = await add_photo(database, await add_consultation(database, ANNE))
    await store(database, row)
    description = PhotoDescription(caption="Naevus", body_site="Back", side="left", view="close-up")
    async with database.transaction() as tx:
        await tx.photos.describe(ANNE, row.photo_id, description)

    before = await delete(database, row)

    found = await find(database, row.photo_id)
    assert before is not None
    assert before.caption == "Naevus"
    assert found is not None
    assert (found.caption, found.body_site, found.side, found.view) == ("", "", "", "")
    assert found.sha256 == row.sha256


@pytest.mark.parametrize(("received_after", "late"), [(-SECOND, False), (timedelta(0), True), (MINUTE, True)])
async def test_a_photo_is_late_when_its_consultation_was_closed_by_then(
    database: SqlDatabase, received_after: timedelta, late: bool
) -> None:
    """It is stored all the same."""
    consultation = await add_consultation(database, ANNE)
    row = await add_photo(database, consultation)
    async with database.transaction() as tx:
        await tx.consultations.set_closed(ANNE, consultation.consultation_id, NOW)

    stored = await store(database, row, NOW + received_after)

    assert stored is not None
    assert stored.state is PhotoState.STORED
    assert stored.late is late


async def test_the_list_keeps_the_order_of_receipt_when_clocks_step_back(database: SqlDatabase) -> None:
    """Neither the phone's clock nor a stepping clock of the server moves a photo."""
    consultation = await add_consultation(database, ANNE)
    rows = [await add_photo(database, consultation, captured_at=NOW - place * MINUTE) for place in range(4)]
    await add_photo(database, consultation)
    for place, row in enumerate(rows):
        await store(database, row, NOW - place * SECOND)

    async with database.transaction() as tx:
        listed = await tx.photos.list_stored(ANNE, consultation.consultation_id)

    assert [row.photo_id for row in listed] == [row.photo_id for row in rows]


async def test_a_description_changes_only_the_given_fields(database: SqlDatabase) -> None:
    """Absent fields stay, an empty text empties, and a pending photo cannot be described."""
    row = await add_photo(database, await add_consultation(database, ANNE))
    async with database.transaction() as tx:
        assert await tx.photos.describe(ANNE, row.photo_id, PhotoDescription(caption="Naevus")) is None
    await store(database, row)

    async with database.transaction() as tx:
        await tx.photos.describe(ANNE, row.photo_id, PhotoDescription(caption="Naevus", side="left"))
        described = await tx.photos.describe(ANNE, row.photo_id, PhotoDescription(side="", view="overview"))

    assert described is not None
    assert (described.caption, described.side, described.view) == ("Naevus", "", "overview")
    assert await find(database, row.photo_id) == described


async def test_a_moved_photo_keeps_where_it_was_captured(database: SqlDatabase) -> None:
    """It leaves one list and joins the other; its key does not change."""
    here, there = await add_consultation(database, ANNE), await add_consultation(database, ANNE)
    row = await add_photo(database, here)
    await store(database, row)

    async with database.transaction() as tx:
        moved = await tx.photos.file_under(ANNE, row.photo_id, there.consultation_id)
        left = await tx.photos.list_stored(ANNE, here.consultation_id)
        joined = await tx.photos.list_stored(ANNE, there.consultation_id)

    assert moved is not None
    assert (moved.filed_in, moved.captured_in) == (there.consultation_id, here.consultation_id)
    assert moved.key == row.key
    assert (left, joined) == ([], [moved])
