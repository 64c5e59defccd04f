"""Queries on devices and on their inventory entries; only the SHA-256 of a cookie's value is kept."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, delete, exists, select

from app.adapters.database.columns import UtcMillis
from app.adapters.database.statements import Repository, Statement, bind_columns
from app.adapters.database.tables import announcements, devices, photos
from app.domain.photos.model import PhotoState
from app.domain.ports.repositories import InventoryEntry

_A = announcements.c
_D = devices.c
_FIELDS = InventoryEntry.__struct_fields__
_KEPT = tuple(name for name in _FIELDS if name != "heard_at")
_KEY = ("owner", "photo_id")

# A photo that is here, or that its owner deleted, needs no alarm, whatever a phone last reported.
ARRIVED = exists().where(
    photos.c.photo_id == _A.photo_id, photos.c.owner == _A.owner, photos.c.state != PhotoState.PENDING
)
SETTLED_ENTRIES = delete(announcements).where(
    ARRIVED | (_A.missing_since.is_not(None) & (_A.acknowledged_at <= bindparam("now", type_=UtcMillis)))
)

_GET_OR_CREATE = Statement(
    lambda spec: (
        spec.insert(devices)
        .values(bind_columns(devices, "device_id", "digest", "heard_at"))
        .on_conflict_do_update(index_elements=[_D.digest], set_=bind_columns(devices, "heard_at"))
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
    lambda spec: (
        spec.insert(announcements)
        .values(bind_columns(announcements, *_KEPT))
        .on_conflict_do_update(
            index_elements=[_A[name] for name in _KEY],
            set_=bind_columns(announcements, *(name for name in _KEPT if name not in _KEY)),
        )
    )
)
_DELETE = Statement(
    delete(announcements).where(_A.owner == bindparam("owner"), _A.photo_id == bindparam("photo_id"))
)


class SqlInventoryRepository(Repository):
    """Devices and their inventories."""

    async def get_or_create_device(self, digest: str, new_id: UUID, now: datetime) -> UUID:
        rows = await self._connection.fetch(
            _GET_OR_CREATE, new_device_id=new_id, new_digest=digest, new_heard_at=now
        )
        device_id: UUID = rows[0][0]
        return device_id

    async def list_entries(self, owner: str) -> list[InventoryEntry]:
        """In the order of the shutters, as far as ids show it."""
        rows = await self._connection.fetch(_OPEN, owner=owner)
        return [InventoryEntry(**dict(zip((*_KEPT, "heard_at"), row, strict=True))) for row in rows]

    async def put_entry(self, entry: InventoryEntry) -> None:
        await self._connection.fetch(_PUT, **{f"new_{name}": getattr(entry, name) for name in _KEPT})

    async def delete_entries(self, owner: str, photo_ids: Sequence[UUID]) -> None:
        for photo_id in photo_ids:
            await self._connection.fetch(_DELETE, owner=owner, photo_id=photo_id)
