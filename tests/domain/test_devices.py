"""What phones announce and what follows: alarms that are true, come once and go by themselves."""

from datetime import timedelta
from uuid import UUID

import pytest

from app.domain import devices
from app.domain.devices import CaptureList, Devices, HeldPhoto
from app.domain.errors import OtherOwner
from app.domain.photos import CapturedPhoto
from tests.domain.conftest import ANNA, BEN, Ward, claim

PHONE, TABLET = "a" * 64, "b" * 64


@pytest.fixture
def desk(ward: Ward) -> Devices:
    """The service over this test's ward."""
    return Devices(ward.database, ward.clock, ward.ids, ward._ring)


def held(*photos: CapturedPhoto, state: str = "captured") -> list[HeldPhoto]:
    """Photos as a phone lists them."""
    return [
        HeldPhoto(
            photo_id=photo.photo_id,
            consultation_id=photo.consultation_id,
            captured_at=photo.captured_at,
            state=state,  # type: ignore[arg-type]
        )
        for photo in photos
    ]


def told(
    *photos: CapturedPhoto, deleted: tuple[UUID, ...] = (), user: str = ANNA, **span: UUID
) -> CaptureList:
    """A whole list, or the part of one."""
    return CaptureList(owner=user, held=held(*photos), deleted=list(deleted), **span)


async def alarms(desk: Devices, user: str = ANNA) -> list[tuple[UUID, str]]:
    """What the desktop would say."""
    return [(photo.photo_id, photo.state) for photo in (await desk.unsent(user)).photos]


async def take(ward: Ward, count: int) -> list[CapturedPhoto]:
    """Photos on a phone."""
    room = await ward.open()
    return [ward.taken(room.consultation_id) for _ in range(count)]


async def captures_events(ward: Ward) -> int:
    """How often desktops were told to look."""
    return sum(event["t"] == "captures.changed" for event in await ward.events())


async def test_what_was_listed_and_is_gone_without_arriving_is_missing(ward: Ward, desk: Devices) -> None:
    """Three announced, the storage cleared: three are named, and the open desktops are told once."""
    photos = await take(ward, 3)
    assert (await desk.announce(ANNA, PHONE, told(*photos))).missing == 0
    assert await alarms(desk) == []

    ward.clock.advance(60)
    assert (await desk.announce(ANNA, PHONE, told())).missing == 3
    assert (await desk.announce(ANNA, PHONE, told())).missing == 3

    assert await alarms(desk) == [(photo.photo_id, "missing") for photo in photos]
    assert await captures_events(ward) == 1


async def test_stored_and_deleted_photos_are_never_missing(ward: Ward, desk: Devices) -> None:
    """Stored here, deleted here, deleted on the phone: none is an alarm. The control is beside them."""
    stored, tombstoned, dropped, lost = photos = await take(ward, 4)
    await desk.announce(ANNA, PHONE, told(*photos))
    await ward.presigned(stored, tombstoned, lost)
    ward.put(stored)
    await ward.uploads.complete(ANNA, stored.photo_id, claim(stored))
    await ward.uploads.delete(ANNA, tombstoned.photo_id)

    await desk.announce(ANNA, PHONE, told(deleted=(dropped.photo_id,)))

    assert await alarms(desk) == [(lost.photo_id, "missing")]


async def test_a_photo_that_arrives_after_all_ends_its_alarm(ward: Ward, desk: Devices) -> None:
    """Its bytes were in the store when the phone lost its memory; the sweeper finished it."""
    [photo] = await take(ward, 1)
    await ward.presigned(photo)
    await desk.announce(ANNA, PHONE, told(photo))
    await desk.announce(ANNA, PHONE, told())
    assert len(await alarms(desk)) == 1

    ward.put(photo)
    await ward.uploads.complete(ANNA, photo.photo_id, claim(photo))

    assert await alarms(desk) == []


async def test_a_photo_that_is_listed_again_is_not_missing(ward: Ward, desk: Devices) -> None:
    """A list that was late on its way raises no lasting alarm; the desktops are told of the end as well."""
    photos = await take(ward, 2)
    await desk.announce(ANNA, PHONE, told(*photos))
    await desk.announce(ANNA, PHONE, told(photos[0]))
    assert len(await alarms(desk)) == 1

    assert (await desk.announce(ANNA, PHONE, told(*photos))).missing == 0

    assert await alarms(desk) == []
    assert await captures_events(ward) == 2


async def test_a_part_of_a_list_says_nothing_about_the_rest(ward: Ward, desk: Devices) -> None:
    """A phone with more photos than fit into one list sends parts, each true by itself."""
    first, second, third = photos = await take(ward, 3)
    await desk.announce(ANNA, PHONE, told(*photos))

    await desk.announce(ANNA, PHONE, told(first, through=first.photo_id))
    assert await alarms(desk) == []
    await desk.announce(ANNA, PHONE, told(third, after=first.photo_id))

    assert await alarms(desk) == [(second.photo_id, "missing")]


