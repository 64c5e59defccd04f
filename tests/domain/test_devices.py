"""Device inventories and their alarms: correct, raised once, and ended without a click."""

from datetime import timedelta
from typing import Literal
from uuid import UUID

import pytest

from app.domain.devices import inventory as devices
from app.domain.devices.inventory import DeviceInventory, InventoryPhoto, InventoryService
from app.domain.errors import OtherOwner
from app.domain.photos.model import CapturedPhoto
from tests.domain.conftest import ANNA, BEN, DomainServices, claim

PHONE, TABLET = "a" * 64, "b" * 64


@pytest.fixture
def inventory(ward: DomainServices) -> InventoryService:
    """The inventory service over this test's database."""
    return InventoryService(ward.database, ward.clock, ward.ids, ward._wake_relay)


def entries(
    *photos: CapturedPhoto, state: Literal["captured", "parked"] = "captured"
) -> list[InventoryPhoto]:
    """Inventory entries as a phone sends them."""
    return [
        InventoryPhoto(
            photo_id=photo.photo_id,
            consultation_id=photo.consultation_id,
            captured_at=photo.captured_at,
            state=state,
        )
        for photo in photos
    ]


def told(
    *photos: CapturedPhoto, deleted: tuple[UUID, ...] = (), user: str = ANNA, **span: UUID
) -> DeviceInventory:
    """A whole inventory, or a part of one."""
    return DeviceInventory(owner=user, held=entries(*photos), deleted=list(deleted), **span)


async def alarms(inventory: InventoryService, user: str = ANNA) -> list[tuple[UUID, str]]:
    """The alarms that the desktop shows."""
    return [(photo.photo_id, photo.state) for photo in (await inventory.unsent(user)).photos]


async def take(ward: DomainServices, count: int) -> list[CapturedPhoto]:
    """Photos on a phone."""
    consultation = await ward.open()
    return [ward.taken(consultation.consultation_id) for _ in range(count)]


async def captures_events(ward: DomainServices) -> int:
    """The number of notifications to refetch the inventory."""
    return sum(event["t"] == "captures.changed" for event in await ward.events())


async def test_what_was_listed_and_is_gone_without_arriving_is_missing(
    ward: DomainServices, inventory: InventoryService
) -> None:
    """Three reported, the storage cleared: three are named, and the open desktops are notified once."""
    photos = await take(ward, 3)
    assert (await inventory.update_inventory(ANNA, PHONE, told(*photos))).missing == 0
    assert await alarms(inventory) == []

    ward.clock.advance(60)
    assert (await inventory.update_inventory(ANNA, PHONE, told())).missing == 3
    assert (await inventory.update_inventory(ANNA, PHONE, told())).missing == 3

    assert await alarms(inventory) == [(photo.photo_id, "missing") for photo in photos]
    assert await captures_events(ward) == 1


async def test_stored_and_deleted_photos_are_never_missing(
    ward: DomainServices, inventory: InventoryService
) -> None:
    """Stored here, deleted here, deleted on the phone: none is an alarm. The control is beside them."""
    stored, tombstoned, dropped, lost = photos = await take(ward, 4)
    await inventory.update_inventory(ANNA, PHONE, told(*photos))
    await ward.presigned(stored, tombstoned, lost)
    ward.put(stored)
    await ward.uploads.complete(ANNA, stored.photo_id, claim(stored))
    await ward.uploads.delete(ANNA, tombstoned.photo_id)

    await inventory.update_inventory(ANNA, PHONE, told(deleted=(dropped.photo_id,)))

    assert await alarms(inventory) == [(lost.photo_id, "missing")]


async def test_a_photo_that_arrives_after_all_ends_its_alarm(
    ward: DomainServices, inventory: InventoryService
) -> None:
    """Its bytes were in the store when the phone lost its memory; the sweeper finished it."""
    [photo] = await take(ward, 1)
    await ward.presigned(photo)
    await inventory.update_inventory(ANNA, PHONE, told(photo))
    await inventory.update_inventory(ANNA, PHONE, told())
    assert len(await alarms(inventory)) == 1

    ward.put(photo)
    await ward.uploads.complete(ANNA, photo.photo_id, claim(photo))

    assert await alarms(inventory) == []


async def test_a_photo_that_is_listed_again_is_not_missing(
    ward: DomainServices, inventory: InventoryService
) -> None:
    """An inventory that arrives late raises no lasting alarm; the desktops are notified of its end too."""
    photos = await take(ward, 2)
    await inventory.update_inventory(ANNA, PHONE, told(*photos))
    await inventory.update_inventory(ANNA, PHONE, told(photos[0]))
    assert len(await alarms(inventory)) == 1

    assert (await inventory.update_inventory(ANNA, PHONE, told(*photos))).missing == 0

    assert await alarms(inventory) == []
    assert await captures_events(ward) == 2


async def test_a_part_of_a_list_says_nothing_about_the_rest(
    ward: DomainServices, inventory: InventoryService
) -> None:
    """A phone with more photos than fit into one list sends parts, each true by itself."""
    first, second, third = photos = await take(ward, 3)
    await inventory.update_inventory(ANNA, PHONE, told(*photos))

    await inventory.update_inventory(ANNA, PHONE, told(first, through=first.photo_id))
    assert await alarms(inventory) == []
    await inventory.update_inventory(ANNA, PHONE, told(third, after=first.photo_id))

    assert await alarms(inventory) == [(second.photo_id, "missing")]


