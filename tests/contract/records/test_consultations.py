"""Consultations: one unfiled for each user, one current at most, newest first."""

import asyncio
from uuid import uuid4

import msgspec

from app.adapters.database.engine import SqlDatabase
from app.domain.consultations import ConsultationKind
from tests.contract.records.made import (
    ANNE,
    MINUTE,
    NOW,
    add_photo,
    add_visit,
    delete,
    know,
    store,
    visit,
)


async def test_a_user_met_by_twenty_requests_at_once_has_one_unfiled_consultation(
    database: SqlDatabase,
) -> None:
    """The first request of a new user may be several; each offers another id."""
    await asyncio.gather(*(know(database, ANNE) for _ in range(20)))

    async with database.transaction() as records:
        everything = await records.consultations(ANNE)
        assert [consultation.kind for consultation in everything] == [ConsultationKind.UNFILED]
        assert await records.unfiled(ANNE) == everything[0]


async def test_a_consultation_reads_back_as_it_was_written(database: SqlDatabase) -> None:
    """Label, second identifier and time survive."""
    await know(database, ANNE)
    written = msgspec.structs.replace(visit(ANNE), second_identifier="Bed 4", notes="Ärger µ")

    async with database.transaction() as records:
        await records.add_consultation(written)
        assert await records.consultation(ANNE, written.consultation_id) == written


async def test_the_newest_consultation_comes_first_and_the_unfiled_one_last(database: SqlDatabase) -> None:
    """Whatever the order in which they were written, and with the unfiled one opened last of all."""
    old = await add_visit(database, ANNE, opened_at=NOW - 2 * MINUTE)
    new = await add_visit(database, ANNE, opened_at=NOW - MINUTE)
    middle = await add_visit(database, ANNE, opened_at=NOW - 1.5 * MINUTE)

    async with database.transaction() as records:
        listed = await records.consultations(ANNE)

    ids = [consultation.consultation_id for consultation in listed[:3]]
    assert ids == [new.consultation_id, middle.consultation_id, old.consultation_id]
    assert listed[3].kind is ConsultationKind.UNFILED


async def test_only_stored_photos_are_counted(database: SqlDatabase) -> None:
    """Neither pending ones nor tombstones, and the same number wherever one asks."""
    consultation = await add_visit(database, ANNE)
    rows = [await add_photo(database, consultation) for _ in range(4)]
    for row in rows[:3]:
        await store(database, row)
    await delete(database, rows[0])

    async with database.transaction() as records:
        await records.set_current(ANNE, consultation.consultation_id)
        found = await records.consultation(ANNE, consultation.consultation_id)
        assert found is not None
        assert found.photo_count == 2
        assert await records.current(ANNE) == found
        assert (await records.consultations(ANNE))[0] == found


async def test_the_last_choice_is_current(database: SqlDatabase) -> None:
    """One at a time, and none when none is chosen."""
    first, second = await add_visit(database, ANNE), await add_visit(database, ANNE)

    async with database.transaction() as records:
        assert await records.current(ANNE) is None
        await records.set_current(ANNE, first.consultation_id)
        await records.set_current(ANNE, second.consultation_id)
        assert await records.current(ANNE) == second
        await records.set_current(ANNE, None)
        assert await records.current(ANNE) is None


async def test_a_closed_consultation_is_never_current(database: SqlDatabase) -> None:
    """Closing takes it away; reopening gives it back."""
    consultation = await add_visit(database, ANNE)

    async with database.transaction() as records:
        await records.set_current(ANNE, consultation.consultation_id)
        await records.set_closed(ANNE, consultation.consultation_id, NOW)
        assert await records.current(ANNE) is None
        closed = await records.consultation(ANNE, consultation.consultation_id)
        assert closed is not None
        assert closed.closed_at == NOW
        await records.set_closed(ANNE, consultation.consultation_id, None)
        assert await records.current(ANNE) == consultation


async def test_the_unfiled_consultation_cannot_be_closed(database: SqlDatabase) -> None:
    """Photos taken with nothing open always have a place."""
    await know(database, ANNE)

    async with database.transaction() as records:
        unfiled = await records.unfiled(ANNE)
        await records.set_closed(ANNE, unfiled.consultation_id, NOW)
        assert await records.unfiled(ANNE) == unfiled


async def test_notes_are_replaced(database: SqlDatabase) -> None:
    """The whole text, also with an empty one."""
    consultation = await add_visit(database, ANNE)

    for notes in ("x" * 20_000, ""):
        async with database.transaction() as records:
            await records.set_notes(ANNE, consultation.consultation_id, notes)
            found = await records.consultation(ANNE, consultation.consultation_id)
        assert found is not None
        assert found.notes == notes


async def test_the_revision_grows_by_one_for_each_of_many_at_once(database: SqlDatabase) -> None:
    """No two changes get the same revision."""
    consultation = await add_visit(database, ANNE)

    async def grow() -> int:
        async with database.transaction() as records:
            return await records.grow_rev(consultation.consultation_id)

    revs = await asyncio.gather(*(grow() for _ in range(20)))

    assert sorted(revs) == list(range(1, 21))


async def test_owned_consultations_are_found_in_one_query(database: SqlDatabase) -> None:
    """Unknown ids are left out, repeated ones do no harm."""
    mine = [await add_visit(database, ANNE) for _ in range(3)]
    ids = [consultation.consultation_id for consultation in mine]

    async with database.transaction() as records:
        assert await records.owned_consultations(ANNE, [*ids, *ids, uuid4()]) == set(ids)
