"""What finishes the work that a request or a phone left behind."""

import asyncio
import sys
from datetime import timedelta

import pytest

from app.adapters.imaging.inspector import PillowInspector
from app.domain.errors import Unavailable
from app.domain.maintenance.relay import Relay
from app.domain.maintenance.sweeper import Sweeper, next_look
from app.domain.photos.model import PhotoState
from app.domain.photos.uploads import Uploads
from tests.domain.conftest import ANNA, DomainServices, claim
from tests.support.pictures import jpeg


def relay(ward: DomainServices) -> Relay:
    return Relay(ward.database, ward.signals, ward.clock)


def sweeper(ward: DomainServices) -> Sweeper:
    return Sweeper(ward.database, ward.store, ward.uploads, ward.clock)


async def test_the_relay_publishes_each_event_once(ward: DomainServices) -> None:
    """Committed, published, marked; the second round has nothing to do."""
    await ward.open()

    assert (await relay(ward).drain(), await relay(ward).drain()) == (1, 0)
    assert [user for user, _, _ in ward.signals.published] == [ANNA]


async def test_many_notifications_about_one_consultation_are_sent_as_the_last_one(
    ward: DomainServices,
) -> None:
    """Ten photos, one refetch."""
    consultation = await ward.open()
    for number in range(10):
        await ward.stored(consultation.consultation_id, b"photo %d" % number)

    await relay(ward).drain()

    notifications = [payload for _, _, payload in ward.signals.published if payload["t"] == "photos.changed"]
    assert [payload["rev"] for payload in notifications] == [10]
    assert await ward.events() == []


async def test_events_wait_for_signals_that_are_down(ward: DomainServices) -> None:
    """A failed publish loses nothing and is tried again."""
    await ward.open()
    ward.signals.down = True
    with pytest.raises(Unavailable):
        await relay(ward).drain()
    ward.signals.down = False

    assert await relay(ward).drain() == 1


async def test_no_notification_carries_patient_data(ward: DomainServices) -> None:
    """Labels, captions and notes stay where they are (I12)."""
    consultation = await ward.open("J.S. 54y")
    await ward.stored(consultation.consultation_id)

    await relay(ward).drain()

    assert "J.S." not in repr(ward.signals.published)
    assert {frozenset(payload) for _, _, payload in ward.signals.published} == {
        frozenset({"t", "consultation", "rev"})
    }


async def test_the_sweeper_adopts_a_photo_whose_phone_fell_silent(ward: DomainServices) -> None:
    """PUT arrived, complete never did: the photo is stored all the same."""
    consultation = await ward.open()
    photo = ward.taken(consultation.consultation_id)
    await ward.presigned(photo)
    ward.put(photo)
    ward.clock.advance(31)

    report = await sweeper(ward).sweep()

    assert report.stored == 1
    assert (await ward.uploads.state(ANNA, photo.photo_id)).state is PhotoState.STORED


async def test_the_sweeper_leaves_a_fresh_upload_alone(ward: DomainServices) -> None:
    """The phone itself is still at it."""
    consultation = await ward.open()
    await ward.presigned(ward.taken(consultation.consultation_id))
    ward.clock.advance(5)

    report = await sweeper(ward).sweep()

    assert (report.stored, report.waiting) == (0, 0)


async def test_one_bad_object_does_not_stop_the_sweeper(ward: DomainServices) -> None:
    """The bad one is counted, the good one stored."""
    consultation = await ward.open()
    bad, good, absent = (ward.taken(consultation.consultation_id) for _ in range(3))
    await ward.presigned(bad, good, absent)
    ward.put(bad, b"x photo")
    ward.put(good)
    ward.clock.advance(31)

    report = await sweeper(ward).sweep()

    assert (report.stored, report.refused, report.waiting) == (1, 1, 1)


