"""A thumbnail lies beside its photo and goes with it; whatever becomes of it, the photo is stored."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from app.domain.errors import StorageFull, StoreUnavailable
from app.domain.maintenance.reconcile import Kind, Reconciler, Reconciliation
from app.domain.maintenance.repair import RepairService, parse_object_key
from app.domain.maintenance.sweeper import Sweeper
from app.domain.photos.model import CapturedPhoto, PhotoView
from app.domain.photos.thumbnails import Thumbnails
from tests.domain.conftest import ANNA, DomainServices, claim
from tests.support.fakes import MemoryStore, TrustingInspector

SMALL = b"a small picture"


@pytest.fixture
def clinic(ward: DomainServices) -> DomainServices:
    """Every photo of which a thumbnail is needed gets one."""
    ward.inspector.thumbnail = SMALL
    return ward


def keys_of(photo: CapturedPhoto) -> tuple[str, str]:
    """Of the photo, and of its thumbnail."""
    beginning = f"consultations/{photo.consultation_id}/{photo.photo_id}"
    return f"{beginning}.jpg", f"{beginning}.thumb.webp"


async def shown(clinic: DomainServices, consultation: UUID) -> list[PhotoView]:
    """What the desktop is told."""
    return (await clinic.consultations.photos(ANNA, consultation, clinic.signer)).photos


async def reconcile(clinic: DomainServices, *, adopt: bool = False) -> Reconciliation:
    """One run over this test's database and store."""
    repair = RepairService(clinic.database, clinic.store, clinic.uploads, clinic.inspector, clinic.clock)
    return await Reconciler(clinic.database, clinic.store, repair).run(adopt=adopt)


def outcomes(report: Reconciliation) -> list[tuple[Kind, bool, str]]:
    """Kind, explained or not, and what was done."""
    return [(one.kind, one.explained, one.done) for one in report.differences]


async def test_a_stored_photo_has_its_thumbnail_beside_it(clinic: DomainServices) -> None:
    """Under a key of the same ids, as WebP, and in the list and in every answer about the photo."""
    consultation = (await clinic.open()).consultation_id

    photo = await clinic.stored(consultation)

    key, small = keys_of(photo)
    assert set(clinic.store.objects) == {key, small}
    stored = clinic.store.objects[small][0]
    assert (stored.body, stored.content_type, stored.encryption) == (SMALL, "image/webp", "AES256")
    [view] = await shown(clinic, consultation)
    assert (view.url.split("?")[0], (view.thumbnail_url or "").split("?")[0]) == (
        f"http://localhost:8000/photos/{key}",
        f"http://localhost:8000/photos/{small}",
    )
    moved = await clinic.uploads.move(
        ANNA, photo.photo_id, (await clinic.open("B")).consultation_id, clinic.signer
    )
    assert moved.thumbnail_url == view.thumbnail_url
    assert clinic.without_thumbnail == []


async def test_a_small_photo_needs_no_thumbnail(clinic: DomainServices) -> None:
    """Of at most 320 pixels: the photo itself is shown, and nothing is reported."""
    small = TrustingInspector(width=320, height=240)
    small.thumbnail = SMALL
    consultation = (await clinic.open()).consultation_id
    photo = clinic.taken(consultation)
    kept = Thumbnails(clinic.store, lambda *_: pytest.fail("reported"))
    await clinic.presigned(photo)
    async with clinic.database.transaction() as tx:
        row = (await tx.photos.by_ids([photo.photo_id]))[photo.photo_id]

    assert not await kept.keep(row, await small.inspect(b""))
    assert clinic.store.objects == {}


