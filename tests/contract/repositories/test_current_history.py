"""Which consultation was current when, and the photos that were taken while another one was (kind 8)."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from app.adapters.database.engine import SqlDatabase
from app.adapters.database.statements import Statement
from app.adapters.database.tables import current_history
from app.domain.consultations.model import Consultation
from app.domain.photos.model import PhotoRow, TakenDuring
from tests.contract.repositories.factories import (
    ANNE,
    BEN,
    MINUTE,
    NOW,
    SECOND,
    add_consultation,
    add_photo,
    fetch,
    store,
)

_H = current_history.c
_ENTRIES = Statement(select(_H.consultation_id, _H.since).where(_H.owner == ANNE).order_by(_H.seq))


async def become_current(database: SqlDatabase, one: Consultation | None, at: timedelta) -> None:
    """Choose a consultation of Anne's, or none, so long after ``NOW``."""
    async with database.transaction() as tx:
        await tx.consultations.set_current(ANNE, one.consultation_id if one else None)
        await tx.current_history.record(ANNE, NOW + at)


async def close(database: SqlDatabase, one: Consultation, at: timedelta) -> None:
    """Close it."""
    async with database.transaction() as tx:
        await tx.consultations.set_closed(ANNE, one.consultation_id, NOW + at)
        await tx.current_history.record(ANNE, NOW + at)


async def during(
    database: SqlDatabase, own: Consultation, taken: timedelta, known: timedelta = 60 * MINUTE
) -> TakenDuring | None:
    """What was current instead of ``own`` for a photo taken and first known so long after ``NOW``."""
    row: PhotoRow = await add_photo(database, own, captured_at=NOW + taken, created_at=NOW + known)
    stored = await store(database, row, NOW + known)
    assert stored is not None
    assert stored.in_question == stored.taken_during
    async with database.transaction() as tx:
        found = await tx.current_history.entries(ANNE, [stored.taken_during or -1])
    return next(iter(found.values()), None)


async def entries(database: SqlDatabase) -> list[tuple[UUID, timedelta]]:
    """Anne's history, as far as it is from ``NOW``."""
    return [(one, since - NOW) for one, since in await fetch(database, _ENTRIES)]


async def unfiled(database: SqlDatabase) -> Consultation:
    """Anne's photos without a consultation."""
    async with database.transaction() as tx:
        return await tx.consultations.unfiled(ANNE)


async def test_the_history_records_each_change_once(database: SqlDatabase) -> None:
    """Choosing what is current already adds no entry; closing it and choosing none do."""
    first, second = await add_consultation(database, ANNE), await add_consultation(database, ANNE)
    none = (await unfiled(database)).consultation_id

    for minute, one in enumerate((first, first, second, None, None, first)):
        await become_current(database, one, minute * MINUTE)
    await close(database, first, 6 * MINUTE)

    assert await entries(database) == [
        (first.consultation_id, 0 * MINUTE),
        (second.consultation_id, 2 * MINUTE),
        (none, 3 * MINUTE),
        (first.consultation_id, 5 * MINUTE),
        (none, 6 * MINUTE),
    ]


async def test_a_photo_taken_while_another_was_current_names_it(database: SqlDatabase) -> None:
    """With label, identifier and since when; the one before and the one that follows are not named."""
    first = await add_consultation(database, ANNE, label="Room 2")
    second = await add_consultation(database, ANNE, label="Room 3")
    await become_current(database, first, 0 * MINUTE)
    await become_current(database, second, 10 * MINUTE)
    await become_current(database, first, 20 * MINUTE)

    asked = await during(database, first, 15 * MINUTE)

    assert asked == TakenDuring(
        id=second.consultation_id, label="Room 3", second_identifier=None, since=NOW + 10 * MINUTE
    )
    for minute in (1, 9, 21, 59):
        assert await during(database, first, minute * MINUTE) is None
    assert await during(database, second, 15 * MINUTE) is None


async def test_a_phone_gets_each_move_since_its_own_consultation(database: SqlDatabase) -> None:
    """The oldest first, with none as the unfiled one; nothing where it is current, or never was."""
    first = await add_consultation(database, ANNE, label="Room 2")
    second = await add_consultation(database, ANNE, label="Room 3")
    none = await unfiled(database)
    for minute, one in enumerate((first, second, first, second, None)):
        await become_current(database, one, minute * MINUTE)

    async with database.transaction() as tx:
        moves = [
            [
                (move.label, move.kind, move.since - NOW)
                for move in await tx.current_history.moves_since(owner, one)
            ]
            for owner, one in (
                (ANNE, first.consultation_id),
                (ANNE, second.consultation_id),
                (ANNE, none.consultation_id),
                (BEN, first.consultation_id),
            )
        ]

    to_none = (none.label, none.kind, 4 * MINUTE)
    assert moves == [[("Room 3", second.kind, 3 * MINUTE), to_none], [to_none], [], []]


