"""Consultations: one unfiled for each user, one current at most, closing ends shutters only."""

import asyncio

import pytest

from app.domain.consultations import ConsultationChange, ConsultationKind, NewConsultation
from app.domain.errors import ConsultationClosed, ConsultationNotFound, InvalidField
from app.domain.visits import _shown
from tests.domain.conftest import ANNA, BEN, Ward
from tests.stores import row


async def test_a_new_user_has_the_unfiled_consultation_and_none_open(ward: Ward) -> None:
    """There is always a place for a photo."""
    standing = await ward.visits.standing(ANNA)

    assert standing.current is None
    assert standing.unfiled.kind is ConsultationKind.UNFILED
    assert (await ward.visits.standing(ANNA)).unfiled == standing.unfiled


async def test_a_started_consultation_is_current(ward: Ward) -> None:
    """Start and become current in one step, and tell the open pages."""
    room = await ward.visits.start(ANNA, NewConsultation(label="  Room 2 ", second_identifier=" "))

    assert (room.label, room.second_identifier) == ("Room 2", None)
    assert await ward.visits.current(ANNA) == (room, False)
    assert [event["t"] for event in await ward.events()] == ["consultations.changed"]
    assert ward.rings == 1


async def test_a_closed_consultation_is_current_no_more_and_cannot_be_chosen(ward: Ward) -> None:
    """Closing ends new shutters at once."""
    room = await ward.open()

    closed = await ward.visits.change(ANNA, room.consultation_id, ConsultationChange(closed=True))

    assert closed.closed_at == ward.clock()
    assert await ward.visits.current(ANNA) == (None, False)
    with pytest.raises(ConsultationClosed):
        await ward.visits.choose(ANNA, room.consultation_id)


async def test_a_reopened_consultation_can_be_chosen(ward: Ward) -> None:
    """A slip of the finger can be undone."""
    room = await ward.open()
    await ward.visits.change(ANNA, room.consultation_id, ConsultationChange(closed=True))

    await ward.visits.change(ANNA, room.consultation_id, ConsultationChange(closed=False))

    assert await ward.visits.choose(ANNA, room.consultation_id) is not None


async def test_the_unfiled_consultation_cannot_be_closed(ward: Ward) -> None:
    """Photos without a consultation always have their place."""
    unfiled = (await ward.visits.standing(ANNA)).unfiled

    with pytest.raises(InvalidField):
        await ward.visits.change(ANNA, unfiled.consultation_id, ConsultationChange(closed=True))


async def test_notes_are_kept_and_touch_nothing_else(ward: Ward) -> None:
    """Editing notes neither closes nor reopens."""
    room = await ward.open()

    after = await ward.visits.change(ANNA, room.consultation_id, ConsultationChange(notes="seen"))

    assert (after.notes, after.closed_at, after.label) == ("seen", None, "Room 2")


async def test_new_notes_are_told_to_the_other_pages_and_the_same_notes_are_not(ward: Ward) -> None:
    """A second desk shows them at once; saving what is there already wakes nobody."""
    room = await ward.open()
    before = len(await ward.events())

    for _ in range(2):
        await ward.visits.change(ANNA, room.consultation_id, ConsultationChange(notes="seen"))

    told = (await ward.events())[before:]
    assert [(event["t"], event["consultation"]) for event in told] == [
        ("consultations.changed", str(room.consultation_id))
    ]


async def test_somebody_else_s_consultation_is_not_there(ward: Ward) -> None:
    """Reading, choosing, changing and listing photos all answer the same."""
    room = await ward.open()

    for attempt in (
        ward.visits.read(BEN, room.consultation_id),
        ward.visits.choose(BEN, room.consultation_id),
        ward.visits.change(BEN, room.consultation_id, ConsultationChange(notes="x")),
        ward.visits.photos(BEN, room.consultation_id, ward.signer),
    ):
        with pytest.raises(ConsultationNotFound):
            await attempt


async def test_the_list_counts_stored_photos_newest_first_unfiled_last(ward: Ward) -> None:
    """What the desktop's column shows."""
    first = await ward.open("Room 1")
    ward.clock.advance(60)
    second = await ward.open("Room 2")
    await ward.stored(first.consultation_id)

    consultations, current = await ward.visits.list(ANNA)

    assert [one.label for one in consultations] == ["Room 2", "Room 1", "Unfiled"]
    assert [one.photo_count for one in consultations] == [0, 1, 0]
    assert current == second.consultation_id


async def test_photos_are_listed_in_the_order_in_which_they_came(ward: Ward) -> None:
    """A phone's clock that is wrong by years changes nothing."""
    room = await ward.open()
    first = await ward.stored(room.consultation_id, b"one")
    ward.clock.advance(-86_400)
    second = await ward.stored(room.consultation_id, b"two")

    listed = await ward.visits.photos(ANNA, room.consultation_id, ward.signer)

    assert [photo.id for photo in listed.photos] == [first.photo_id, second.photo_id]
    assert listed.rev == 2


async def test_a_long_list_holds_nobody_up(ward: Ward) -> None:
    """While a thousand addresses are signed, whoever else waits for the loop has many turns."""
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    somebody = asyncio.create_task(others())
    views = await _shown([row(b"photo") for _ in range(1000)], ward.signer, ward.clock())
    somebody.cancel()

    assert len({view.url for view in views}) == 1000
    assert turns >= 10
