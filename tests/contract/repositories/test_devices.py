"""Devices, inventory entries and counters, on both databases."""

from datetime import datetime
from uuid import UUID, uuid4

from app.adapters.database.engine import SqlDatabase
from app.domain.ports.repositories import InventoryEntry
from tests.contract.repositories.factories import (
    ANNE,
    BEN,
    MINUTE,
    NOW,
    SECOND,
    add_consultation,
    add_inventory_entry,
    add_photo,
    delete,
    store,
)

DAY = 24 * 60 * MINUTE


async def meet(database: SqlDatabase, digest: str = "d" * 64, at: datetime = NOW) -> UUID:
    """The device of this cookie digest, as one of its requests finds it."""
    async with database.transaction() as tx:
        return await tx.inventory.get_or_create_device(digest, uuid4(), at)


async def open_entries(database: SqlDatabase, owner: str = ANNE) -> list[InventoryEntry]:
    """A user's open inventory entries."""
    async with database.transaction() as tx:
        return await tx.inventory.list_entries(owner)


async def test_a_device_is_known_by_its_cookie_and_its_last_report_is_kept(database: SqlDatabase) -> None:
    """The same id for the same digest, another for another."""
    first = await meet(database)
    assert await meet(database, at=NOW + MINUTE) == first
    assert await meet(database, "e" * 64) != first
    await add_inventory_entry(database, uuid4(), first)

    assert [one.heard_at for one in await open_entries(database)] == [NOW + MINUTE]


async def test_an_inventory_entry_comes_back_as_it_went_in_and_is_replaced(database: SqlDatabase) -> None:
    """Times to the millisecond, in the order of the ids, one row for each photo of an owner."""
    device = await meet(database)
    ids = sorted(uuid4() for _ in range(3))
    rows = [await add_inventory_entry(database, photo_id, device) for photo_id in reversed(ids)]
    assert await open_entries(database) == list(reversed(rows))

    lost = await add_inventory_entry(
        database, ids[1], device, missing_since=NOW + SECOND, acknowledged_at=NOW + MINUTE, state="parked"
    )

    assert (await open_entries(database))[1] == lost
    assert len(await open_entries(database)) == 3


async def test_photos_that_are_here_are_no_open_entries_any_more(database: SqlDatabase) -> None:
    """Stored and deleted ones; a pending one is not here yet."""
    device = await meet(database)
    consultation = await add_consultation(database, ANNE)
    pending, stored, deleted = [await add_photo(database, consultation) for _ in range(3)]
    for row in (pending, stored, deleted):
        await add_inventory_entry(database, row.photo_id, device)
    await store(database, stored)
    await delete(database, deleted)

    assert [one.photo_id for one in await open_entries(database)] == [pending.photo_id]


async def test_another_owners_photo_of_the_same_id_closes_no_entry(database: SqlDatabase) -> None:
    """An id that collides, or is guessed, hides no user's loss."""
    theirs = await add_photo(database, await add_consultation(database, BEN))
    await store(database, theirs)
    await add_inventory_entry(database, theirs.photo_id, await meet(database))

    assert len(await open_entries(database)) == 1


async def test_inventory_entries_are_dropped_by_their_owner(database: SqlDatabase) -> None:
    """Those named, and unknown ones without an error."""
    device = await meet(database)
    kept, dropped = uuid4(), uuid4()
    for photo_id in (kept, dropped):
        await add_inventory_entry(database, photo_id, device)

    async with database.transaction() as tx:
        await tx.inventory.delete_entries(ANNE, [dropped, uuid4()])

    assert [one.photo_id for one in await open_entries(database)] == [kept]


