"""Every difference between store and database is named, explained where it can be, and mended safely."""

from collections.abc import AsyncIterator
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

import msgspec
import pytest

from app.domain.errors import ChecksumMismatch, NotUploaded, PhotoNotFound
from app.domain.maintenance.reconcile import Kind, Reconciler, Reconciliation
from app.domain.maintenance.repair import RepairService
from app.domain.photos.bucket import TRIAL_PREFIX
from app.domain.photos.model import PhotoState
from app.domain.ports.storage import InspectedImage, ObjectSummary
from tests.domain.conftest import ANNA, BEN, DomainServices, claim
from tests.support.fakes import TrustingInspector, uuid7


async def reconcile(ward: DomainServices, *, adopt: bool = False) -> Reconciliation:
    """One run over this test's database and store."""
    return await Reconciler(ward.database, ward.store, repair_service(ward)).run(adopt=adopt)


def repair_service(ward: DomainServices) -> RepairService:
    """Over this test's database and store."""
    return RepairService(ward.database, ward.store, ward.uploads, TrustingInspector(), ward.clock)


def outcomes(report: Reconciliation) -> list[tuple[Kind, bool, str]]:
    """Kind, explained or not, and what was done."""
    return [(one.kind, one.explained, one.done) for one in report.differences]


async def delete_row(ward: DomainServices, photo_id: object) -> None:
    """A row is lost behind the app's back."""
    ward.sql("DELETE FROM photos WHERE photo_id = ?", str(photo_id))


async def test_a_healthy_clinic_has_no_difference(ward: DomainServices) -> None:
    """Stored, deleted and never sent photos."""
    consultation = await ward.open()
    stored, deleted = [await ward.stored(consultation.consultation_id) for _ in range(2)]
    await ward.uploads.delete(ANNA, deleted.photo_id)
    await ward.presigned(ward.taken(consultation.consultation_id))

    report = await reconcile(ward)

    assert (report.objects, report.rows, report.differences, report.unexplained) == (1, 3, [], 0)
    assert (await ward.uploads.state(ANNA, stored.photo_id)).state is PhotoState.STORED


async def test_an_upload_whose_phone_fell_silent_is_explained_and_can_be_finished(
    ward: DomainServices,
) -> None:
    """Without --adopt nothing changes; with it the photo is stored after all checks, counted, and clean."""
    consultation = await ward.open()
    photo = ward.taken(consultation.consultation_id)
    await ward.presigned(photo)
    ward.put(photo)

    assert outcomes(await reconcile(ward)) == [(Kind.UNCONFIRMED, True, "")]
    assert (await ward.uploads.state(ANNA, photo.photo_id)).state is PhotoState.PENDING
    assert outcomes(await reconcile(ward, adopt=True)) == [(Kind.UNCONFIRMED, True, "stored")]

    assert outcomes(await reconcile(ward)) == []
    async with ward.database.transaction() as tx:
        assert (await tx.metrics.counts(ward.clock()))["reconcile_done_total"] == 1.0


async def test_a_pending_object_that_is_not_the_photo_stays_and_needs_an_operator(
    ward: DomainServices,
) -> None:
    """Other bytes of the same length: not stored, not deleted."""
    consultation = await ward.open()
    photo = ward.taken(consultation.consultation_id)
    await ward.presigned(photo)
    ward.put(photo, b"b photo")

    report = await reconcile(ward, adopt=True)

    assert outcomes(report) == [(Kind.UNCONFIRMED, False, "")]
    assert "Not done" in report.differences[0].because
    assert len(ward.store.objects) == 1


async def test_a_stored_photo_without_its_object_is_never_explained(ward: DomainServices) -> None:
    """A backup cannot distinguish a later deletion from a loss, so an operator must look, --adopt or not."""
    consultation = await ward.open()
    await ward.stored(consultation.consultation_id)
    ward.store.objects.clear()

    for adopt in (False, True):
        assert outcomes(await reconcile(ward, adopt=adopt)) == [(Kind.WITHOUT_OBJECT, False, "")]


async def test_an_object_whose_key_only_begins_like_the_photos_does_not_stand_for_it(
    ward: DomainServices,
) -> None:
    """A copy that another program made is named, and the photo is still missing."""
    consultation = await ward.open()
    await ward.stored(consultation.consultation_id)
    [(key, kept)] = ward.store.objects.items()
    ward.store.objects = {f"{key}.bak": kept}

    kinds = {kind for kind, *_ in outcomes(await reconcile(ward))}

    assert kinds == {Kind.FOREIGN_KEY, Kind.WITHOUT_OBJECT}


async def test_what_a_trial_of_the_store_left_is_no_difference(ward: DomainServices) -> None:
    """The next trial removes it."""
    ward.store.put(f"{TRIAL_PREFIX}{uuid7(1)}.jpg", b"x")

    report = await reconcile(ward)

    assert (report.objects, report.differences) == (0, [])


