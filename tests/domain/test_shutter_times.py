"""A phone's clock at 1970 or 2099 is a claim: what is filed, and what starts an alarm, is possible."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from app.domain.devices.inventory import InventoryService
from app.domain.photos.shutter_times import bound_capture_time
from tests.domain.conftest import ANNA, DomainServices
from tests.domain.test_devices import PHONE, told

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
OPENED = NOW - timedelta(hours=3)
IN_1970 = datetime(1970, 1, 2, tzinfo=UTC)
IN_2099 = datetime(2099, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("claim", "filed"),
    [
        (IN_1970, OPENED),
        (IN_2099, NOW),
        (NOW + timedelta(minutes=3), NOW),
        (NOW + timedelta(minutes=1), NOW + timedelta(minutes=1)),
        (NOW - timedelta(minutes=50), NOW - timedelta(minutes=50)),
        (OPENED - timedelta(hours=5), OPENED - timedelta(hours=5)),
    ],
    ids=["1970", "2099", "just ahead", "within leeway", "an hour ago", "some hours off"],
)
def test_a_time_that_cannot_be_is_moved_to_the_nearest_that_can(claim: datetime, filed: datetime) -> None:
    """Never after now, never long before the consultation was opened."""
    assert bound_capture_time(claim, NOW, OPENED) == filed


def test_without_a_known_consultation_a_time_of_years_ago_is_now() -> None:
    """A restored backup may not know the consultation; a week ago stays possible."""
    assert bound_capture_time(IN_1970, NOW, None) == NOW
    assert bound_capture_time(NOW - timedelta(days=7), NOW, None) == NOW - timedelta(days=7)


@pytest.mark.parametrize("claim", [IN_1970, IN_2099], ids=["1970", "2099"])
async def test_a_wrong_clock_is_kept_as_a_claim_and_not_filed(ward: DomainServices, claim: datetime) -> None:
    """Both times are in the row; the accepted one lies between the opening and now."""
    consultation = await ward.open()
    ward.clock.advance(600)
    taken = ward.taken(consultation.consultation_id)
    photo = msgspec.structs.replace(taken, captured_at=claim, device_captured_at=claim)
    await ward.presigned(photo)

    async with ward.database.transaction() as tx:
        row = (await tx.photos.by_ids([photo.photo_id]))[photo.photo_id]

    assert row.device_captured_at == claim
    assert consultation.opened_at <= row.captured_at <= ward.clock()


@pytest.mark.parametrize("claim", [IN_1970, IN_2099], ids=["1970", "2099"])
async def test_a_wrong_clock_neither_starts_nor_stops_the_alarm(
    ward: DomainServices, claim: datetime
) -> None:
    """No alarm on the first day, one after 24 hours of the server's own clock."""
    service = InventoryService(ward.database, ward.clock, ward.ids, ward._wake_relay)
    consultation = await ward.open()
    inventory = told(msgspec.structs.replace(ward.taken(consultation.consultation_id), captured_at=claim))
    await service.update_inventory(ANNA, PHONE, inventory)
    assert (await service.unsent(ANNA)).photos == []
    first = ward.clock()

    ward.clock.advance(12 * 3600)
    await service.update_inventory(ANNA, PHONE, inventory)
    ward.clock.advance(12 * 3600)

    (photo,) = (await service.unsent(ANNA)).photos
    assert photo.waiting_hours == 24
    assert photo.captured_at <= first
