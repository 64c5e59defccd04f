"""Device inventories: how the server can name photos that a phone reported and that never arrive.

With a contact a browser lists the photos that it holds for its user. What was listed before and is
absent now, neither stored nor deleted here, is missing: its storage was cleared. Ids and times only.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from app.domain.errors import OtherOwner
from app.domain.notifications import captures_changed
from app.domain.photos.model import CapturedAt, Schema, UserId
from app.domain.photos.shutter_times import bound_capture_time, is_doubtful
from app.domain.ports.clock import Clock, NewId
from app.domain.ports.database import Database, Transaction
from app.domain.ports.repositories import InventoryEntry, PhotoAuditEntry
from app.domain.ports.signals import NotifyOutbox

MAX_INVENTORY_PHOTOS = 300
MAX_INVENTORY_DELETIONS = 200
# Of one user; no phone holds as many, and a faulty page cannot fill the disk.
MAX_OPEN_ENTRIES = 5_000
QUIET_FOR = timedelta(hours=24)


class InventoryPhoto(CapturedAt, frozen=True):
    """A photo that the browser holds; ``queued`` stands for everything on its way."""

    photo_id: UUID
    consultation_id: UUID
    state: Literal["captured", "queued", "parked"]


class DeviceInventory(Schema, frozen=True):
    """Every photo that this browser holds for this user with an id above ``after`` and up to ``through``.

    Null leaves that end open, so that one list without both says everything. A phone that holds more
    than fit into one list sends several, each of which is true by itself. ``deleted`` are ids that the
    clinician deleted on the phone since the last answer. ``owner`` is a claim, compared and never stored:
    a list that comes with another user's sign-in is refused.
    """

    owner: UserId
    held: Annotated[list[InventoryPhoto], msgspec.Meta(max_length=MAX_INVENTORY_PHOTOS)]
    deleted: Annotated[list[UUID], msgspec.Meta(max_length=MAX_INVENTORY_DELETIONS)]
    after: UUID | None = None
    through: UUID | None = None


class InventoryResponse(Schema, frozen=True):
    """The server's answer to a list; ``missing`` counts what this device reported and lost."""

    missing: int


class UnsentPhoto(Schema, frozen=True):
    """A reported photo that should be here: ``missing``, or ``waiting`` for a day or longer."""

    photo_id: UUID
    state: Literal["missing", "waiting"]
    captured_at: datetime
    waiting_hours: int
    heard_at: datetime


class UnsentList(Schema, frozen=True):
    """The user's reported photos that need attention, oldest first; empty on a good day."""

    photos: list[UnsentPhoto]
    server_time: datetime


class Dismissal(Schema, frozen=True):
    """Which alarms a clinician has read and puts away."""

    photo_ids: Annotated[list[UUID], msgspec.Meta(min_length=1, max_length=MAX_INVENTORY_PHOTOS)]


class InventoryService:
    """The device inventories of one signed-in user at a time."""

    def __init__(self, database: Database, clock: Clock, new_id: NewId, notify_outbox: NotifyOutbox) -> None:
        self._database = database
        self._clock = clock
        self._new_id = new_id
        self._notify_outbox = notify_outbox

    async def update_inventory(self, user: str, digest: str, inventory: DeviceInventory) -> InventoryResponse:
        """Compare a browser's list with the entries of earlier lists; idempotent.

        ``digest`` is the SHA-256 of the device's cookie, which outlives the storage of the photos.
        Raises ``OtherOwner`` for another user's list.
        """
        if inventory.owner != user:
            raise OtherOwner
        now = self._clock()
        async with self._database.transaction() as tx:
            device = await tx.inventory.get_or_create_device(digest, self._new_id(), now)
            before = {one.photo_id: one for one in await tx.inventory.list_entries(user)}
            doubtful = [one.consultation_id for one in inventory.held if is_doubtful(one.captured_at, now)]
            openings = await tx.consultations.openings(user, doubtful)
            changed = _changes(user, device, inventory, before, now, openings)
            for entry in changed:
                await tx.inventory.put_entry(entry)
            gone = [before[photo_id] for photo_id in inventory.deleted if photo_id in before]
            await tx.inventory.delete_entries(user, [one.photo_id for one in gone])
            after = before | {one.photo_id: one for one in changed}
            for one in gone:
                after.pop(one.photo_id)
            await self._notify(tx, user, before.values(), after.values())
        self._notify_outbox()
        return InventoryResponse(
            missing=sum(_alarms(one) and one.device_id == device for one in after.values())
        )

    async def unsent(self, user: str) -> UnsentList:
        """What a desktop should show: photos that never arrived, and those that wait for over a day."""
        now = self._clock()
        async with self._database.transaction() as tx:
            entries = await tx.inventory.list_entries(user)
        views = [_view(one, now) for one in entries if one.acknowledged_at is None]
        due = [view for view in views if view.state == "missing" or view.waiting_hours >= _HOURS]
        due.sort(key=lambda view: (-view.waiting_hours, view.photo_id))
        return UnsentList(photos=due[:MAX_INVENTORY_PHOTOS], server_time=now)

    async def dismiss(self, user: str, photo_ids: Sequence[UUID]) -> None:
        """Put alarms away, each with an audit line; what is unknown or here already is passed over."""
        now = self._clock()
        async with self._database.transaction() as tx:
            before = {one.photo_id: one for one in await tx.inventory.list_entries(user)}
            known = [before[one] for one in dict.fromkeys(photo_ids) if one in before]
            for one in known:
                if one.acknowledged_at is None:
                    await tx.inventory.put_entry(msgspec.structs.replace(one, acknowledged_at=now))
                    await tx.photos.add_audit(_dismissed(user, one, now))
            if known:
                await tx.outbox.add(self._new_id(), user, captures_changed(), now)
        self._notify_outbox()

    async def _notify(
        self, tx: Transaction, user: str, before: Iterable[InventoryEntry], after: Iterable[InventoryEntry]
    ) -> None:
        """Open desktops look again when an alarm came or went, and only then."""
        if {one.photo_id for one in before if _alarms(one)} != {
            one.photo_id for one in after if _alarms(one)
        }:
            await tx.outbox.add(self._new_id(), user, captures_changed(), self._clock())