async def test_photos_that_cannot_be_checked_now_wait_and_stop_no_other_work(
    ward: DomainServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No process to be had for the check: every photo is counted, what is to be erased is, and later all."""
    consultation = await ward.open()
    body = jpeg(800, 600)
    photos = [ward.taken(consultation.consultation_id, body) for _ in range(3)]
    await ward.presigned(*photos)
    for photo in photos:
        ward.put(photo, body)
    await ward.uploads.delete(ANNA, photos[2].photo_id)
    ward.put(photos[2], body)
    ward.clock.advance(46 * 60)
    inspector = PillowInspector(workers=1)
    uploads = Uploads(ward.database, ward.store, inspector, ward.clock, ward.ids, lambda: None)
    checking = Sweeper(ward.database, ward.store, uploads, ward.clock)
    monkeypatch.setattr(sys, "executable", "/nowhere/python")

    report = await checking.sweep()

    assert (report.failed, report.erased) == (2, 1)
    monkeypatch.undo()
    ward.clock.advance(3_600)
    assert (await checking.sweep()).stored == 2
    await inspector.close()


async def test_a_look_backs_off_from_half_a_minute_to_six_hours(ward: DomainServices) -> None:
    """A photo that never came is not looked for every half minute without end."""
    consultation = await ward.open()
    await ward.presigned(ward.taken(consultation.consultation_id))
    async with ward.database.transaction() as tx:
        [row] = await tx.maintenance.list_due_pending(ward.clock() + timedelta(seconds=31), 10)

    waits = [
        next_look(row, row.created_at + timedelta(seconds=age)) - row.created_at - timedelta(seconds=age)
        for age in (1, 60, 3_600, 86_400)
    ]

    assert waits == [timedelta(seconds=30), timedelta(seconds=60), timedelta(hours=1), timedelta(hours=6)]


async def test_a_late_put_of_a_deleted_photo_is_erased(ward: DomainServices) -> None:
    """A URL that outlived the delete brings the object back; the sweeper takes it away again."""
    consultation = await ward.open()
    photo = ward.taken(consultation.consultation_id)
    await ward.presigned(photo)
    await ward.uploads.delete(ANNA, photo.photo_id)
    ward.put(photo)
    ward.clock.advance(46 * 60)

    report = await sweeper(ward).sweep()

    assert report.erased == 1
    assert ward.store.objects == {}
    assert (await ward.uploads.complete(ANNA, photo.photo_id, claim(photo))).state == "deleted"


async def test_a_store_that_is_down_leaves_the_work_for_later(ward: DomainServices) -> None:
    """Nothing is refused or forgotten because the store did not answer."""
    consultation = await ward.open()
    photo = ward.taken(consultation.consultation_id)
    await ward.presigned(photo)
    ward.put(photo)
    ward.clock.advance(31)
    ward.store.down = True
    assert (await sweeper(ward).sweep()).failed == 1
    ward.store.down = False
    ward.clock.advance(3_600)

    report = await sweeper(ward).sweep()

    assert report.stored == 1


async def test_ended_sessions_and_published_notifications_are_deleted_within_the_hour(
    ward: DomainServices,
) -> None:
    """What can no longer be used does not pile up; what still counts stays."""
    await ward.open()
    await relay(ward).drain()
    now = ward.clock()
    async with ward.database.transaction() as tx:
        await tx.upload_sessions.add("a" * 64, ANNA, "sess_1", now + timedelta(hours=1))
        await tx.upload_sessions.add("b" * 64, ANNA, "sess_2", now + timedelta(days=9))
        await tx.login_failures.put("name:anna", 3, now)
    ward.clock.advance(2 * 86_400)

    await sweeper(ward).sweep()

    async with ward.database.transaction() as tx:
        assert await tx.upload_sessions.find("a" * 64, now) is None
        assert await tx.upload_sessions.find("b" * 64, now) == (ANNA, "sess_2")
        assert await tx.login_failures.get("name:anna") is None


async def test_what_has_ended_is_looked_for_once_an_hour(ward: DomainServices) -> None:
    """Sweeps come every few seconds; deleting may wait."""
    sweeping, now = sweeper(ward), ward.clock()
    await sweeping.sweep()
    async with ward.database.transaction() as tx:
        await tx.upload_sessions.add("a" * 64, ANNA, "sess_1", now + timedelta(minutes=1))
    kept = []
    for minutes in (10, 50):
        ward.clock.advance(minutes * 60)
        await sweeping.sweep()
        async with ward.database.transaction() as tx:
            kept.append(await tx.upload_sessions.find("a" * 64, now) is not None)

    assert kept == [True, False]


async def test_what_the_sweeper_finds_is_counted_for_good(ward: DomainServices) -> None:
    """Stored and refused photos add up; one that still waits is no find."""
    consultation = await ward.open()
    for body in (b"a photo", b"a photo", b"x photo", None):
        photo = ward.taken(consultation.consultation_id)
        await ward.presigned(photo)
        if body:
            ward.put(photo, body)
    ward.clock.advance(31)

    await sweeper(ward).sweep()
    await sweeper(ward).sweep()

    async with ward.database.transaction() as tx:
        counts = await tx.metrics.counts(ward.clock())
    found = {name: count for name, count in counts.items() if name.startswith("sweep_")}
    assert found == {"sweep_refused_total": 1.0, "sweep_stored_total": 2.0}


async def test_of_processes_that_sweep_at_once_one_works_and_counts(ward: DomainServices) -> None:
    """Four photos to check and one to erase, found due by three processes at once: five, not 15."""
    consultation = await ward.open()
    for body in (b"a photo", b"a photo", b"x photo", None):
        photo = ward.taken(consultation.consultation_id)
        await ward.presigned(photo)
        if body:
            ward.put(photo, body)
    gone = ward.taken(consultation.consultation_id)
    await ward.presigned(gone)
    await ward.uploads.delete(ANNA, gone.photo_id)
    ward.put(gone)
    ward.clock.advance(46 * 60)

    reports = await asyncio.gather(*(sweeper(ward).sweep() for _ in range(3)))

    found = {name: sum(getattr(one, name) for one in reports) for name in reports[0].__struct_fields__}
    assert found == {"stored": 2, "waiting": 1, "refused": 1, "failed": 0, "erased": 1}


async def test_a_failure_that_several_processes_met_is_counted_once(ward: DomainServices) -> None:
    """The store is away for all of them, and what is to be erased stays due."""
    consultation = await ward.open()
    photo = ward.taken(consultation.consultation_id)
    await ward.presigned(photo)
    await ward.uploads.delete(ANNA, photo.photo_id)
    ward.put(photo)
    ward.clock.advance(46 * 60)
    ward.store.down = True
    reports = await asyncio.gather(*(sweeper(ward).sweep() for _ in range(3)))
    ward.store.down = False
    ward.clock.advance(31)

    assert sum(one.failed for one in reports) == 1
    assert (await sweeper(ward).sweep()).erased == 1
