"""What one sign-in may pile up: far more than a phone ever has on its way, and no more."""

from datetime import timedelta

import pytest

from app.domain.errors import TooManyRequests
from app.domain.pending import (
    COUNTED_FOR,
    MOST_BYTES_A_DAY,
    MOST_PENDING,
    MOST_PENDING_BYTES,
    PendingLoad,
    PendingRoom,
)
from app.domain.photos import MAX_PHOTO_BYTES, CapturedPhoto
from tests.domain.conftest import ANNA, BEN, Ward, claim

MOST = 25


@pytest.fixture
def full(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> Ward:
    """A ward where a user may have 25 photos on their way."""
    monkeypatch.setattr(ward.uploads, "_room", PendingRoom(MOST))
    return ward


async def filled(ward: Ward, photos: int = MOST) -> list[CapturedPhoto]:
    """Photos that have begun and not arrived."""
    visit = await ward.open()
    taken = [ward.taken(visit.consultation_id) for _ in range(photos)]
    for start in range(0, photos, 5):
        await ward.presigned(*taken[start : start + 5])
    return taken


async def test_who_has_too_many_on_the_way_is_told_to_wait(full: Ward) -> None:
    """No row is made, the words are the clinician's, and the phone hears when to come back."""
    begun = await filled(full)
    one_more = full.taken(begun[0].consultation_id)

    with pytest.raises(TooManyRequests, match="kept on the phone and sent later") as refused:
        await full.uploads.presign(ANNA, [one_more], full.signer)

    assert refused.value.retry_after == 60
    async with full.database.transaction() as records:
        assert await records.photos([one_more.photo_id]) == {}


async def test_what_has_begun_goes_on_and_makes_room(full: Ward) -> None:
    """In one batch the photo that holds a row gets its URL, its neighbour waits; then there is room."""
    begun = await filled(full)
    one_more = full.taken(begun[0].consultation_id)

    [again, refused] = await full.uploads.presign(ANNA, [begun[0], one_more], full.signer)
    assert again.upload is not None
    assert isinstance(refused.error, TooManyRequests)

    full.put(begun[0])
    await full.uploads.complete(ANNA, begun[0].photo_id, claim(begun[0]))
    await full.presigned(one_more)


async def test_nobody_waits_for_another_persons_photos(full: Ward) -> None:
    """Each account has its own room."""
    await filled(full)
    visit = await full.open(user=BEN)

    await full.presigned(full.taken(visit.consultation_id, user=BEN), user=BEN)


async def test_what_never_arrived_stops_counting_after_a_day(full: Ward) -> None:
    """A lost phone does not keep the next one from sending for ever."""
    begun = await filled(full)
    full.clock.now += COUNTED_FOR + timedelta(seconds=1)

    await full.presigned(full.taken(begun[0].consultation_id))


async def test_a_server_that_started_anew_counts_what_it_finds(
    full: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bound holds across a restart."""
    begun = await filled(full)
    monkeypatch.setattr(full.uploads, "_room", PendingRoom(MOST))

    with pytest.raises(TooManyRequests):
        await full.uploads.presign(ANNA, [full.taken(begun[0].consultation_id)], full.signer)


async def test_five_hundred_waiting_photos_begin_at_once_with_room_to_spare(ward: Ward) -> None:
    """A phone that was offline for a day never meets the bound, even if none of them arrives."""
    assert MOST_PENDING >= 3 * 500
    visit = await ward.open()

    for _ in range(25):
        await ward.presigned(*(ward.taken(visit.consultation_id) for _ in range(20)))


async def test_the_database_is_asked_seldom(ward: Ward) -> None:
    """A presign costs no count while the tally is low; an unknown user costs one."""
    asked = []

    class Counting:
        async def count_pending(self, owner: str, since: object) -> PendingLoad:
            asked.append(owner)
            return PendingLoad(photos=0, size=0)

    room = PendingRoom(100)
    for _ in range(10):
        assert await room.refusal(Counting(), ANNA, [9] * 20, ward.clock()) is None

    assert asked == [ANNA, ANNA]
    assert await room.refusal(Counting(), BEN, [9] * 101, ward.clock())


async def test_the_tallies_of_users_are_bounded(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has not asked for longest is counted anew."""
    monkeypatch.setattr("app.domain.pending.MOST_USERS", 2)
    room = PendingRoom()
    async with ward.database.transaction() as records:
        for user in ("a", "b", "a", "c"):
            await room.refusal(records, user, [9], ward.clock())

    assert list(room._at_most) == ["a", "c"]


async def test_the_bytes_on_their_way_are_bounded(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stored and not yet confirmed counts, whatever the number of photos; what arrived makes room."""
    monkeypatch.setattr(ward.uploads, "_room", PendingRoom(most_bytes=3 * len(b"a photo")))
    begun = await filled(ward, 3)
    one_more = ward.taken(begun[0].consultation_id)

    with pytest.raises(TooManyRequests, match="kept on the phone and sent later"):
        await ward.uploads.presign(ANNA, [one_more], ward.signer)

    ward.put(begun[0])
    await ward.uploads.complete(ANNA, begun[0].photo_id, claim(begun[0]))
    await ward.presigned(one_more)


async def test_what_one_account_sends_in_a_day_is_bounded(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stored photos count as well; another account sends on, and so does this one as the day passes."""
    monkeypatch.setattr(ward.uploads, "_room", PendingRoom(bytes_a_day=2 * len(b"a photo")))
    visit, other = await ward.open(), await ward.open(user=BEN)
    for _ in range(2):
        await ward.stored(visit.consultation_id)
    one_more = ward.taken(visit.consultation_id)

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