_HOURS = int(QUIET_FOR.total_seconds() // 3600)


def _changes(
    user: str,
    device: UUID,
    inventory: DeviceInventory,
    before: dict[UUID, InventoryEntry],
    now: datetime,
    openings: dict[UUID, datetime],
) -> list[InventoryEntry]:
    """Entries that differ from those in the database."""
    deleted = set(inventory.deleted)
    present = {photo.photo_id: photo for photo in inventory.held if photo.photo_id not in deleted}
    space = max(0, MAX_OPEN_ENTRIES - len(before))
    fresh = [photo for photo_id, photo in present.items() if photo_id not in before][:space]
    known = [photo for photo_id, photo in present.items() if photo_id in before]
    listed = [
        _listed(user, device, photo, before.get(photo.photo_id), now, openings.get(photo.consultation_id))
        for photo in fresh + known
    ]
    lost = [
        msgspec.structs.replace(one, missing_since=now, acknowledged_at=None)
        for one in before.values()
        if one.device_id == device and one.missing_since is None and _within(one.photo_id, inventory)
        if one.photo_id not in present and one.photo_id not in deleted
    ]
    return [one for one in listed if one != before.get(one.photo_id)] + lost


def _listed(
    user: str,
    device: UUID,
    photo: InventoryPhoto,
    before: InventoryEntry | None,
    now: datetime,
    opened_at: datetime | None,
) -> InventoryEntry:
    """The entry of a listed photo; one that was missing is no longer, nor is its alarm."""
    back = before is None or before.missing_since is not None
    return InventoryEntry(
        photo_id=photo.photo_id,
        owner=user,
        device_id=device,
        consultation_id=photo.consultation_id,
        captured_at=_captured_at(photo.captured_at, before, now, opened_at),
        state=photo.state,
        announced_at=before.announced_at if before else now,
        acknowledged_at=None if back or before is None else before.acknowledged_at,
        heard_at=now if before is None else before.heard_at,
    )


def _captured_at(
    claim: datetime, before: InventoryEntry | None, now: datetime, opened_at: datetime | None
) -> datetime:
    """A claim that was bounded by the moment of an earlier list stays where it was put then."""
    possible = bound_capture_time(claim, now, opened_at)
    if before is not None and possible != claim and possible != opened_at:
        return before.captured_at
    return _whole(possible)


def _whole(moment: datetime) -> datetime:
    # The database keeps milliseconds: what is finer would look like a change every time.
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _within(photo_id: UUID, inventory: DeviceInventory) -> bool:
    return (inventory.after is None or photo_id > inventory.after) and (
        inventory.through is None or photo_id <= inventory.through
    )


def _alarms(one: InventoryEntry) -> bool:
    return one.missing_since is not None and one.acknowledged_at is None


def _view(one: InventoryEntry, now: datetime) -> UnsentPhoto:
    # A phone's clock may be wrong; the server's time of the first report bounds the wait from below.
    waited = now - min(one.captured_at, one.announced_at)
    return UnsentPhoto(
        photo_id=one.photo_id,
        state="waiting" if one.missing_since is None else "missing",
        captured_at=one.captured_at,
        waiting_hours=int(waited.total_seconds() // 3600),
        heard_at=one.heard_at,
    )


def _dismissed(user: str, one: InventoryEntry, now: datetime) -> PhotoAuditEntry:
    return PhotoAuditEntry(
        at=now,
        actor=user,
        action="dismiss-announced",
        photo_id=one.photo_id,
        before="waiting" if one.missing_since is None else "missing",
        after="dismissed",
    )
