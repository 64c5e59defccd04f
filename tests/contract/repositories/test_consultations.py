"""Consultations: one unfiled for each user, one current at most, newest first."""

import asyncio
from uuid import uuid4

import msgspec

from app.adapters.database.engine import SqlDatabase
from app.domain.consultations.model import ConsultationKind
from tests.contract.repositories.factories import (
    ANNE,
    MINUTE,
    NOW,
    add_consultation,
    add_photo,
    delete,
    ensure_user,
    new_consultation,
    store,
)


async def test_a_user_met_by_twenty_requests_at_once_has_one_unfiled_consultation(
    database: SqlDatabase,
) -> None:
    """The first request of a new user may be several; each offers another id."""
    await asyncio.gather(*(ensure_user(database, ANNE) for _ in range(20)))

    async with database.transaction() as tx:
        everything = await tx.consultations.list_all(ANNE)
        assert [consultation.kind for consultation in everything] == [ConsultationKind.UNFILED]
        assert await tx.consultations.unfiled(ANNE) == everything[0]


async def test_a_consultation_reads_back_as_it_was_written(database: SqlDatabase) -> None:
    """Label, second identifier and time survive."""
    await ensure_user(database, ANNE)
    written = msgspec.structs.replace(new_consultation(ANNE), second_identifier="Bed 4", notes="Ärger µ")

    async with database.transaction() as tx:
        await tx.consultations.add(written)
        assert await tx.consultations.get(ANNE, written.consultation_id) == written


async def test_the_newest_consultation_comes_first_and_the_unfiled_one_last(database: SqlDatabase) -> None:
    """Whatever the order in which they were written, and with the unfiled one opened last of all."""
    old = await add_consultation(database, ANNE, opened_at=NOW - 2 * MINUTE)
    new = await add_consultation(database, ANNE, opened_at=NOW - MINUTE)
    middle = await add_consultation(database, ANNE, opened_at=NOW - 1.5 * MINUTE)

    async with database.transaction() as tx:
        listed = await tx.consultations.list_all(ANNE)

    ids = [consultation.consultation_id for consultation in listed[:3]]
    assert ids == [new.consultation_id, middle.consultation_id, old.consultation_id]
    assert listed[3].kind is ConsultationKind.UNFILED


async def test_only_stored_photos_are_counted(database: SqlDatabase) -> None:
    """Neither pending ones nor tombstones, and the same number wherever one asks."""
    consultation = await add_consultation(database, ANNE)
    rows = [await add_photo(database, consultation) for _ in range(4)]
    for row in rows[:3]:
        await store(database, row)
    await delete(database, rows[0])

    async with database.transaction() as tx:
        await tx.consultations.set_current(ANNE, consultation.consultation_id)
        found = await tx.consultations.get(ANNE, consultation.consultation_id)
        assert found is not None
        assert found.photo_count == 2
        assert await tx.consultations.current(ANNE) == found
        assert (await tx.consultations.list_all(ANNE))[0] == found


async def test_the_last_choice_is_current(database: SqlDatabase) -> None:
    """One at a time, and none when none is chosen."""
    first, second = await add_consultation(database, ANNE), await add_consultation(database, ANNE)

    async with database.transaction() as tx:
        assert await tx.consultations.current(ANNE) is None
        await tx.consultations.set_current(ANNE, first.consultation_id)
        await tx.consultations.set_current(ANNE, second.consultation_id)
        assert await tx.consultations.current(ANNE) == second
        await tx.consultations.set_current(ANNE, None)
        assert await tx.consultations.current(ANNE) is None


async def test_a_closed_consultation_is_never_current(database: SqlDatabase) -> None:
    """Closing takes it away; reopening gives it back."""
    consultation = await add_consultation(database, ANNE)

    async with database.transaction() as tx:
        await tx.consultations.set_current(ANNE, consultation.consultation_id)
        await tx.consultations.set_closed(ANNE, consultation.consultation_id, NOW)
        assert await tx.consultations.current(ANNE) is None
        closed = await tx.consultations.get(ANNE, consultation.consultation_id)
        assert closed is not None
        assert closed.closed_at == NOW
        await tx.consultations.set_closed(ANNE, consultation.consultation_id, None)
        assert await tx.consultations.current(ANNE) == consultation


async def test_the_unfiled_consultation_cannot_be_closed(database: SqlDatabase) -> None:
    """Photos taken with nothing open always have a place."""
    await ensure_user(database, ANNE)

    async with database.transaction() as tx:
        unfiled = await tx.consultations.unfiled(ANNE)
        await tx.consultations.set_closed(ANNE, unfiled.consultation_id, NOW)
        assert await tx.consultations.unfiled(ANNE) == unfiled


