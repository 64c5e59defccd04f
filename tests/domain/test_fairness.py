"""Checks are shared fairly: no user waits behind another's hundreds, and no refusal is computed twice."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from app.adapters.database.engine import SqlDatabase
from app.adapters.imaging.inspector import PillowInspector
from app.domain.errors import InvalidImage, NotUploaded, TooManyRequests, Unavailable
from app.domain.maintenance.sweeper import LAST_ERASURE, Sweeper
from app.domain.photos.fair_queue import AT_ONCE_FOR_ONE, FairQueue
from app.domain.photos.model import CapturedPhoto, PhotoState, Receipt
from app.domain.photos.uploads import REFUSAL_KEPT, Uploads
from app.domain.ports.storage import StoredObject
from tests.domain.conftest import ANNA, BEN, DomainServices, claim
from tests.support.fakes import MemoryStore
from tests.support.hostile_images import many_scans
from tests.support.pictures import jpeg


class CountingStore(MemoryStore):
    """Counts reads of objects by owner, and how many run at once; a read takes turns of the loop."""

    def __init__(self) -> None:
        super().__init__()
        self.owners: dict[str, str] = {}
        self.reads: list[str] = []
        self.reading: Counter[str] = Counter()
        self.most: Counter[str] = Counter()

    async def read(self, key: str, limit: int) -> StoredObject | None:
        owner = self.owners[key]
        self.reads.append(owner)
        self.reading[owner] += 1
        self.most[owner] = max(self.most[owner], self.reading[owner])
        try:
            for _ in range(5):
                await asyncio.sleep(0)
            return await super().read(key, limit)
        finally:
            self.reading[owner] -= 1


class Clinic(DomainServices):
    """Domain services that decode the photos."""

    def __init__(self, database: SqlDatabase) -> None:
        super().__init__(database)
        self.store: CountingStore = CountingStore()
        self.pillow = PillowInspector(workers=1)
        self.uploads = Uploads(database, self.store, self.pillow, self.clock, self.ids, self._wake_relay)

    async def sent(self, user: str, body: bytes, width: int, height: int) -> CapturedPhoto:
        """A photo that lies in the store and waits for its complete."""
        consultation = await self.open(f"Room {self.ids()}", user)
        photo = self.taken(consultation.consultation_id, body, user)
        photo = msgspec.structs.replace(photo, width=width, height=height)
        await self.presigned(photo, user=user)
        self.put(photo, body)
        self.store.owners[self.key(photo)] = user
        return photo

    def key(self, photo: CapturedPhoto) -> str:
        """The photo's key in the store."""
        return f"consultations/{photo.consultation_id}/{photo.photo_id}.jpg"

    async def complete(self, photo: CapturedPhoto) -> Receipt | BaseException:
        """The receipt, or the error instead."""
        asked = self.uploads.complete(photo.owner, photo.photo_id, claim(photo))
        return (await asyncio.gather(asked, return_exceptions=True))[0]


@pytest.fixture
async def clinic(tmp_path: Path) -> AsyncIterator[Clinic]:
    database = await SqlDatabase.open(tmp_path / "capture.sqlite3")
    await database.migrate()
    opened = Clinic(database)
    yield opened
    await opened.pillow.close()
    await database.close()


async def test_a_flood_of_crafted_pictures_delays_no_other_user(clinic: Clinic) -> None:
    """Twenty pictures of 235 scans, 220 completes at once; the photo that comes last is checked next."""
    crafted = [await clinic.sent(ANNA, many_scans(), 2048, 2048) for _ in range(20)]
    photo = await clinic.sent(BEN, jpeg(64, 48), 64, 48)

    flood = [asyncio.create_task(clinic.complete(crafted[turn % 20])) for turn in range(220)]
    while not clinic.store.reads:  # noqa: ASYNC110 - turns of the loop, no time
        await asyncio.sleep(0)
    receipt = await clinic.complete(photo)

    assert isinstance(receipt, Receipt)
    assert receipt.state == "stored"
    assert clinic.store.reads.index(BEN) <= 2 * AT_ONCE_FOR_ONE
    answers = await asyncio.gather(*flood)
    assert clinic.store.most == {ANNA: AT_ONCE_FOR_ONE, BEN: 1}
    assert {type(answer) for answer in answers} <= {InvalidImage, TooManyRequests}
    assert sum(isinstance(answer, InvalidImage) for answer in answers) >= 20