class Refusing(MemoryStore):
    """Takes photos and answers every thumbnail with an error, or never."""

    def __init__(self, clock: Callable[[], object], error: Exception | None) -> None:
        super().__init__(clock)  # type: ignore[arg-type]  # the clock of the test
        self.error = error

    async def write_derived(self, key: str, body: bytes, content_type: str) -> None:
        if self.error is None:
            await asyncio.Event().wait()
        else:
            raise self.error


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (StoreUnavailable(), "StoreUnavailable"),
        (StorageFull(), "StorageFull"),
        (ValueError("no answer that anybody expects"), "ValueError"),
        (None, "TimeoutError"),
    ],
)
async def test_a_photo_is_stored_though_its_thumbnail_cannot_be(
    clinic: DomainServices, error: Exception | None, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused, full, broken or silent: the same receipt, the photo itself on the screen, one report."""
    store = Refusing(clinic.clock, error)
    thumbnails = Thumbnails(store, clinic.uploads._thumbnails._report, write_seconds=0.01)
    monkeypatch.setattr(clinic.uploads, "_thumbnails", thumbnails)
    consultation = (await clinic.open()).consultation_id

    photo = await clinic.stored(consultation)

    assert (await clinic.uploads.state(ANNA, photo.photo_id)).state == "stored"
    assert set(clinic.store.objects) == {keys_of(photo)[0]}
    assert [view.thumbnail_url for view in await shown(clinic, consultation)] == [None]
    assert clinic.without_thumbnail == [(photo.photo_id, reason)]


async def test_a_photo_is_stored_though_no_thumbnail_could_be_made(ward: DomainServices) -> None:
    """The inspector gave none."""
    consultation = (await ward.open()).consultation_id

    photo = await ward.stored(consultation)

    assert [view.thumbnail_url for view in await shown(ward, consultation)] == [None]
    assert ward.without_thumbnail == [(photo.photo_id, "not made")]


async def test_without_a_log_a_failure_is_silent(ward: DomainServices) -> None:
    """Reporting is a choice of the program that puts the parts together."""
    consultation = (await ward.open()).consultation_id
    ward.uploads._thumbnails = Thumbnails(ward.store)

    await ward.stored(consultation)

    assert ward.without_thumbnail == []


async def test_a_thumbnail_that_is_there_already_is_the_photos(clinic: DomainServices) -> None:
    """A receipt that was interrupted between the two is given the second time."""
    consultation = (await clinic.open()).consultation_id
    photo = clinic.taken(consultation)
    await clinic.presigned(photo)
    clinic.put(photo)
    clinic.store.put(keys_of(photo)[1], SMALL, "image/webp")

    assert outcomes(await reconcile(clinic)) == [(Kind.UNCONFIRMED, True, "")]
    await clinic.uploads.complete(ANNA, photo.photo_id, claim(photo))

    assert [bool(view.thumbnail_url) for view in await shown(clinic, consultation)] == [True]


async def test_a_deleted_photo_takes_its_thumbnail_along(clinic: DomainServices) -> None:
    """At once, where the store answers."""
    consultation = (await clinic.open()).consultation_id
    photo = await clinic.stored(consultation)

    await clinic.uploads.delete(ANNA, photo.photo_id)

    assert clinic.store.objects == {}


async def test_what_a_silent_store_kept_is_erased_later(clinic: DomainServices) -> None:
    """The sweeper comes back for both."""
    consultation = (await clinic.open()).consultation_id
    photo = await clinic.stored(consultation)
    clinic.store.down = True
    await clinic.uploads.delete(ANNA, photo.photo_id)
    assert len(clinic.store.objects) == 2
    clinic.store.down = False
    clinic.clock.advance(46 * 60)

    report = await Sweeper(clinic.database, clinic.store, clinic.uploads, clinic.clock).sweep()

    assert report.erased == 1
    assert clinic.store.objects == {}


@pytest.mark.parametrize("ending", ["deleted", "refused"])
async def test_a_thumbnail_that_is_written_after_the_end_of_its_photo_is_erased(
    clinic: DomainServices, ending: str
) -> None:
    """A slow check meets a tombstone, or the refusal of another check: the sweeper erases both objects."""
    consultation = (await clinic.open()).consultation_id
    photo = clinic.taken(consultation)
    await clinic.presigned(photo)
    if ending == "deleted":
        await clinic.uploads.delete(ANNA, photo.photo_id)
    else:
        async with clinic.database.transaction() as tx:
            await tx.photos.mark_refused(photo.photo_id, clinic.clock())
    clinic.put(photo)
    clinic.store.put(keys_of(photo)[1], SMALL, "image/webp")
    clinic.clock.advance(timedelta(minutes=46).total_seconds())

    await Sweeper(clinic.database, clinic.store, clinic.uploads, clinic.clock).sweep()

    assert clinic.store.objects == {}


async def test_reconcile_counts_photos_and_has_no_question_about_their_thumbnails(
    clinic: DomainServices,
) -> None:
    """Two photos, four objects, nothing to explain."""
    consultation = (await clinic.open()).consultation_id
    for _ in range(2):
        await clinic.stored(consultation)
    assert len(clinic.store.objects) == 4

    report = await reconcile(clinic)

    assert (report.objects, report.rows, report.differences) == (2, 2, [])


async def test_reconcile_erases_a_thumbnail_whose_photo_was_deleted(clinic: DomainServices) -> None:
    """Named without --adopt, gone with it, and no question is left."""
    consultation = (await clinic.open()).consultation_id
    photo = await clinic.stored(consultation)
    await clinic.uploads.delete(ANNA, photo.photo_id)
    clinic.store.put(keys_of(photo)[1], SMALL, "image/webp")

    assert outcomes(await reconcile(clinic)) == [(Kind.TOMBSTONED, True, "")]
    assert outcomes(await reconcile(clinic, adopt=True)) == [(Kind.TOMBSTONED, True, "erased")]

    assert clinic.store.objects == {}
    assert outcomes(await reconcile(clinic)) == []


async def test_reconcile_explains_and_keeps_a_thumbnail_without_a_row(clinic: DomainServices) -> None:
    """It is never taken for a photo; where the photo is adopted the thumbnail is its own again (I6)."""
    consultation = (await clinic.open()).consultation_id
    photo = await clinic.stored(consultation)
    key, small = keys_of(photo)
    clinic.sql("DELETE FROM photos")
    del clinic.store.objects[key]

    assert outcomes(await reconcile(clinic, adopt=True)) == [(Kind.THUMBNAIL_WITHOUT_ROW, True, "")]
    assert set(clinic.store.objects) == {small}
    clinic.put(photo)
    report = await reconcile(clinic, adopt=True)

    assert (Kind.WITHOUT_ROW, "adopted") in {(kind, done) for kind, _, done in outcomes(report)}
    assert outcomes(await reconcile(clinic)) == []
    assert [bool(view.thumbnail_url) for view in await shown(clinic, consultation)] == [True]


async def test_a_thumbnail_under_another_consultation_needs_an_operator(clinic: DomainServices) -> None:
    """No program of ours puts it there."""
    consultation, other = [(await clinic.open(label)).consultation_id for label in ("A", "B")]
    photo = await clinic.stored(consultation)
    clinic.store.put(f"consultations/{other}/{photo.photo_id}.thumb.webp", SMALL, "image/webp")

    assert outcomes(await reconcile(clinic, adopt=True)) == [(Kind.OTHER_KEY, False, "")]


def test_a_thumbnails_key_is_no_photos(clinic: DomainServices) -> None:
    """Each says what it is; what only looks alike is neither."""
    photo = clinic.taken(clinic.ids())
    key, small = keys_of(photo)

    names = [parse_object_key(one) for one in (key, small)]

    assert [name is not None and name.is_thumbnail for name in names] == [False, True]
    for strange in (small.replace(".thumb", "Xthumb"), small + ".bak", small.replace("webp", "jpg")):
        assert parse_object_key(strange) is None
