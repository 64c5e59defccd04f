"""A photo's way on the server: every step idempotent, every claim compared, nothing twice."""

import asyncio
from datetime import datetime, timedelta, timezone
from uuid import UUID

import msgspec
import pytest

from app.domain.consultations.model import ConsultationChange
from app.domain.errors import (
    ChecksumMismatch,
    ConsultationNotFound,
    InvalidField,
    InvalidImage,
    NotEncrypted,
    NotUploaded,
    OtherOwner,
    PhotoConflict,
    PhotoNotFound,
)
from app.domain.photos.model import PhotoChange, PhotoState, receipt
from tests.domain.conftest import ANNA, BEN, DomainServices, claim
from tests.support.fakes import uuid7
from tests.support.stores import row


async def test_a_photo_is_presigned_stored_and_receipted(ward: DomainServices) -> None:
    """The receipt echoes id, hash, consultation and owner, and one notification waits."""
    consultation = await ward.open()
    before = len(await ward.events())

    photo = await ward.stored(consultation.consultation_id)

    receipt = await ward.uploads.complete(ANNA, photo.photo_id, claim(photo))
    assert (receipt.photo_id, receipt.sha256) == (photo.photo_id, photo.sha256)
    assert (receipt.consultation_id, receipt.owner) == (consultation.consultation_id, ANNA)
    assert receipt.state == "stored"
    notifications = (await ward.events())[before:]
    assert notifications == [
        {"t": "photos.changed", "consultation": str(consultation.consultation_id), "rev": 1}
    ]


async def test_presign_again_signs_a_pending_photo_and_receipts_a_stored_one(ward: DomainServices) -> None:
    """A lost answer costs nothing: ask again."""
    consultation = await ward.open()
    photo = ward.taken(consultation.consultation_id)
    await ward.presigned(photo)
    await ward.presigned(photo)
    ward.put(photo)
    await ward.uploads.complete(ANNA, photo.photo_id, claim(photo))

    [granted] = await ward.uploads.presign(ANNA, [photo], ward.signer)

    assert granted.upload is None
    assert granted.receipt is not None
    assert granted.receipt.state == "stored"


async def test_one_bad_photo_of_a_batch_fails_alone(ward: DomainServices) -> None:
    """Another's owner, an unknown consultation and a good photo: each has its own answer."""
    consultation = await ward.open()
    others = await ward.open("Room 9", BEN)
    good = ward.taken(consultation.consultation_id)
    foreign = ward.taken(consultation.consultation_id, user=BEN)
    lost = ward.taken(others.consultation_id)

    answers = await ward.uploads.presign(ANNA, [foreign, good, lost], ward.signer)

    assert isinstance(answers[0].error, OtherOwner)
    assert answers[1].upload is not None
    assert isinstance(answers[2].error, ConsultationNotFound)


async def test_of_two_photos_with_one_id_in_a_batch_the_first_counts(ward: DomainServices) -> None:
    """Also where both are new: the second is compared with the first; an equal one is signed again."""
    consultation = await ward.open()
    first = ward.taken(consultation.consultation_id)
    other = msgspec.structs.replace(first, sha256="0" * 64)

    answers = await ward.uploads.presign(ANNA, [first, other, first], ward.signer)

    assert [answer.upload is not None for answer in answers] == [True, False, True]
    assert isinstance(answers[1].error, PhotoConflict)


@pytest.mark.parametrize("field", ["sha256", "consultation_id", "size"])
async def test_a_known_photo_with_another_content_is_a_conflict(ward: DomainServices, field: str) -> None:
    """A photo id means one photo, always; the second claim changes nothing."""
    consultation, other = await ward.open(), await ward.open("Room 3")
    photo = ward.taken(consultation.consultation_id)
    await ward.presigned(photo)
    changes = {"sha256": "0" * 64, "consultation_id": other.consultation_id, "size": 9}

    [granted] = await ward.uploads.presign(
        ANNA, [msgspec.structs.replace(photo, **{field: changes[field]})], ward.signer
    )

    assert isinstance(granted.error, PhotoConflict)
    assert (await ward.uploads.state(ANNA, photo.photo_id)).state is PhotoState.PENDING


async def test_another_user_s_photo_id_is_a_conflict_and_stays_hers(ward: DomainServices) -> None:
    """Ben cannot take over an id that Anna's phone made."""
    consultation, bens = await ward.open(), await ward.open("Room 9", BEN)
    photo = ward.taken(consultation.consultation_id)
    await ward.presigned(photo)
    stolen = msgspec.structs.replace(photo, owner=BEN, consultation_id=bens.consultation_id)

    [granted] = await ward.uploads.presign(BEN, [stolen], ward.signer)

    assert isinstance(granted.error, PhotoConflict)
    with pytest.raises(PhotoNotFound):
        await ward.uploads.state(BEN, photo.photo_id)