async def test_a_refusal_is_remembered_and_its_bytes_are_erased(clinic: Clinic) -> None:
    """A second complete neither reads nor decodes, presign gives no new address, the store is empty."""
    crafted = await clinic.sent(ANNA, many_scans(), 2048, 2048)

    answers = [await clinic.complete(crafted) for _ in range(3)]
    [granted] = await clinic.uploads.presign(ANNA, [crafted], clinic.signer)

    assert [type(answer) for answer in answers] == [InvalidImage] * 3
    assert isinstance(granted.error, InvalidImage)
    assert clinic.store.reads == [ANNA]
    assert clinic.store.objects == {}
    assert (await clinic.uploads.state(ANNA, crafted.photo_id)).state is PhotoState.PENDING


async def test_a_photo_that_is_stored_meanwhile_is_not_checked_again(clinic: Clinic) -> None:
    """Two checks at once end in one receipt; those that waited for a turn get it without reading."""
    photo = await clinic.sent(ANNA, jpeg(64, 48), 64, 48)

    receipt, *others = await asyncio.gather(*(clinic.complete(photo) for _ in range(6)))

    assert isinstance(receipt, Receipt)
    assert receipt.state == "stored"
    assert others == [receipt] * 5
    assert clinic.store.reads == [ANNA] * AT_ONCE_FOR_ONE


async def test_a_photo_that_was_refused_may_come_again_later(clinic: Clinic) -> None:
    """A server that was mended takes what it refused before, for the phone still has it."""
    photo = await clinic.sent(ANNA, jpeg(64, 48), 65, 48)
    assert isinstance(await clinic.complete(photo), InvalidImage)
    clinic.clock.now += REFUSAL_KEPT + timedelta(seconds=1)

    assert isinstance(await clinic.complete(photo), NotUploaded)
    await clinic.presigned(photo)
    clinic.put(photo, jpeg(64, 48))

    assert isinstance(await clinic.complete(photo), InvalidImage)
    assert clinic.store.reads == [ANNA] * 3


async def test_bytes_that_an_old_address_brings_back_go_again(clinic: Clinic) -> None:
    """A PUT that was signed before the refusal finds its key free; the sweeper finds the bytes."""
    crafted = await clinic.sent(ANNA, many_scans(), 2048, 2048)
    await clinic.complete(crafted)
    clinic.put(crafted, many_scans())
    clinic.clock.advance(310)

    await Sweeper(clinic.database, clinic.store, clinic.uploads, clinic.clock).sweep()

    assert clinic.store.objects == {}
    assert clinic.store.reads == [ANNA]


async def test_the_sweeper_erases_what_it_refuses(clinic: Clinic) -> None:
    """A phone that never asks for the receipt leaves no bytes behind either; the row stays for it."""
    crafted = await clinic.sent(ANNA, many_scans(), 2048, 2048)
    clinic.clock.advance(31)

    report = await Sweeper(clinic.database, clinic.store, clinic.uploads, clinic.clock).sweep()

    assert (report.refused, report.stored) == (1, 0)
    assert clinic.store.objects == {}
    assert isinstance(await clinic.complete(crafted), InvalidImage)