async def test_closed_entries_are_purged_and_open_ones_never(database: SqlDatabase) -> None:
    """Arrived photos at once, dismissed losses after a month; open ones stay without end."""
    device = await meet(database)
    arrived = await add_photo(database, await add_consultation(database, ANNE))
    await store(database, arrived)
    waiting, lost, dismissed = uuid4(), uuid4(), uuid4()
    for photo_id in (arrived.photo_id, waiting):
        await add_inventory_entry(database, photo_id, device)
    await add_inventory_entry(database, lost, device, missing_since=NOW)
    await add_inventory_entry(database, dismissed, device, missing_since=NOW, acknowledged_at=NOW)

    async def kept(days: int) -> int:
        async with database.transaction() as tx:
            await tx.maintenance.purge_expired(NOW + days * DAY)
        return len(await open_entries(database))

    assert [await kept(days) for days in (29, 30, 3_000)] == [3, 2, 2]


async def test_the_gauges_count_what_phones_have_and_what_is_lost(database: SqlDatabase) -> None:
    """The oldest unsent entry, without what was dismissed or has arrived."""
    device = await meet(database)
    arrived = await add_photo(database, await add_consultation(database, ANNE))
    await store(database, arrived)
    await add_inventory_entry(database, arrived.photo_id, device)
    await add_inventory_entry(database, uuid4(), device, announced_at=NOW - MINUTE)
    await add_inventory_entry(database, uuid4(), device)
    await add_inventory_entry(database, uuid4(), device, missing_since=NOW)
    await add_inventory_entry(database, uuid4(), device, missing_since=NOW, acknowledged_at=NOW)

    async with database.transaction() as tx:
        counts = await tx.metrics.counts(NOW + MINUTE)

    assert (counts["announced"], counts["oldest_announced_s"], counts["missing"]) == (2.0, 120.0, 1.0)


async def test_pending_photos_are_counted_by_age(database: SqlDatabase) -> None:
    """Each bucket counts all that is older."""
    consultation = await add_consultation(database, ANNE)
    for age in (SECOND, 6 * MINUTE, 61 * MINUTE, DAY):
        await add_photo(database, consultation, created_at=NOW - age)

    async with database.transaction() as tx:
        counts = await tx.metrics.counts(NOW)

    assert [counts[f"pending{over}"] for over in ("", "_over_5m", "_over_1h", "_over_1d")] == [4, 3, 2, 1]


async def test_counters_add_up_and_outlive_the_process(database: SqlDatabase) -> None:
    """By name, from nothing."""
    for found in ({"sweep_stored": 2}, {"sweep_stored": 3, "sweep_erased": 1}, {}):
        async with database.transaction() as tx:
            await tx.metrics.increment_counters(found)

    async with database.transaction() as tx:
        counts = await tx.metrics.counts(NOW)

    assert (counts["sweep_stored_total"], counts["sweep_erased_total"]) == (5.0, 1.0)


async def test_every_photo_is_paged_through_once_in_the_order_of_ids(database: SqlDatabase) -> None:
    """Of all users."""
    rows = [await add_photo(database, await add_consultation(database, owner)) for owner in (ANNE, BEN, ANNE)]

    pages = []
    async with database.transaction() as tx:
        after = None
        while page := await tx.maintenance.photo_page(after, 2):
            pages.append([row.photo_id for row in page])
            after = page[-1].photo_id

    assert pages == [sorted(row.photo_id for row in rows)[:2], sorted(row.photo_id for row in rows)[2:]]


async def test_the_owner_of_a_consultation_and_how_new_the_database_is(database: SqlDatabase) -> None:
    """Nothing is known of a consultation that is not here, or of the age of an empty database."""
    async with database.transaction() as tx:
        assert await tx.maintenance.last_written_at() is None
        assert await tx.maintenance.consultation_owner(uuid4()) is None
    consultation = await add_consultation(database, BEN)
    await store(database, await add_photo(database, consultation), NOW + MINUTE)

    async with database.transaction() as tx:
        assert await tx.maintenance.consultation_owner(consultation.consultation_id) == BEN
        assert await tx.maintenance.last_written_at() == NOW + MINUTE
