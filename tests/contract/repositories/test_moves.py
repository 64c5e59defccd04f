"""Concurrent moves: each records from where to where, and none undoes another."""

import asyncio
from collections import Counter
from uuid import UUID

import pytest
from sqlalchemy import select

from app.adapters.database.engine import SqlDatabase
from app.adapters.database.statements import Statement
from app.adapters.database.tables import audit
from app.domain.consultations.model import Consultation
from app.domain.photos.model import PhotoRow
from app.domain.photos.uploads import Uploads
from tests.contract.repositories.factories import ANNE, add_consultation, add_photo, fetch, find, store
from tests.support.fakes import FixedClock, MemoryStore, PlainSigner, SequentialIds, TrustingInspector

_MOVES = Statement(
    select(audit.c.before, audit.c.after).where(audit.c.action == "move").order_by(audit.c.seq)
)


@pytest.fixture
def uploads(database: SqlDatabase) -> Uploads:
    """The service over this database."""
    clock = FixedClock()
    return Uploads(
        database, MemoryStore(clock), TrustingInspector(), clock, SequentialIds(5_000), lambda: None
    )


async def stored_in(database: SqlDatabase, consultation: Consultation) -> PhotoRow:
    """A stored photo."""
    row = await add_photo(database, consultation)
    await store(database, row)
    return row


async def revs(database: SqlDatabase, consultations: list[Consultation]) -> list[int]:
    """How often each consultation's photos have changed."""
    found = []
    async with database.transaction() as tx:
        for consultation in consultations:
            read = await tx.consultations.get(ANNE, consultation.consultation_id)
            assert read is not None
            found.append(read.rev)
    return found


async def test_moves_of_one_photo_that_meet_are_a_chain(database: SqlDatabase, uploads: Uploads) -> None:
    """Each begins where the one before it ended, and every place that a photo left or reached is notified."""
    consultations = [await add_consultation(database, ANNE) for _ in range(6)]
    photo = await stored_in(database, consultations[0])

    async def move(to: UUID) -> None:
        await uploads.move(ANNE, photo.photo_id, to, PlainSigner())

    await asyncio.gather(*(move(consultation.consultation_id) for consultation in consultations[1:] * 3))

    steps = [(UUID(row[0]), UUID(row[1])) for row in await fetch(database, _MOVES)]
    there = await find(database, photo.photo_id)
    assert there is not None
    assert [before for before, _ in steps] == [
        consultations[0].consultation_id,
        *(after for _, after in steps[:-1]),
    ]
    assert steps[-1][1] == there.filed_in
    named = Counter(place for step in steps for place in step)
    assert await revs(database, consultations) == [
        named[consultation.consultation_id] for consultation in consultations
    ]


async def test_moves_in_opposite_directions_all_arrive(database: SqlDatabase, uploads: Uploads) -> None:
    """Ten from here to there and ten from there to here, at once."""
    here, there = await add_consultation(database, ANNE), await add_consultation(database, ANNE)
    leaving = [await stored_in(database, here) for _ in range(10)]
    coming = [await stored_in(database, there) for _ in range(10)]
    moves = [(photo, there) for photo in leaving] + [(photo, here) for photo in coming]

    await asyncio.gather(
        *(uploads.move(ANNE, photo.photo_id, to.consultation_id, PlainSigner()) for photo, to in moves)
    )

    for photo, to in moves:
        found = await find(database, photo.photo_id)
        assert found is not None
        assert found.filed_in == to.consultation_id
    assert await revs(database, [here, there]) == [20, 20]