async def test_only_a_tombstones_object_can_be_erased(ward: DomainServices) -> None:
    """Whatever asks for it: nothing without a tombstone is ever deleted (I6)."""
    consultation = await ward.open()
    photo = await ward.stored(consultation.consultation_id)
    async with ward.database.transaction() as tx:
        row = (await tx.photos.by_ids([photo.photo_id]))[photo.photo_id]

    with pytest.raises(ValueError, match="only a tombstone's"):
        await repair_service(ward).erase_object(row)
    assert len(ward.store.objects) == 1


async def test_an_object_that_goes_while_it_is_adopted_is_reported(ward: DomainServices) -> None:
    """No row is made for bytes that were not read."""
    consultation = await ward.open()
    photo = ward.taken(consultation.consultation_id)
    ward.put(photo)
    [found] = [one async for one in ward.store.keys("consultations/")]
    ward.store.objects.clear()

    with pytest.raises(NotUploaded):
        await repair_service(ward).adopt_object(found)
    with pytest.raises(PhotoNotFound):
        await ward.uploads.state(ANNA, photo.photo_id)


async def test_an_object_whose_key_says_another_type_is_not_adopted(ward: DomainServices) -> None:
    """A row would name a key under which nothing lies."""
    consultation = await ward.open()
    photo = msgspec.structs.replace(ward.taken(consultation.consultation_id), content_type="image/webp")
    ward.clock.advance(60)
    ward.put(photo)

    assert outcomes(await reconcile(ward, adopt=True)) == [(Kind.WITHOUT_ROW, True, "")]
    with pytest.raises(PhotoNotFound):
        await ward.uploads.state(ANNA, photo.photo_id)


async def test_an_object_of_another_size_is_named(ward: DomainServices) -> None:
    """Cut short on the disk, say."""
    consultation = await ward.open()
    photo = await ward.stored(consultation.consultation_id)
    ward.put(photo, b"short")

    report = await reconcile(ward, adopt=True)

    assert outcomes(report) == [(Kind.OTHER_SIZE, False, "")]
    assert report.differences[0].because == "5 bytes in the store, 7 in the database."


async def test_a_tombstones_object_is_explained_and_erased_only_on_request(ward: DomainServices) -> None:
    """Even long after the sweeper has erased it."""
    consultation = await ward.open()
    photo = await ward.stored(consultation.consultation_id)
    await ward.uploads.delete(ANNA, photo.photo_id)
    ward.put(photo)

    assert outcomes(await reconcile(ward)) == [(Kind.TOMBSTONED, True, "")]
    assert len(ward.store.objects) == 1
    assert outcomes(await reconcile(ward, adopt=True)) == [(Kind.TOMBSTONED, True, "erased")]

    assert ward.store.objects == {}


async def test_a_photo_that_a_phone_begins_to_send_meanwhile_is_left_to_the_phone(
    ward: DomainServices,
) -> None:
    """Other bytes under the same id: the object found is not called the phone's photo."""
    consultation = await ward.open()
    photo = await ward.stored(consultation.consultation_id)
    await delete_row(ward, photo.photo_id)
    other = msgspec.structs.replace(photo, sha256=sha256(b"b photo").hexdigest())

    class Meanwhile(TrustingInspector):
        async def inspect(self, body: bytes) -> InspectedImage:
            await ward.presigned(other)
            return await super().inspect(body)

    repair = RepairService(ward.database, ward.store, ward.uploads, Meanwhile(), ward.clock)
    [found] = [one async for one in ward.store.keys("consultations/")]

    assert await repair.adopt_object(found) is False
    assert (await ward.uploads.state(ANNA, photo.photo_id)).state is PhotoState.PENDING
    with pytest.raises(ChecksumMismatch):
        await ward.uploads.complete(ANNA, photo.photo_id, claim(other))


async def test_an_object_newer_than_the_database_is_explained_and_adopted(ward: DomainServices) -> None:
    """The database is an older backup: the photo is filed where its key says, for its owner."""
    consultation = await ward.open(user=BEN)
    photo = ward.taken(consultation.consultation_id, user=BEN)
    ward.clock.advance(60)
    ward.put(photo)

    assert outcomes(await reconcile(ward)) == [(Kind.WITHOUT_ROW, True, "")]
    assert outcomes(await reconcile(ward, adopt=True)) == [(Kind.WITHOUT_ROW, True, "adopted")]

    # The phone that still has the photo gets its receipt, as if nothing had happened.
    receipt = await ward.uploads.complete(BEN, photo.photo_id, claim(photo))
    assert (receipt.state, receipt.filed_in) == (PhotoState.STORED, consultation.consultation_id)
    assert outcomes(await reconcile(ward)) == []