async def test_a_refusal_never_takes_the_bytes_of_a_stored_photo(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two checks of one photo that end differently: what is stored stays, bytes and all."""
    photo = await clinic.sent(ANNA, jpeg(64, 48), 64, 48)
    asked, first, stored = clinic.pillow.inspect, asyncio.Event(), asyncio.Event()
    monkeypatch.setattr(clinic.uploads, "_notify_outbox", stored.set)

    async def differing(body: bytes) -> object:
        if not first.is_set():
            first.set()
            await stored.wait()
            raise InvalidImage
        return await asked(body)

    monkeypatch.setattr(clinic.pillow, "inspect", differing)

    answers = await asyncio.gather(clinic.complete(photo), clinic.complete(photo))

    assert {type(answer).__name__ for answer in answers} == {"InvalidImage", "Receipt"}
    assert list(clinic.store.objects) == [clinic.key(photo)]
    again = await clinic.complete(photo)
    assert isinstance(again, Receipt)
    assert again.state == "stored"


async def test_a_put_replayed_onto_a_deleted_photo_is_gone_within_minutes(clinic: Clinic) -> None:
    """Soon after no address is alive any more, and again until no slow PUT can be under way."""
    sweeper = Sweeper(clinic.database, clinic.store, clinic.uploads, clinic.clock)
    photo = await clinic.sent(ANNA, jpeg(64, 48), 64, 48)
    await clinic.complete(photo)
    await clinic.uploads.delete(ANNA, photo.photo_id)
    for minutes in (5.2, 5.2, 10.4, 20.8, 4):
        clinic.put(photo, jpeg(64, 48))
        clinic.clock.advance(minutes * 60)
        await sweeper.sweep()
        assert clinic.store.objects == {}

    async with clinic.database.transaction() as tx:
        assert await tx.maintenance.list_due_erasures(clinic.clock() + LAST_ERASURE, 10) == []


async def order_of(queue: FairQueue, users: str) -> list[str]:
    """The order in which users get a slot, when all ask at once in this order."""
    served: list[str] = []

    async def hold(user: str) -> None:
        async with queue.slot(user):
            served.append(user)
            await asyncio.sleep(0)

    await asyncio.gather(*(hold(user) for user in users))
    return served


async def test_users_take_turns() -> None:
    """The first gets the free slot; then it goes round, however many one of them asked for."""
    served = await order_of(FairQueue(at_once=1, for_one=1), "aaaaaaaabbc")

    assert "".join(served) == "aabcabaaaaa"


async def test_one_user_never_holds_more_than_his_slots() -> None:
    """Slots stay free for others while he waits."""
    queue = FairQueue(at_once=3, for_one=2)
    async with queue.slot("a"), queue.slot("a"):
        waiting = asyncio.create_task(order_of(queue, "a"))
        await asyncio.sleep(0)
        assert await order_of(queue, "b") == ["b"]
        assert not waiting.done()
    assert await waiting == ["a"]


async def test_a_wait_that_is_given_up_gives_its_slot_on() -> None:
    """Cancelled while it waits and cancelled with the slot in hand: the user's next one gets it."""
    queue = FairQueue(at_once=1, for_one=1)
    async with queue.slot("a"):
        waiting, following, given = [asyncio.create_task(order_of(queue, user)) for user in "bbc"]
        while sum(map(len, queue._waiting.values())) < 3:  # noqa: ASYNC110 - turns of the loop, no time
            await asyncio.sleep(0)
        waiting.cancel()
    given.cancel()

    answers = await asyncio.gather(waiting, following, given, return_exceptions=True)

    assert [type(answer).__name__ for answer in answers] == ["CancelledError", "list", "CancelledError"]
    assert await order_of(queue, "d") == ["d"]
    assert not queue._in_use
    assert not queue._waiting


async def test_a_wait_has_an_end_and_a_bound() -> None:
    """Too long a wait says so; more than a hundred of one user get an error with a time to retry."""
    queue = FairQueue(at_once=1, for_one=1, most_waiting=1, wait_seconds=0.01)
    async with queue.slot("a"):
        first, second = await asyncio.gather(
            order_of(queue, "a"), order_of(queue, "a"), return_exceptions=True
        )

    assert isinstance(first, Unavailable)
    assert isinstance(second, TooManyRequests)
    assert await order_of(queue, "a") == ["a"]
