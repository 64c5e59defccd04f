"""Queries on devices and on the photos they announced; only the SHA-256 of a cookie's value is kept."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, delete, exists, select

from app.adapters.database.columns import Moment
from app.adapters.database.statements import Connection, Statement, given
from app.adapters.database.tables import announcements, devices, photos
from app.domain.photos import PhotoState
from app.domain.ports import Announcement

_A = announcements.c
_D = devices.c
_FIELDS = Announcement.__struct_fields__
_KEPT = tuple(name for name in _FIELDS if name != "heard_at")
_KEY = ("owner", "photo_id")

# A photo that is here, or that its owner deleted, is nobody's worry, whatever a phone last said.
ARRIVED = exists().where(
    photos.c.photo_id == _A.photo_id, photos.c.owner == _A.owner, photos.c.state != PhotoState.PENDING
)
SETTLED_ANNOUNCEMENTS = delete(announcements).where(
    ARRIVED | (_A.missing_since.is_not(None) & (_A.acknowledged_at <= bindparam("now", type_=Moment)))
)

_MEET = Statement(
    lambda flavour: (
        flavour.insert(devices)
        .values(given(devices, "device_id", "digest", "heard_at"))
        .on_conflict_do_update(index_elements=[_D.digest], set_=given(devices, "heard_at"))
        .returning(_D.device_id)
    )
)
_OPEN = Statement(
    select(*(_A[name] for name in _KEPT), _D.heard_at)
    .join(devices, _D.device_id == _A.device_id)
    .where(_A.owner == bindparam("owner"), ~ARRIVED)
    .order_by(_A.photo_id)
)
_PUT = Statement(
    lambda flavour: (
        flavour.insert(announcements)
        .values(given(announcements, *_KEPT))
        .on_conflict_do_update(
            index_elements=[_A[name] for name in _KEY],
            set_=given(announcements, *(name for name in _KEPT if name not in _KEY)),
        )
    )
)
_DROP = Statement(
    delete(announcements).where(_A.owner == bindparam("owner"), _A.photo_id == bindparam("photo_id"))
)


class DeviceRecords:
    """What phones say that they hold."""

    _connection: Connection

    async def meet_device(self, digest: str, new_id: UUID, now: datetime) -> UUID:
        """See ``Records.meet_device``."""
        rows = await self._connection.fetch(_MEET, new_device_id=new_id, new_digest=digest, new_heard_at=now)
        device_id: UUID = rows[0][0]
        return device_id

    async def announced(self, owner: str) -> list[Announcement]:
        """See ``Records.announced``; in the order of the shutters, as far as ids tell it."""
        rows = await self._connection.fetch(_OPEN, owner=owner)
        return [Announcement(**dict(zip((*_KEPT, "heard_at"), row, strict=True))) for row in rows]

    async def put_announcement(self, announcement: Announcement) -> None:
        """See ``Records.put_announcement``."""
        await self._connection.fetch(_PUT, **{f"new_{name}": getattr(announcement, name) for name in _KEPT})

    async def drop_announcements(self, owner: str, photo_ids: Sequence[UUID]) -> None:
        """See ``Records.drop_announcements``."""
        for photo_id in photo_ids:
            await self._connection.fetch(_DROP, owner=owner, photo_id=photo_id)