async def test_an_object_whose_row_was_lost_is_not_explained_by_a_backup(ward: DomainServices) -> None:
    """The database has later rows; adopting saves the photo, and the loss is still reported."""
    consultation = await ward.open()
    photo = await ward.stored(consultation.consultation_id)
    ward.clock.advance(60)
    await ward.stored(consultation.consultation_id)
    await delete_row(ward, photo.photo_id)

    report = await reconcile(ward, adopt=True)

    assert outcomes(report) == [(Kind.WITHOUT_ROW, False, "adopted")]
    assert outcomes(await reconcile(ward)) == []


async def test_an_object_of_an_unknown_consultation_is_left_where_it_is(ward: DomainServices) -> None:
    """Its owner is unknown; nothing without a tombstone is ever deleted."""
    await ward.open()
    ward.clock.advance(60)
    ward.put(ward.taken(uuid7(9_000)))

    report = await reconcile(ward, adopt=True)

    assert outcomes(report) == [(Kind.WITHOUT_ROW, True, "")]
    assert "Only a newer one" in report.differences[0].because
    assert len(ward.store.objects) == 1


@pytest.mark.parametrize(
    "name",
    [
        "notes.txt",
        "0198b1c2-0000-4000-8000-000000000001.jpg",
        "0198B1C2-0000-7000-8000-000000000001.jpg",
        "0198b1c2-0000-7000-8000-000000000001.png",
        "0198b1c2-0000-7000-8000-000000000001.jpg/x",
    ],
)
async def test_a_key_that_no_photo_has_is_named_and_left(ward: DomainServices, name: str) -> None:
    """Another program wrote to the bucket."""
    ward.store.put(f"consultations/{uuid7(1)}/{name}", b"x")

    assert outcomes(await reconcile(ward, adopt=True)) == [(Kind.FOREIGN_KEY, False, "")]
    assert len(ward.store.objects) == 1


async def test_an_object_under_another_key_than_its_rows_is_named(ward: DomainServices) -> None:
    """And the row itself is without its object then."""
    consultation, other = await ward.open(), await ward.open("Room 3")
    photo = await ward.stored(consultation.consultation_id)
    [(key, kept)] = ward.store.objects.items()
    ward.store.objects = {key.replace(str(consultation.consultation_id), str(other.consultation_id)): kept}

    kinds = {(kind, done) for kind, _, done in outcomes(await reconcile(ward, adopt=True))}

    assert kinds == {(Kind.OTHER_KEY, ""), (Kind.WITHOUT_OBJECT, "")}
    assert (await ward.uploads.state(ANNA, photo.photo_id)).state is PhotoState.STORED


async def test_a_photo_that_arrives_while_the_listing_runs_is_no_difference(
    ward: DomainServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second look finds what the first could not."""
    consultation = await ward.open()
    await ward.stored(consultation.consultation_id)
    hidden = ward.store.objects
    ward.store.objects = {}
    looks = 0
    listing = ward.store.keys

    async def keys(prefix: str) -> AsyncIterator[ObjectSummary]:
        nonlocal looks
        looks += 1
        if looks == 2:
            ward.store.objects = hidden
        async for found in listing(prefix):
            yield found

    monkeypatch.setattr(ward.store, "keys", keys)

    assert outcomes(await reconcile(ward)) == []
    assert looks == 2


async def test_many_photos_are_compared_in_batches(
    ward: DomainServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is looked at once, on both sides."""
    monkeypatch.setattr("app.domain.maintenance.reconcile.BATCH", 2)
    consultation = await ward.open()
    for _ in range(5):
        await ward.stored(consultation.consultation_id)

    report = await reconcile(ward)

    assert (report.objects, report.rows, report.differences) == (5, 5, [])


async def test_the_shutters_time_comes_from_the_photos_id(ward: DomainServices) -> None:
    """An orphan has no other witness of when it was taken."""
    consultation = await ward.open()
    photo = ward.taken(consultation.consultation_id)
    ward.clock.advance(60)
    ward.put(photo)
    await reconcile(ward, adopt=True)

    async with ward.database.transaction() as tx:
        row = (await tx.photos.by_ids([photo.photo_id]))[photo.photo_id]

    assert row.captured_at.timestamp() * 1000 == photo.photo_id.int >> 80
    assert row.received_at is not None
    assert row.received_at - ward.clock() < timedelta(seconds=1)


async def test_an_id_from_the_year_10889_is_filed_under_the_time_of_its_object(ward: DomainServices) -> None:
    """A phone's clock can make one; no calendar here goes that far."""
    consultation = await ward.open()
    photo = ward.taken(consultation.consultation_id)
    photo = msgspec.structs.replace(photo, photo_id=UUID("ffffffff-ffff-7000-8000-000000000001"))
    ward.clock.advance(60)
    ward.put(photo)
    await reconcile(ward, adopt=True)

    async with ward.database.transaction() as tx:
        row = (await tx.photos.by_ids([photo.photo_id]))[photo.photo_id]

    assert (row.state, row.captured_at) == (PhotoState.STORED, ward.clock())