async def test_complete_before_the_object_came_asks_to_send_again(ward: DomainServices) -> None:
    """No object, no receipt."""
    consultation = await ward.open()
    photo = ward.taken(consultation.consultation_id)
    await ward.presigned(photo)

    with pytest.raises(NotUploaded):
        await ward.uploads.complete(ANNA, photo.photo_id, claim(photo))


@pytest.mark.parametrize(
    ("body", "content_type", "encryption", "error"),
    [
        (b"b photo", "image/jpeg", "AES256", ChecksumMismatch),
        (b"a photo and more", "image/jpeg", "AES256", ChecksumMismatch),
        (b"a photo", "image/webp", "AES256", InvalidImage),
        # The signed URL asks for it: what is missing is the store's doing, and no photo's fault.
        (b"a photo", "image/jpeg", None, NotEncrypted),
        (b"a photo", "image/jpeg", "aws:kms", NotEncrypted),
    ],
    ids=["other bytes", "more bytes", "other type", "not encrypted", "otherwise encrypted"],
)
async def test_an_object_that_is_not_the_captured_one_is_refused(
    ward: DomainServices, body: bytes, content_type: str, encryption: str | None, error: type[Exception]
) -> None:
    """No row is stored without an object that was read and checked (I5, I8)."""
    consultation = await ward.open()
    photo = ward.taken(consultation.consultation_id)
    await ward.presigned(photo)
    key = f"consultations/{photo.consultation_id}/{photo.photo_id}.jpg"
    ward.store.put(key, body, content_type, encryption)

    with pytest.raises(error):
        await ward.uploads.complete(ANNA, photo.photo_id, claim(photo))

    assert (await ward.uploads.state(ANNA, photo.photo_id)).state is PhotoState.PENDING


async def test_a_decoded_size_that_was_not_declared_is_refused(ward: DomainServices) -> None:
    """The row says what the pixels are, so the layout never jumps and nothing is smuggled."""
    consultation = await ward.open()
    photo = msgspec.structs.replace(ward.taken(consultation.consultation_id), width=640)
    await ward.presigned(photo)
    ward.put(photo)

    with pytest.raises(InvalidImage):
        await ward.uploads.complete(ANNA, photo.photo_id, claim(photo))


async def test_fifty_completes_at_once_make_one_row_and_one_notification(ward: DomainServices) -> None:
    """Lost answers, two tabs and the sweeper may all ask: one photo."""
    consultation = await ward.open()
    photo = ward.taken(consultation.consultation_id)
    await ward.presigned(photo)
    ward.put(photo)
    before = len(await ward.events())

    receipts = await asyncio.gather(
        *(ward.uploads.complete(ANNA, photo.photo_id, claim(photo)) for _ in range(50))
    )

    assert len({msgspec.json.encode(receipt) for receipt in receipts}) == 1
    assert len(await ward.events()) == before + 1


async def test_a_complete_with_another_claim_is_a_conflict(ward: DomainServices) -> None:
    """Hash and consultation are compared; the owner is compared with the sign-in."""
    consultation, other = await ward.open(), await ward.open("Room 3")
    photo = await ward.stored(consultation.consultation_id)
    good = claim(photo)

    for wrong in ({"sha256": "0" * 64}, {"consultation_id": other.consultation_id}):
        with pytest.raises(PhotoConflict):
            await ward.uploads.complete(ANNA, photo.photo_id, msgspec.structs.replace(good, **wrong))
    with pytest.raises(OtherOwner):
        await ward.uploads.complete(BEN, photo.photo_id, good)


async def test_a_deleted_photo_stays_deleted_whatever_comes_late(ward: DomainServices) -> None:
    """A tombstone answers presign and complete with its own receipt, and the object goes."""
    consultation = await ward.open()
    photo = ward.taken(consultation.consultation_id)
    await ward.presigned(photo)
    ward.put(photo)

    deleted = await ward.uploads.delete(ANNA, photo.photo_id)

    assert deleted.state == "deleted"
    assert ward.store.objects == {}
    assert await ward.uploads.delete(ANNA, photo.photo_id) == deleted
    assert (await ward.uploads.complete(ANNA, photo.photo_id, claim(photo))) == deleted
    [granted] = await ward.uploads.presign(ANNA, [photo], ward.signer)
    assert granted.receipt == deleted


async def test_a_delete_with_the_store_down_is_a_delete(ward: DomainServices) -> None:
    """The tombstone counts; the object is the sweeper's."""
    consultation = await ward.open()
    photo = await ward.stored(consultation.consultation_id)
    ward.store.down = True

    deleted = await ward.uploads.delete(ANNA, photo.photo_id)

    assert deleted.state == "deleted"
    assert len(ward.store.objects) == 1


