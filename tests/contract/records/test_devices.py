"""Devices, announcements and counters, on both databases."""

from uuid import UUID, uuid4

from app.adapters.database.engine import SqlDatabase
from app.domain.ports import Announcement
from tests.contract.records.made import (
    ANNE,
    BEN,
    MINUTE,
    NOW,
    SECOND,
    add_photo,
    add_visit,
    announce,
    delete,
    store,
)

DAY = 24 * 60 * MINUTE


async def meet(database: SqlDatabase, digest: str = "d" * 64, at: object = NOW) -> UUID:
    """A device's contact."""
    async with database.transaction() as records:
        return await records.meet_device(digest, uuid4(), at)


async def announced(database: SqlDatabase, owner: str = ANNE) -> list[Announcement]:
    """What is open for a user."""
    async with database.transaction() as records:
        return await records.announced(owner)


async def test_a_device_is_known_by_its_cookie_and_heard_of_each_time(database: SqlDatabase) -> None:
    """The same id for the same digest, another for another."""
    first = await meet(database)
    assert await meet(database, at=NOW + MINUTE) == first
    assert await meet(database, "e" * 64) != first
    await announce(database, uuid4(), first)

    assert [one.heard_at for one in await announced(database)] == [NOW + MINUTE]


async def test_an_announcement_comes_back_as_it_went_in_and_is_replaced(database: SqlDatabase) -> None:
    """Times to the millisecond, in the order of the ids, one row for each photo of an owner."""
    device = await meet(database)
    ids = sorted(uuid4() for _ in range(3))
    rows = [await announce(database, photo_id, device) for photo_id in reversed(ids)]
    assert await announced(database) == list(reversed(rows))

    lost = await announce(
        database, ids[1], device, missing_since=NOW + SECOND, acknowledged_at=NOW + MINUTE, state="parked"
    )

    assert (await announced(database))[1] == lost
    assert len(await announced(database)) == 3


async def test_photos_that_are_here_are_not_announced_any_more(database: SqlDatabase) -> None:
    """Stored and deleted ones; a pending one is not here yet."""
    device = await meet(database)
    visit = await add_visit(database, ANNE)
    pending, stored, deleted = [await add_photo(database, visit) for _ in range(3)]
    for row in (pending, stored, deleted):
        await announce(database, row.photo_id, device)
    await store(database, stored)
    await delete(database, deleted)

    assert [one.photo_id for one in await announced(database)] == [pending.photo_id]


async def test_another_owners_photo_of_the_same_id_settles_nothing(database: SqlDatabase) -> None:
    """An id that collides, or is guessed, hides nobody's loss."""
    theirs = await add_photo(database, await add_visit(database, BEN))
    await store(database, theirs)
    await announce(database, theirs.photo_id, await meet(database))

    assert len(await announced(database)) == 1


async def test_announcements_are_dropped_by_their_owner(database: SqlDatabase) -> None:
    """Those named, and unknown ones without a word."""
    device = await meet(database)
    kept, dropped = uuid4(), uuid4()
    for photo_id in (kept, dropped):
        await announce(database, photo_id, device)

    async with database.transaction() as records:
        await records.drop_announcements(ANNE, [dropped, uuid4()])

    assert [one.photo_id for one in await announced(database)] == [kept]


async def test_what_is_settled_is_forgotten_and_what_is_open_never(database: SqlDatabase) -> None:
    """Arrived photos at once, dismissed losses after a month; open ones stay for ever."""
    device = await meet(database)
    arrived = await add_photo(database, await add_visit(database, ANNE))
    await store(database, arrived)
    waiting, lost, dismissed = uuid4(), uuid4(), uuid4()
    for photo_id in (arrived.photo_id, waiting):
        await announce(database, photo_id, device)
    await announce(database, lost, device, missing_since=NOW)
    await announce(database, dismissed, device, missing_since=NOW, acknowledged_at=NOW)

    async def kept(days: int) -> int:
        async with database.transaction() as records:
            await records.purge_expired(NOW + days * DAY)
        return len(await announced(database))

    assert [await kept(days) for days in (29, 30, 3_000)] == [3, 2, 2]


async def test_the_gauges_tell_what_phones_hold_and_what_is_lost(database: SqlDatabase) -> None:
    """The oldest unsent announcement, without what was dismissed or has arrived."""
    device = await meet(database)
    arrived = await add_photo(database, await add_visit(database, ANNE))
    await store(database, arrived)
    await announce(database, arrived.photo_id, device)
    await announce(database, uuid4(), device, announced_at=NOW - MINUTE)
    await announce(database, uuid4(), device)
    await announce(database, uuid4(), device, missing_since=NOW)
    await announce(database, uuid4(), device, missing_since=NOW, acknowledged_at=NOW)

    async with database.transaction() as records:
        counts = await records.counts(NOW + MINUTE)

    assert (counts["announced"], counts["oldest_announced_s"], counts["missing"]) == (2.0, 120.0, 1.0)


async def test_pending_photos_are_counted_by_age(database: SqlDatabase) -> None:
    """Each bucket holds all that is older."""
    visit = await add_visit(database, ANNE)
    for age in (SECOND, 6 * MINUTE, 61 * MINUTE, DAY):
        await add_photo(database, visit, created_at=NOW - age)

    async with database.transaction() as records:
        counts = await records.counts(NOW)

    assert [counts[f"pending{over}"] for over in ("", "_over_5m", "_over_1h", "_over_1d")] == [4, 3, 2, 1]


async def test_counters_add_up_and_outlive_the_process(database: SqlDatabase) -> None:
    """By name, from nothing."""
    for found in ({"sweep_stored": 2}, {"sweep_stored": 3, "sweep_erased": 1}, {}):
        async with database.transaction() as records:
            await records.tally(found)

    async with database.transaction() as records:
        counts = await records.counts(NOW)

    assert (counts["sweep_stored_total"], counts["sweep_erased_total"]) == (5.0, 1.0)


async def test_every_photo_is_paged_through_once_in_the_order_of_ids(database: SqlDatabase) -> None:
    """Of all users."""
    rows = [await add_photo(database, await add_visit(database, owner)) for owner in (ANNE, BEN, ANNE)]

    pages = []
    async with database.transaction() as records:
        after = None
        while page := await records.photo_page(after, 2):
            pages.append([row.photo_id for row in page])
            after = page[-1].photo_id

    assert pages == [sorted(row.photo_id for row in rows)[:2], sorted(row.photo_id for row in rows)[2:]]


async def test_the_home_of_a_consultation_and_how_new_the_database_is(database: SqlDatabase) -> None:
    """Nothing is known of a consultation that is not here, or of the age of an empty database."""
    async with database.transaction() as records:
        assert await records.newest_moment() is None
        assert await records.home_of(uuid4()) is None
    visit = await add_visit(database, BEN)
    await store(database, await add_photo(database, visit), NOW + MINUTE)

    async with database.transaction() as records:
        assert await records.home_of(visit.consultation_id) == BEN
        assert await records.newest_moment() == NOW + MINUTE