async def test_the_next_patient_counts_from_the_moment_of_the_move(database: SqlDatabase) -> None:
    """No grace for a photo of the one that was left: it is the very photo that may be wrong."""
    first, second = await add_consultation(database, ANNE), await add_consultation(database, ANNE)
    await become_current(database, first, 0 * MINUTE)
    await become_current(database, second, 10 * MINUTE)

    assert await during(database, first, 10 * MINUTE - SECOND / 1000) is None
    assert await during(database, first, 10 * MINUTE) is not None
    assert await during(database, first, 10 * MINUTE + SECOND) is not None


async def test_a_clock_that_is_a_little_slow_asks_nothing(database: SqlDatabase) -> None:
    """No phone knows a consultation before it is current; 5 s are a clock, more is a return to it."""
    first, second = await add_consultation(database, ANNE), await add_consultation(database, ANNE)
    await become_current(database, first, 0 * MINUTE)
    await become_current(database, second, 10 * MINUTE)

    assert await during(database, second, 10 * MINUTE - 5 * SECOND) is None
    assert await during(database, second, 10 * MINUTE - 6 * SECOND) is not None


async def test_with_a_clock_that_runs_ahead_the_first_presign_of_the_photo_counts(
    database: SqlDatabase,
) -> None:
    """The server knew the photo before the desktop moved, whatever the phone's clock says."""
    first, second = await add_consultation(database, ANNE), await add_consultation(database, ANNE)
    await become_current(database, first, 0 * MINUTE)
    await become_current(database, second, 10 * MINUTE)

    assert await during(database, first, 11 * MINUTE, known=9 * MINUTE) is None


async def test_what_was_current_before_the_history_began_is_not_guessed(database: SqlDatabase) -> None:
    """Photos from before the first entry are not asked about."""
    first, second = await add_consultation(database, ANNE), await add_consultation(database, ANNE)
    await become_current(database, second, 10 * MINUTE)

    assert await during(database, first, 9 * MINUTE) is None


@pytest.mark.parametrize("how", ["none", "closed"])
async def test_with_nothing_open_the_unfiled_one_is_named(database: SqlDatabase, how: str) -> None:
    """The patient has left: a photo that still goes to the old consultation may show the next one.

    And one that went to the unfiled ones while a consultation was open belongs to that, most likely.
    """
    first, none = await add_consultation(database, ANNE), await unfiled(database)
    await become_current(database, first, 0 * MINUTE)
    if how == "none":
        await become_current(database, None, 10 * MINUTE)
    else:
        await close(database, first, 10 * MINUTE)

    left = await during(database, first, 11 * MINUTE)
    stray = await during(database, none, 1 * MINUTE)

    assert left is not None
    assert (left.id, left.label) == (none.consultation_id, "Unfiled")
    assert stray is not None
    assert stray.id == first.consultation_id
    assert await during(database, none, 11 * MINUTE) is None


async def test_another_users_desktop_raises_no_question_about_a_photo(database: SqlDatabase) -> None:
    """Each user's history is of that user alone."""
    first, bens = await add_consultation(database, ANNE), await add_consultation(database, BEN)
    await become_current(database, first, 0 * MINUTE)
    async with database.transaction() as tx:
        await tx.consultations.set_current(BEN, bens.consultation_id)
        await tx.current_history.record(BEN, NOW + MINUTE)

    assert await during(database, first, 2 * MINUTE) is None


async def test_an_answer_ends_the_question_and_its_count(database: SqlDatabase) -> None:
    """The list counts open questions; asked again, one counts again."""
    first, second = await add_consultation(database, ANNE), await add_consultation(database, ANNE)
    await become_current(database, first, 0 * MINUTE)
    await become_current(database, second, 10 * MINUTE)
    row = await add_photo(database, first, captured_at=NOW + 11 * MINUTE, created_at=NOW + 12 * MINUTE)

    async def count() -> int:
        async with database.transaction() as tx:
            found = await tx.consultations.get(ANNE, first.consultation_id)
            return found.unconfirmed_count if found else -1

    assert await count() == 0
    await store(database, row, NOW + 12 * MINUTE)
    assert await count() == 1
    for at, expected in ((NOW, 0), (None, 1)):
        async with database.transaction() as tx:
            answered = await tx.photos.set_place_confirmed(ANNE, row.photo_id, at)
        assert answered is not None
        assert (answered.in_question is None) == (at is not None)
        assert await count() == expected