async def test_a_photo_of_a_closed_consultation_is_stored_and_marked_late(ward: DomainServices) -> None:
    """Closing ends shutters, never uploads."""
    consultation = await ward.open()
    photo = ward.taken(consultation.consultation_id)
    await ward.consultations.change(ANNA, consultation.consultation_id, ConsultationChange(closed=True))
    await ward.presigned(photo)
    ward.put(photo)

    receipt = await ward.uploads.complete(ANNA, photo.photo_id, claim(photo))

    assert receipt.late


async def test_a_move_changes_where_it_is_filed_and_nothing_about_its_capture(ward: DomainServices) -> None:
    """Row and audit change; the receipt still echoes the shutter; both lists are notified."""
    consultation, other = await ward.open(), await ward.open("Room 3")
    photo = await ward.stored(consultation.consultation_id)

    moved = await ward.uploads.move(ANNA, photo.photo_id, other.consultation_id, ward.signer)

    receipt = await ward.uploads.complete(ANNA, photo.photo_id, claim(photo))
    assert (moved.consultation_id, moved.captured_in) == (other.consultation_id, consultation.consultation_id)
    assert (receipt.consultation_id, receipt.filed_in) == (
        consultation.consultation_id,
        other.consultation_id,
    )
    assert (await ward.consultations.photos(ANNA, consultation.consultation_id, ward.signer)).photos == []
    assert len((await ward.consultations.photos(ANNA, other.consultation_id, ward.signer)).photos) == 1


async def test_a_move_to_where_a_photo_is_changes_nothing(ward: DomainServices) -> None:
    """Two desktops move it at once: no list changes and no page is notified a second time."""
    consultation = await ward.open()
    photo = await ward.stored(consultation.consultation_id)
    before = await ward.events()

    await ward.uploads.move(ANNA, photo.photo_id, consultation.consultation_id, ward.signer)

    assert await ward.events() == before


async def test_no_other_user_can_move_describe_or_delete_a_photo(ward: DomainServices) -> None:
    """Another user's photo is not found."""
    consultation, bens = await ward.open(), await ward.open("Room 9", BEN)
    photo = await ward.stored(consultation.consultation_id)

    with pytest.raises(PhotoNotFound):
        await ward.uploads.move(BEN, photo.photo_id, bens.consultation_id, ward.signer)
    with pytest.raises(PhotoNotFound):
        await ward.uploads.describe(BEN, photo.photo_id, PhotoChange(caption="x"), ward.signer)
    with pytest.raises(PhotoNotFound):
        await ward.uploads.delete(BEN, photo.photo_id)
    with pytest.raises(ConsultationNotFound):
        await ward.uploads.move(ANNA, photo.photo_id, bens.consultation_id, ward.signer)


async def test_a_deletion_in_another_users_name_changes_nothing(ward: DomainServices) -> None:
    """A phone that still has the previous user's token gets this error, instead of "not found"."""
    consultation = await ward.open()
    photo = await ward.stored(consultation.consultation_id)

    with pytest.raises(OtherOwner):
        await ward.uploads.delete(BEN, photo.photo_id, ANNA)
    assert (await ward.uploads.state(ANNA, photo.photo_id)).state is PhotoState.STORED
    assert (await ward.uploads.delete(ANNA, photo.photo_id, ANNA)).state == "deleted"


def test_a_pending_photo_has_no_receipt() -> None:
    """The phone erases its bytes for one."""
    with pytest.raises(InvalidField):
        receipt(row(b"a photo"))


@pytest.mark.parametrize(
    "change",
    [
        {"captured_at": datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))},
        {"device_captured_at": datetime.max.replace(tzinfo=timezone(timedelta(hours=-12)))},
        {"photo_id": UUID("0198b1c2-0000-4000-8000-000000000001")},
    ],
    ids=["before UTC begins", "after UTC ends", "an id of version 4"],
)
async def test_a_declaration_that_cannot_be_is_refused(
    ward: DomainServices, change: dict[str, object]
) -> None:
    """A time that UTC cannot name, or an id that says no time."""
    with pytest.raises(ValueError, match="must be"):
        msgspec.structs.replace(ward.taken(uuid7(1)), **change)


async def test_a_description_changes_only_what_it_names(ward: DomainServices) -> None:
    """Fields that are absent stay as they were."""
    consultation = await ward.open()
    photo = await ward.stored(consultation.consultation_id)
    await ward.uploads.describe(
        ANNA, photo.photo_id, PhotoChange(body_site="forearm", side="left"), ward.signer
    )

    seen = await ward.uploads.describe(ANNA, photo.photo_id, PhotoChange(caption="day 3"), ward.signer)

    assert (seen.caption, seen.body_site, seen.side) == ("day 3", "forearm", "left")