async def test_an_inventory_counts_for_its_device_and_its_user_alone(
    ward: DomainServices, inventory: InventoryService
) -> None:
    """The tablet's empty list, or Ben's on the same phone, says nothing about Anna's on the phone."""
    photos = await take(ward, 2)
    await inventory.update_inventory(ANNA, PHONE, told(*photos))

    await inventory.update_inventory(ANNA, TABLET, told())
    await inventory.update_inventory(BEN, PHONE, told(user=BEN))
    await inventory.update_inventory(BEN, PHONE, told(user=BEN, deleted=(photos[0].photo_id,)))
    assert await alarms(inventory) == []
    await inventory.update_inventory(ANNA, PHONE, told())

    assert len(await alarms(inventory)) == 2
    assert await alarms(inventory, BEN) == []


async def test_a_list_under_another_sign_in_is_refused(
    ward: DomainServices, inventory: InventoryService
) -> None:
    """The phone changed hands between the reading of its list and the sending."""
    photos = await take(ward, 1)

    with pytest.raises(OtherOwner):
        await inventory.update_inventory(BEN, PHONE, told(*photos))

    assert await alarms(inventory) == []


async def test_a_photo_deleted_on_one_device_is_missing_on_none(
    ward: DomainServices, inventory: InventoryService
) -> None:
    """A browser whose first two lists crossed has two devices; the deletion ends both entries."""
    photos = await take(ward, 1)
    await inventory.update_inventory(ANNA, PHONE, told(*photos))
    await inventory.update_inventory(ANNA, TABLET, told(deleted=(photos[0].photo_id,)))

    await inventory.update_inventory(ANNA, PHONE, told())

    assert await alarms(inventory) == []


@pytest.mark.parametrize(("hours", "expected"), [(23.9, []), (24, [24]), (72, [72])])
async def test_photos_on_a_phone_are_named_after_a_day(
    ward: DomainServices, inventory: InventoryService, hours: float, expected: list[int]
) -> None:
    """Counted from the shutter."""
    photos = await take(ward, 1)
    await inventory.update_inventory(ANNA, PHONE, told(*photos))

    ward.clock.advance(hours * 3600)

    assert [photo.waiting_hours for photo in (await inventory.unsent(ANNA)).photos] == expected


async def test_a_phone_whose_clock_is_ahead_hides_nothing(
    ward: DomainServices, inventory: InventoryService
) -> None:
    """The server's first report of the photo counts where its capture time lies in the future."""
    consultation = await ward.open()
    photo = ward.taken(consultation.consultation_id, at=ward.clock() + timedelta(days=400))
    await inventory.update_inventory(ANNA, PHONE, told(photo))

    ward.clock.advance(25 * 3600)

    assert [one.waiting_hours for one in (await inventory.unsent(ANNA)).photos] == [25]


async def test_a_dismissed_alarm_is_gone_and_in_the_audit(
    ward: DomainServices, inventory: InventoryService
) -> None:
    """Once; another user's hand changes nothing, and a second tap writes no second line."""
    photos = await take(ward, 2)
    await inventory.update_inventory(ANNA, PHONE, told(*photos))
    await inventory.update_inventory(ANNA, PHONE, told())
    ids = [photo.photo_id for photo in photos]

    await inventory.dismiss(BEN, ids)
    assert len(await alarms(inventory)) == 2
    for _ in range(2):
        await inventory.dismiss(ANNA, ids[:1])

    assert await alarms(inventory) == [(ids[1], "missing")]
    rows = ward.sql("SELECT actor, action, photo_id, before, after FROM audit")
    assert rows == [(ANNA, "dismiss-announced", str(ids[0]), "missing", "dismissed")]


async def test_a_dismissed_wait_that_turns_into_a_loss_raises_an_alarm(
    ward: DomainServices, inventory: InventoryService
) -> None:
    """The user dismissed that the photo waits, not that it is lost."""
    photos = await take(ward, 1)
    await inventory.update_inventory(ANNA, PHONE, told(*photos))
    ward.clock.advance(30 * 3600)
    await inventory.dismiss(ANNA, [photos[0].photo_id])
    await inventory.update_inventory(ANNA, PHONE, told(*photos))
    assert await alarms(inventory) == []

    await inventory.update_inventory(ANNA, PHONE, told())

    assert await alarms(inventory) == [(photos[0].photo_id, "missing")]


async def test_one_users_inventory_entries_are_bounded(
    ward: DomainServices, inventory: InventoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that runs wild fills no disk, and what was known before is still compared."""
    monkeypatch.setattr(devices, "MAX_OPEN_ENTRIES", 2)
    photos = await take(ward, 4)
    await inventory.update_inventory(ANNA, PHONE, told(*photos))
    await inventory.update_inventory(ANNA, PHONE, told())

    assert len(await alarms(inventory)) == 2


async def test_an_unchanged_inventory_writes_no_entry(
    ward: DomainServices, inventory: InventoryService
) -> None:
    """Only the time of the device's last report changes."""
    photos = await take(ward, 2)
    await inventory.update_inventory(ANNA, PHONE, told(*photos))
    ward.clock.advance(60)
    async with ward.database.transaction() as tx:
        before = await tx.inventory.list_entries(ANNA)

    await inventory.update_inventory(ANNA, PHONE, told(*photos))

    async with ward.database.transaction() as tx:
        after = await tx.inventory.list_entries(ANNA)
    assert [one.announced_at for one in after] == [one.announced_at for one in before]
    assert {one.heard_at for one in after} == {ward.clock()}