async def test_notes_are_replaced(database: SqlDatabase) -> None:
    """The whole text, also with an empty one."""
    consultation = await add_consultation(database, ANNE)

    for notes in ("x" * 20_000, ""):
        async with database.transaction() as tx:
            await tx.consultations.set_notes(ANNE, consultation.consultation_id, notes)
            found = await tx.consultations.get(ANNE, consultation.consultation_id)
        assert found is not None
        assert found.notes == notes


async def test_the_revision_grows_by_one_for_each_of_many_at_once(database: SqlDatabase) -> None:
    """No two changes get the same revision."""
    consultation = await add_consultation(database, ANNE)

    async def grow() -> int:
        async with database.transaction() as tx:
            return await tx.consultations.increment_revision(consultation.consultation_id)

    revs = await asyncio.gather(*(grow() for _ in range(20)))

    assert sorted(revs) == list(range(1, 21))


async def test_owned_consultations_are_found_in_one_query(database: SqlDatabase) -> None:
    """Unknown ids are left out, repeated ones do no harm."""
    mine = [await add_consultation(database, ANNE) for _ in range(3)]
    ids = [consultation.consultation_id for consultation in mine]

    async with database.transaction() as tx:
        found = await tx.consultations.openings(ANNE, [*ids, *ids, uuid4()])

    assert found == {one.consultation_id: one.opened_at for one in mine}


async def test_an_empty_consultation_is_discarded_and_its_late_photo_brings_it_back(
    database: SqlDatabase,
) -> None:
    """Off the list and current no more; whatever grows its revision puts it on the list again."""
    empty = await add_consultation(database, ANNE)
    async with database.transaction() as tx:
        await tx.consultations.set_current(ANNE, empty.consultation_id)
        assert await tx.consultations.discard(ANNE, empty.consultation_id, NOW)
        assert await tx.consultations.current(ANNE) is None
        assert empty.consultation_id not in {
            one.consultation_id for one in await tx.consultations.list_all(ANNE)
        }

    row = await add_photo(database, empty)
    await store(database, row)
    async with database.transaction() as tx:
        await tx.consultations.increment_revision(empty.consultation_id)
        assert (await tx.consultations.list_all(ANNE))[0].consultation_id == empty.consultation_id
        assert await tx.consultations.current(ANNE) is None  # back, but not chosen again


async def test_photos_on_their_way_stored_ones_and_notes_keep_a_consultation(database: SqlDatabase) -> None:
    """Nothing that a user made is hidden; what was deleted does not count."""
    pending, stored, noted, deleted = [await add_consultation(database, ANNE) for _ in range(4)]
    await add_photo(database, pending)
    await store(database, await add_photo(database, stored))
    await delete(database, await add_photo(database, deleted))

    async with database.transaction() as tx:
        await tx.consultations.set_notes(ANNE, noted.consultation_id, "seen")
        for kept in (pending, stored, noted, await tx.consultations.unfiled(ANNE)):
            assert not await tx.consultations.discard(ANNE, kept.consultation_id, NOW)
        assert await tx.consultations.discard(ANNE, deleted.consultation_id, NOW)


async def test_only_what_takes_photos_is_open(database: SqlDatabase) -> None:
    """Neither closed nor discarded ones, nor the unfiled one."""
    consultations = [await add_consultation(database, ANNE) for _ in range(3)]
    async with database.transaction() as tx:
        await tx.consultations.set_closed(ANNE, consultations[1].consultation_id, NOW)
        await tx.consultations.discard(ANNE, consultations[2].consultation_id, NOW)
        assert [one.consultation_id for one in await tx.consultations.list_open_for_update(ANNE)] == [
            consultations[0].consultation_id
        ]


async def test_label_and_identifier_are_corrected(database: SqlDatabase) -> None:
    """Both at once, and the unfiled one keeps its name."""
    mistyped = await add_consultation(database, ANNE)
    async with database.transaction() as tx:
        unfiled = await tx.consultations.unfiled(ANNE)
        for one in (mistyped, unfiled):
            await tx.consultations.rename(ANNE, one.consultation_id, "Room 3", "12 Mar 1961")
        found = await tx.consultations.get(ANNE, mistyped.consultation_id)
        assert found is not None
        assert (found.label, found.second_identifier) == ("Room 3", "12 Mar 1961")
        assert await tx.consultations.unfiled(ANNE) == unfiled
