"""How many uploads one user may have pending: far more than a phone ever sends at once, with a bound."""

from datetime import timedelta

import pytest

from app.domain.errors import TooManyRequests
from app.domain.photos.model import MAX_PHOTO_BYTES, CapturedPhoto
from app.domain.photos.quota import (
    COUNTED_FOR,
    MOST_BYTES_A_DAY,
    MOST_PENDING,
    MOST_PENDING_BYTES,
    PendingLoad,
    PendingUploadQuota,
)
from tests.domain.conftest import ANNA, BEN, DomainServices, claim

MOST = 25


@pytest.fixture
def full(ward: DomainServices, monkeypatch: pytest.MonkeyPatch) -> DomainServices:
    """Domain services where a user may have 25 pending uploads."""
    monkeypatch.setattr(ward.uploads, "_quota", PendingUploadQuota(MOST))
    return ward


async def filled(ward: DomainServices, photos: int = MOST) -> list[CapturedPhoto]:
    """Photos that have begun and not arrived."""
    consultation = await ward.open()
    taken = [ward.taken(consultation.consultation_id) for _ in range(photos)]
    for start in range(0, photos, 5):
        await ward.presigned(*taken[start : start + 5])
    return taken


async def test_a_user_with_too_many_pending_uploads_gets_a_time_to_retry(full: DomainServices) -> None:
    """No row is made, the message is for the clinician, and the phone gets a time to retry."""
    begun = await filled(full)
    one_more = full.taken(begun[0].consultation_id)

    with pytest.raises(TooManyRequests, match="kept on the phone and sent later") as refused:
        await full.uploads.presign(ANNA, [one_more], full.signer)

    assert refused.value.retry_after == 60
    async with full.database.transaction() as tx:
        assert await tx.photos.by_ids([one_more.photo_id]) == {}


async def test_a_pending_upload_goes_on_and_its_receipt_frees_quota(full: DomainServices) -> None:
    """In one batch the photo that has a row gets its URL, the next waits; then the quota has space."""
    begun = await filled(full)
    one_more = full.taken(begun[0].consultation_id)

    [again, refused] = await full.uploads.presign(ANNA, [begun[0], one_more], full.signer)
    assert again.upload is not None
    assert isinstance(refused.error, TooManyRequests)

    full.put(begun[0])
    await full.uploads.complete(ANNA, begun[0].photo_id, claim(begun[0]))
    await full.presigned(one_more)


async def test_no_user_waits_for_another_users_photos(full: DomainServices) -> None:
    """Each account has its own quota."""
    await filled(full)
    consultation = await full.open(user=BEN)

    await full.presigned(full.taken(consultation.consultation_id, user=BEN), user=BEN)


async def test_what_never_arrived_stops_counting_after_a_day(full: DomainServices) -> None:
    """A lost phone does not keep the next one from sending without end."""
    begun = await filled(full)
    full.clock.now += COUNTED_FOR + timedelta(seconds=1)

    await full.presigned(full.taken(begun[0].consultation_id))


async def test_a_restarted_server_counts_what_it_finds(
    full: DomainServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bound holds across a restart."""
    begun = await filled(full)
    monkeypatch.setattr(full.uploads, "_quota", PendingUploadQuota(MOST))

    with pytest.raises(TooManyRequests):
        await full.uploads.presign(ANNA, [full.taken(begun[0].consultation_id)], full.signer)


async def test_five_hundred_waiting_photos_begin_at_once_within_the_quota(ward: DomainServices) -> None:
    """A phone that was offline for a day never meets the bound, even if none of them arrives."""
    assert MOST_PENDING >= 3 * 500
    consultation = await ward.open()

    for _ in range(25):
        await ward.presigned(*(ward.taken(consultation.consultation_id) for _ in range(20)))


async def test_the_database_is_asked_seldom(ward: DomainServices) -> None:
    """A presign costs no count while the tally is low; an unknown user costs one."""
    asked = []

    class Counting:
        async def count_pending(self, owner: str, since: object) -> PendingLoad:
            asked.append(owner)
            return PendingLoad(photos=0, size=0)

    quota = PendingUploadQuota(100)
    for _ in range(10):
        assert await quota.refusal(Counting(), ANNA, [9] * 20, ward.clock()) is None

    assert asked == [ANNA, ANNA]
    assert await quota.refusal(Counting(), BEN, [9] * 101, ward.clock())


async def test_the_tallies_of_users_are_bounded(
    ward: DomainServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user whose last request is the oldest is counted again."""
    monkeypatch.setattr("app.domain.photos.quota.MOST_USERS", 2)
    quota = PendingUploadQuota()
    async with ward.database.transaction() as tx:
        for user in ("a", "b", "a", "c"):
            await quota.refusal(tx.photos, user, [9], ward.clock())

    assert list(quota._at_most) == ["a", "c"]


async def test_the_bytes_on_their_way_are_bounded(
    ward: DomainServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stored and not yet confirmed counts, whatever the number of photos; what arrived counts no more."""
    monkeypatch.setattr(ward.uploads, "_quota", PendingUploadQuota(most_bytes=3 * len(b"a photo")))
    begun = await filled(ward, 3)
    one_more = ward.taken(begun[0].consultation_id)

    with pytest.raises(TooManyRequests, match="kept on the phone and sent later"):
        await ward.uploads.presign(ANNA, [one_more], ward.signer)

    ward.put(begun[0])
    await ward.uploads.complete(ANNA, begun[0].photo_id, claim(begun[0]))
    await ward.presigned(one_more)


async def test_what_one_account_sends_in_a_day_is_bounded(
    ward: DomainServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stored photos count as well; another account sends on, and so does this one as the day passes."""
    monkeypatch.setattr(ward.uploads, "_quota", PendingUploadQuota(bytes_a_day=2 * len(b"a photo")))
    consultation, other = await ward.open(), await ward.open(user=BEN)
    for _ in range(2):
        await ward.stored(consultation.consultation_id)
    one_more = ward.taken(consultation.consultation_id)

    with pytest.raises(TooManyRequests, match="as much as one account may in a day") as refused:
        await ward.uploads.presign(ANNA, [one_more], ward.signer)

    assert refused.value.retry_after >= 60
    await ward.stored(other.consultation_id, user=BEN)
    ward.clock.advance(12 * 3600 + 1)
    await ward.presigned(one_more)


def test_no_phone_comes_near_the_bounds_in_bytes() -> None:
    """A phone with 500 of the largest photos, and twenty phones with all their addresses in use."""
    assert 3 * 500 * MAX_PHOTO_BYTES < MOST_BYTES_A_DAY
    assert 20 * 20 * MAX_PHOTO_BYTES <= MOST_PENDING_BYTES
