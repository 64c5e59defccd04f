"""Whose a consultation is can be remembered: only from a committed transaction, and for one user only."""

from uuid import uuid4

import pytest

from app.domain.consultations.openings import KnownOpenings
from tests.contract.repositories.factories import add_consultation, ensure_user, new_consultation
from tests.domain.conftest import ANNA, BEN, DomainServices
from tests.support.stores import now


class Undone(Exception):
    """Ends a transaction without a commit."""


async def test_what_is_remembered_is_not_asked_again(ward: DomainServices) -> None:
    """The database does not know this one, so that only the memory can have answered; Ben is not answered."""
    known, consultation, at = KnownOpenings(), uuid4(), now()
    known.remember(ANNA, {consultation: at})

    async with ward.database.transaction() as tx:
        assert await known.read(tx, ANNA, [consultation, uuid4()]) == {consultation: at}
        assert await known.read(tx, BEN, [consultation]) == {}


async def test_what_was_undone_is_not_known(ward: DomainServices) -> None:
    """A transaction may read what is never committed; reading alone remembers nothing."""
    known, lost = KnownOpenings(), new_consultation(ANNA)
    await ensure_user(ward.database, ANNA)

    async def read_and_fail() -> None:
        async with ward.database.transaction() as tx:
            await tx.consultations.add(lost)
            assert lost.consultation_id in await known.read(tx, ANNA, [lost.consultation_id])
            raise Undone

    with pytest.raises(Undone):
        await read_and_fail()

    async with ward.database.transaction() as tx:
        assert await known.read(tx, ANNA, [lost.consultation_id]) == {}


async def test_a_full_memory_begins_again(ward: DomainServices) -> None:
    """It is bounded, and what it no longer knows it asks for."""
    known = KnownOpenings(most=2)
    ids = [(await add_consultation(ward.database, ANNA)).consultation_id for _ in range(3)]

    for one in ids:
        async with ward.database.transaction() as tx:
            found = await known.read(tx, ANNA, [one])
        known.remember(ANNA, found)

    assert len(known._known) == 1
    async with ward.database.transaction() as tx:
        assert set(await known.read(tx, ANNA, ids)) == set(ids)