async def test_each_device_speaks_for_itself_and_each_user_too(ward: Ward, desk: Devices) -> None:
    """The tablet's empty list, or Ben's on the same phone, says nothing about Anna's on the phone."""
    photos = await take(ward, 2)
    await desk.announce(ANNA, PHONE, told(*photos))

    await desk.announce(ANNA, TABLET, told())
    await desk.announce(BEN, PHONE, told(user=BEN))
    await desk.announce(BEN, PHONE, told(user=BEN, deleted=(photos[0].photo_id,)))
    assert await alarms(desk) == []
    await desk.announce(ANNA, PHONE, told())

    assert len(await alarms(desk)) == 2
    assert await alarms(desk, BEN) == []


async def test_a_list_under_another_sign_in_is_refused(ward: Ward, desk: Devices) -> None:
    """The phone changed hands between the reading of its list and the sending."""
    photos = await take(ward, 1)

    with pytest.raises(OtherOwner):
        await desk.announce(BEN, PHONE, told(*photos))

    assert await alarms(desk) == []


async def test_a_photo_deleted_on_one_device_is_nobodys_worry(ward: Ward, desk: Devices) -> None:
    """A browser whose first two lists crossed has two devices; the deletion ends both announcements."""
    photos = await take(ward, 1)
    await desk.announce(ANNA, PHONE, told(*photos))
    await desk.announce(ANNA, TABLET, told(deleted=(photos[0].photo_id,)))

    await desk.announce(ANNA, PHONE, told())

    assert await alarms(desk) == []


@pytest.mark.parametrize(("hours", "said"), [(23.9, []), (24, [24]), (72, [72])])
async def test_photos_on_a_phone_are_named_after_a_day(
    ward: Ward, desk: Devices, hours: float, said: list[int]
) -> None:
    """Counted from the shutter."""
    photos = await take(ward, 1)
    await desk.announce(ANNA, PHONE, told(*photos))

    ward.clock.advance(hours * 3600)

    assert [photo.waiting_hours for photo in (await desk.unsent(ANNA)).photos] == said


async def test_a_phone_whose_clock_is_ahead_hides_nothing(ward: Ward, desk: Devices) -> None:
    """The server's own first hearing counts where the capture seems to lie in the future."""
    room = await ward.open()
    photo = ward.taken(room.consultation_id, at=ward.clock() + timedelta(days=400))
    await desk.announce(ANNA, PHONE, told(photo))

    ward.clock.advance(25 * 3600)

    assert [one.waiting_hours for one in (await desk.unsent(ANNA)).photos] == [25]


async def test_a_dismissed_alarm_is_gone_and_in_the_audit(ward: Ward, desk: Devices) -> None:
    """Once; another user's hand changes nothing, and a second tap writes no second line."""
    photos = await take(ward, 2)
    await desk.announce(ANNA, PHONE, told(*photos))
    await desk.announce(ANNA, PHONE, told())
    ids = [photo.photo_id for photo in photos]

    await desk.dismiss(BEN, ids)
    assert len(await alarms(desk)) == 2
    for _ in range(2):
        await desk.dismiss(ANNA, ids[:1])

    assert await alarms(desk) == [(ids[1], "missing")]
    rows = ward.database._driver._connection.execute(  # type: ignore[attr-defined]
        "SELECT actor, action, photo_id, before, after FROM audit"
    ).fetchall()
    assert rows == [(ANNA, "dismiss-announced", str(ids[0]), "missing", "dismissed")]


async def test_a_dismissed_wait_that_turns_into_a_loss_is_told(ward: Ward, desk: Devices) -> None:
    """Read and put away was that it waits, not that it is lost."""
    photos = await take(ward, 1)
    await desk.announce(ANNA, PHONE, told(*photos))
    ward.clock.advance(30 * 3600)
    await desk.dismiss(ANNA, [photos[0].photo_id])
    await desk.announce(ANNA, PHONE, told(*photos))
    assert await alarms(desk) == []

    await desk.announce(ANNA, PHONE, told())

    assert await alarms(desk) == [(photos[0].photo_id, "missing")]


async def test_one_users_announcements_are_bounded(
    ward: Ward, desk: Devices, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that runs wild fills no disk, and what was known before is still compared."""
    monkeypatch.setattr(devices, "MOST_OPEN", 2)
    photos = await take(ward, 4)
    await desk.announce(ANNA, PHONE, told(*photos))
    await desk.announce(ANNA, PHONE, told())

    assert len(await alarms(desk)) == 2


async def test_an_unchanged_list_writes_no_announcement(ward: Ward, desk: Devices) -> None:
    """Only the time at which the device was heard moves on."""
    photos = await take(ward, 2)
    await desk.announce(ANNA, PHONE, told(*photos))
    ward.clock.advance(60)
    async with ward.database.transaction() as records:
        before = await records.announced(ANNA)

    await desk.announce(ANNA, PHONE, told(*photos))

    async with ward.database.transaction() as records:
        after = await records.announced(ANNA)
    assert [one.announced_at for one in after] == [one.announced_at for one in before]
    assert {one.heard_at for one in after} == {ward.clock()}
