"""What a reconciliation repairs by itself: finish an upload, file an orphan, erase what has a tombstone."""

import re
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

import msgspec

from app.domain.errors import NotUploaded
from app.domain.photos.model import (
    CONTENT_TYPES,
    MAX_PHOTO_BYTES,
    THUMBNAIL_ENDING,
    PhotoRow,
    PhotoState,
    object_key,
)
from app.domain.photos.thumbnails import erase_objects
from app.domain.photos.uploads import Uploads
from app.domain.ports.clock import Clock
from app.domain.ports.database import Database
from app.domain.ports.repositories import PhotoAuditEntry
from app.domain.ports.storage import ImageInspector, ObjectStore, ObjectSummary

ACTOR = "reconcile"
_HEX = "[0-9a-f]"
_KEY = re.compile(
    rf"consultations/({_HEX}{{8}}-(?:{_HEX}{{4}}-){{3}}{_HEX}{{12}})"
    rf"/({_HEX}{{8}}-{_HEX}{{4}}-7{_HEX}{{3}}-[89ab]{_HEX}{{3}}-{_HEX}{{12}})"
    rf"\.(?:{'|'.join(CONTENT_TYPES.values())}|({re.escape(THUMBNAIL_ENDING)}))"
)


class ObjectName(msgspec.Struct, frozen=True):
    """The ids that an object key is made of, and whether it is that of a thumbnail."""

    consultation_id: UUID
    photo_id: UUID
    is_thumbnail: bool


def parse_object_key(key: str) -> ObjectName | None:
    """What a key says; None for one that this app never writes."""
    match = _KEY.fullmatch(key)
    return ObjectName(UUID(match[1]), UUID(match[2]), match[3] is not None) if match else None


class RepairService:
    """Each method returns what it did."""

    def __init__(
        self,
        database: Database,
        store: ObjectStore,
        uploads: Uploads,
        inspector: ImageInspector,
        clock: Clock,
    ) -> None:
        self._database = database
        self._store = store
        self._uploads = uploads
        self._inspector = inspector
        self._clock = clock

    async def finish_upload(self, row: PhotoRow) -> str:
        """Store an upload whose phone did not come back; raises what ``Uploads.settle_upload`` raises."""
        await self._uploads.settle_upload(row)
        return "stored"

    async def erase_object(self, row: PhotoRow) -> str:
        """Remove the object of a tombstone and its thumbnail; ``ValueError`` for anything without one."""
        if row.state is not PhotoState.DELETED:
            raise ValueError("only a tombstone's object may be erased")
        await erase_objects(self._store, row)
        return "erased"

    async def adopt_object(self, found: ObjectSummary) -> bool:
        """File an object without a row under the consultation of its key, after all checks of an upload.

        False where the key names no consultation of this database: the owner of the photo is unknown;
        and for a thumbnail, which is not the photo.
        Raises ``NotUploaded`` where the object is gone, and what ``Uploads.settle_upload`` raises.
        """
        name = parse_object_key(found.key)
        if name is None or name.is_thumbnail:
            return False
        async with self._database.transaction() as tx:
            home = await tx.maintenance.consultation_owner(name.consultation_id)
        row = await self._row(found, name, home) if home is not None else None
        if row is None:
            return False
        async with self._database.transaction() as tx:
            # A phone may have begun to send under this id meanwhile; then its row is the one to finish.
            if not await tx.photos.add_pending([row]):
                return False
            await tx.photos.add_audit(_adopted(row))
        await self._uploads.settle_upload(row)
        return True

    async def _row(self, found: ObjectSummary, name: ObjectName, owner: str) -> PhotoRow | None:
        stored = await self._store.read(found.key, MAX_PHOTO_BYTES)
        if stored is None:
            raise NotUploaded
        image = await self._inspector.inspect(stored.body)
        if object_key(name.consultation_id, name.photo_id, image.content_type) != found.key:
            return None
        return PhotoRow(
            photo_id=name.photo_id,
            owner=owner,
            captured_in=name.consultation_id,
            filed_in=name.consultation_id,
            state=PhotoState.PENDING,
            content_type=image.content_type,
            size=len(stored.body),
            sha256=sha256(stored.body).hexdigest(),
            width=image.width,
            height=image.height,
            captured_at=_shutter(name.photo_id, found.modified_at),
            created_at=self._clock(),
        )


def _adopted(row: PhotoRow) -> PhotoAuditEntry:
    return PhotoAuditEntry(
        at=row.created_at,
        actor=ACTOR,
        action="adopt",
        photo_id=row.photo_id,
        before="",
        after=str(row.filed_in),
    )


def _shutter(photo_id: UUID, otherwise: datetime) -> datetime:
    """When the phone made the id, which it does at the shutter."""
    try:
        made = datetime.fromtimestamp((photo_id.int >> 80) / 1000, UTC)
        # A clock that was ahead: no photo is taken after it was stored.
        return min(made, otherwise)
    except (OverflowError, ValueError, OSError):
        return otherwise
