"""Outbox, audit, sweeper's queries, upload cookies and the operator's gauges."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from app.adapters.database.engine import SqlDatabase
from app.adapters.database.repositories.photos import ERASE_AGAIN_AFTER
from app.adapters.database.statements import Statement
from app.adapters.database.tables import audit, outbox
from app.domain.maintenance.sweeper import LAST_ERASURE
from app.domain.photos.bucket import UPLOAD_SECONDS
from app.domain.photos.model import MAX_PHOTO_BYTES, PhotoState
from app.domain.ports.repositories import PhotoAuditEntry
from app.embedded.store import request_body as store_body
from tests.contract.repositories.factories import (
    ANNE,
    BEN,
    MINUTE,
    NOW,
    SECOND,
    add_consultation,
    add_photo,
    delete,
    ensure_user,
    fetch,
    find,
    store,
)


async def add_events(database: SqlDatabase, count: int) -> None:
    """Events with the numbers from 0 as revisions."""
    for rev in range(count):
        async with database.transaction() as tx:
            await tx.outbox.add(uuid4(), ANNE, {"t": "photos.changed", "rev": rev}, NOW + rev * SECOND)


async def test_events_come_out_in_the_order_in_which_they_went_in(database: SqlDatabase) -> None:
    """Up to the limit, with owner and payload, and growing numbers."""
    await add_events(database, 5)

    async with database.transaction() as tx:
        events = await tx.outbox.list_unpublished(3)

    assert [event.payload for event in events] == [{"t": "photos.changed", "rev": rev} for rev in range(3)]
    assert {event.owner for event in events} == {ANNE}
    assert [event.seq for event in events] == sorted({event.seq for event in events})


async def test_published_events_do_not_come_again(database: SqlDatabase) -> None:
    """Marking none is allowed."""
    await add_events(database, 3)
    async with database.transaction() as tx:
        events = await tx.outbox.list_unpublished(10)
        await tx.outbox.mark_published([], NOW)
        await tx.outbox.mark_published([event.seq for event in events[:2]], NOW)

    async with database.transaction() as tx:
        assert await tx.outbox.list_unpublished(10) == events[2:]


async def test_events_published_long_ago_are_deleted_but_never_those_that_wait(
    database: SqlDatabase,
) -> None:
    """The outbox does not grow without end; the numbers are not used again."""
    await add_events(database, 3)
    async with database.transaction() as tx:
        events = await tx.outbox.list_unpublished(10)
        await tx.outbox.mark_published([events[0].seq], NOW)
        await tx.outbox.mark_published([events[1].seq], NOW + timedelta(days=8))
        await tx.maintenance.purge_expired(NOW + timedelta(days=7))

    kept = await fetch(database, Statement(select(outbox.c.seq).order_by(outbox.c.seq)))
    assert [seq for (seq,) in kept] == [event.seq for event in events[1:]]
    async with database.transaction() as tx:
        assert await tx.outbox.list_unpublished(10) == events[2:]
        await tx.outbox.add(uuid4(), ANNE, {}, NOW)
        assert (await tx.outbox.list_unpublished(10))[-1].seq > events[2].seq


async def test_an_event_belongs_to_its_transaction(database: SqlDatabase) -> None:
    """What is rolled back is never published."""

    async def fail() -> None:
        async with database.transaction() as tx:
            await tx.outbox.add(uuid4(), ANNE, {}, NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()

    async with database.transaction() as tx:
        assert await tx.outbox.list_unpublished(10) == []


async def test_audit_lines_are_kept(database: SqlDatabase) -> None:
    """Two equal lines are two lines, in order."""
    entry = PhotoAuditEntry(at=NOW, actor=ANNE, action="move", photo_id=uuid4(), before="a", after="b")
    columns = [audit.c[name] for name in PhotoAuditEntry.__struct_fields__]

    async with database.transaction() as tx:
        await tx.photos.add_audit(entry)
        await tx.photos.add_audit(entry)
    rows = await fetch(database, Statement(select(*columns).order_by(audit.c.seq)))

    assert [
        PhotoAuditEntry(**dict(zip(PhotoAuditEntry.__struct_fields__, row, strict=True))) for row in rows
    ] == [
        entry,
        entry,
    ]


async def test_a_pending_photo_is_due_half_a_minute_after_its_url(database: SqlDatabase) -> None:
    """Not before, not once it is put off, and never when stored or deleted."""
    consultation = await add_consultation(database, ANNE)
    waiting, stored, deleted = [await add_photo(database, consultation) for _ in range(3)]
    await store(database, stored)
    await delete(database, deleted)

    async with database.transaction() as tx:
        assert await tx.maintenance.list_due_pending(NOW + 29 * SECOND, 10) == []
        assert await tx.maintenance.list_due_pending(NOW + 30 * SECOND, 10) == [waiting]
        for row in (waiting, stored, deleted):
            await tx.maintenance.postpone_pending(row.photo_id, NOW + MINUTE)
        assert await tx.maintenance.list_due_pending(NOW + 59 * SECOND, 10) == []
        assert await tx.maintenance.list_due_pending(NOW + MINUTE, 10) == [waiting]


async def test_the_longest_due_come_first_and_no_more_than_asked(database: SqlDatabase) -> None:
    """So that no photo waits without end behind others."""
    consultation = await add_consultation(database, ANNE)
    rows = [await add_photo(database, consultation, created_at=NOW - place * SECOND) for place in range(3)]

    async with database.transaction() as tx:
        assert await tx.maintenance.list_due_pending(NOW + MINUTE, 2) == [rows[2], rows[1]]


async def test_a_tombstones_object_is_erased_again_when_its_url_is_dead(database: SqlDatabase) -> None:
    """As soon as no address is alive any more, then as often as asked, until the erasure is done."""
    row = await add_photo(database, await add_consultation(database, ANNE))
    await delete(database, row)

    async with database.transaction() as tx:
        assert await tx.maintenance.list_due_erasures(NOW + ERASE_AGAIN_AFTER - SECOND, 10) == []
        due = await tx.maintenance.list_due_erasures(NOW + ERASE_AGAIN_AFTER, 10)
        assert [(tombstone.key, tombstone.deleted_at) for tombstone in due] == [(row.key, NOW)]
        assert await tx.maintenance.postpone_erasure(row.photo_id, NOW + 45 * MINUTE, due=NOW + 45 * MINUTE)
        assert await tx.maintenance.list_due_erasures(NOW + 45 * MINUTE - SECOND, 10) == []
        assert len(await tx.maintenance.list_due_erasures(NOW + 45 * MINUTE, 10)) == 1
        await tx.maintenance.finish_erasure(row.photo_id)
        assert await tx.maintenance.list_due_erasures(NOW + 90 * MINUTE, 10) == []
    found = await find(database, row.photo_id)
    assert found is not None
    assert found.state is PhotoState.DELETED


def test_no_put_outlives_the_last_erasure() -> None:
    """Begun with the last second of its address, for the largest photo, as slowly as the store allows."""
    slowest = store_body.BODY_SECONDS + MAX_PHOTO_BYTES / store_body.SLOWEST_BYTES_PER_SECOND

    assert LAST_ERASURE.total_seconds() > UPLOAD_SECONDS + slowest
    assert UPLOAD_SECONDS < ERASE_AGAIN_AFTER.total_seconds() < UPLOAD_SECONDS + 60


async def test_the_gauges_count_what_waits_and_for_how_long(database: SqlDatabase) -> None:
    """All zero at first."""
    names = ("pending", "oldest_pending_s", "outbox", "oldest_outbox_s", "erasures")
    others = (
        "pending_over_5m", "pending_over_1h", "pending_over_1d", "announced", "oldest_announced_s", "missing"
    )  # fmt: skip
    async with database.transaction() as tx:
        assert await tx.metrics.counts(NOW) == dict.fromkeys((*names, *others), 0.0)
    consultation = await add_consultation(database, ANNE)
    rows = [await add_photo(database, consultation) for _ in range(4)]
    await store(database, rows[0])
    await delete(database, rows[1])
    await add_events(database, 3)

    async with database.transaction() as tx:
        counts = await tx.metrics.counts(NOW + 90 * SECOND)

    assert {name: counts[name] for name in names} == dict(
        zip(names, (2.0, 90.0, 3.0, 90.0, 1.0), strict=True)
    )


async def test_an_upload_cookie_is_known_until_it_expires(database: SqlDatabase) -> None:
    """By its digest only."""
    async with database.transaction() as tx:
        await tx.upload_sessions.add("d" * 64, ANNE, "sess_1", NOW + MINUTE)

        assert await tx.upload_sessions.find("d" * 64, NOW) == (ANNE, "sess_1")
        assert await tx.upload_sessions.find("d" * 64, NOW + MINUTE) is None
        assert await tx.upload_sessions.find("e" * 64, NOW) is None


async def test_dropping_upload_cookies_leaves_other_sign_ins_and_other_users(database: SqlDatabase) -> None:
    """One sign-in's, then all of a user's."""
    cookies = {"a" * 64: (ANNE, "one"), "b" * 64: (ANNE, "two"), "c" * 64: (BEN, "one")}
    async with database.transaction() as tx:
        for digest, (user, session) in cookies.items():
            await tx.upload_sessions.add(digest, user, session, NOW + MINUTE)

    async def known() -> set[str]:
        async with database.transaction() as tx:
            return {digest for digest in cookies if await tx.upload_sessions.find(digest, NOW)}

    async with database.transaction() as tx:
        await tx.upload_sessions.delete(ANNE, "one")
    assert await known() == {"b" * 64, "c" * 64}
    async with database.transaction() as tx:
        await tx.upload_sessions.delete(ANNE)
    assert await known() == {"c" * 64}


async def test_a_known_user_stays_as_first_seen(database: SqlDatabase) -> None:
    """Meeting a user again writes nothing."""
    await ensure_user(database, ANNE)
    async with database.transaction() as tx:
        first = await tx.consultations.unfiled(ANNE)
        await tx.consultations.ensure_user(ANNE, uuid4(), NOW + MINUTE)
        assert await tx.consultations.unfiled(ANNE) == first
