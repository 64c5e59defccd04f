"""A photo's way on the server: presign, complete, receipt, describe, move, delete.

Every step is idempotent by photo id. The object is read and checked outside any transaction, since
the store cannot take part in one; the row, its outbox event and the receipt then commit together,
guarded by one predicate on the row's state, so that a tombstone or a second complete always wins
cleanly.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from app.domain.consultations.openings import KnownOpenings
from app.domain.errors import (
    CaptureError,
    ChecksumMismatch,
    ConsultationNotFound,
    InvalidImage,
    NotEncrypted,
    NotUploaded,
    OtherOwner,
    PhotoConflict,
    PhotoNotFound,
)
from app.domain.notifications import photos_changed
from app.domain.photos.bucket import ENCRYPTION
from app.domain.photos.fair_queue import FairQueue
from app.domain.photos.model import (
    MAX_PHOTO_BYTES,
    CapturedPhoto,
    CompletionClaim,
    PhotoChange,
    PhotoRow,
    PhotoState,
    PhotoView,
    Receipt,
    Schema,
    new_row,
    photo_view,
    receipt,
    same_capture,
)
from app.domain.photos.quota import PendingUploadQuota, TooManyPending
from app.domain.photos.shutter_times import is_doubtful
from app.domain.photos.thumbnails import ReportFailure, Thumbnails, erase_objects, ignore_failure
from app.domain.ports.clock import Clock, NewId
from app.domain.ports.database import Database, Transaction
from app.domain.ports.repositories import PhotoAuditEntry
from app.domain.ports.signals import NotifyOutbox
from app.domain.ports.storage import (
    ImageInspector,
    InspectedImage,
    ObjectStore,
    SignedUpload,
    StoredObject,
    UploadSigner,
)

# A photo that was refused is not read and decoded again at once; a corrected server takes it later.
REFUSAL_KEPT = timedelta(hours=1)


class PresignedPhoto(msgspec.Struct, kw_only=True, frozen=True):
    """One photo's answer to presign: exactly one of the three is set."""

    photo_id: UUID
    upload: SignedUpload | None = None
    receipt: Receipt | None = None
    error: CaptureError | None = None


class UploadState(Schema, frozen=True):
    """Where one upload stands; the receipt is there once the photo is stored or deleted."""

    photo_id: UUID
    state: PhotoState
    receipt: Receipt | None


class Uploads:
    """The services of a photo's way, for one signed-in user at a time."""

    def __init__(
        self,
        database: Database,
        store: ObjectStore,
        inspector: ImageInspector,
        clock: Clock,
        new_id: NewId,
        notify_outbox: NotifyOutbox,
        on_thumbnail_failed: ReportFailure = ignore_failure,
    ) -> None:
        self._database = database
        self._store = store
        self._inspector = inspector
        self._clock = clock
        self._new_id = new_id
        self._notify_outbox = notify_outbox
        self._quota = PendingUploadQuota()
        self._checks = FairQueue()
        self._thumbnails = Thumbnails(store, on_thumbnail_failed)
        self._openings = KnownOpenings()

    async def presign(
        self, user: str, photos: Sequence[CapturedPhoto], signer: UploadSigner
    ) -> list[PresignedPhoto]:
        """A signed PUT for each photo, or its receipt, or its own error; in the order asked.

        All new rows go in with one insert. Only what was there already is read, behind the insert, so
        that a photo which another request inserted meanwhile is compared with the database's row.
        Raises ``TooManyPending`` when every photo has to wait until others have arrived.
        """
        own = [photo for photo in photos if photo.owner == user]
        async with self._database.transaction() as tx:
            owned = await self._openings.read(tx, user, [photo.consultation_id for photo in own])
            rows, full = await self._entered(tx, user, own, owned)
            await self._reconsider(tx, user, rows)
        self._openings.remember(user, owned)
        granted = [_grant(user, photo, owned, rows, signer, full) for photo in photos]
        if granted and all(isinstance(one.error, TooManyPending) for one in granted):
            raise full or TooManyPending()
        return granted

    async def complete(self, user: str, photo_id: UUID, claim: CompletionClaim) -> Receipt:
        """Verify the object, store the row, queue the signal; returns the receipt, also when repeated.

        Raises ``OtherOwner``, ``PhotoNotFound`` or ``PhotoConflict`` for a claim that fits no row of this
        user, and what ``settle_upload`` raises: ``NotUploaded``, ``ChecksumMismatch``, ``InvalidImage``
        (also from memory, for an hour), ``NotEncrypted``, ``TooManyRequests`` or ``Unavailable``.
        """
        row = await self._claimed(user, photo_id, claim)
        if _is_refused(row, self._clock()):
            raise InvalidImage
        return receipt(await self.settle_upload(row) if row.state is PhotoState.PENDING else row)

    async def settle_upload(self, row: PhotoRow) -> PhotoRow:
        """Read and check the object of a pending row, then pending → stored in one transaction.

        Raises ``NotUploaded``, ``ChecksumMismatch``, ``InvalidImage``; ``NotEncrypted`` for the store's
        fault, ``TooManyRequests`` or ``Unavailable`` where no turn comes; returns the row as it is
        afterwards, which may be a tombstone that came first. What is no photo is erased and not looked
        at again for a while. Reading and checking wait for their turn among all users.
        """
        async with self._checks.slot(row.owner) as waited:
            if waited and (row := await self._after_wait(row)).state is not PhotoState.PENDING:
                return row
            image = await self._check(row)
        has_thumbnail = await self._thumbnails.keep(row, image)
        async with self._database.transaction() as tx:
            marked = await tx.photos.mark_stored(row.photo_id, self._clock(), has_thumbnail)
            if marked is None:
                return await self._now(tx, row)
            if marked.taken_during is not None and marked.place_confirmed_at is not None:
                await self._audit(tx, marked.owner, "confirm-place", marked, "", marked.filed_in)
            await self._notify(tx, marked.owner, [marked.filed_in])
        self._notify_outbox()
        return marked

    async def state(self, user: str, photo_id: UUID) -> UploadState:
        """State of one upload; raises ``PhotoNotFound``."""
        row = await self._own(user, photo_id)
        done = None if row.state is PhotoState.PENDING else receipt(row)
        return UploadState(photo_id=photo_id, state=row.state, receipt=done)

    async def delete(self, user: str, photo_id: UUID, owner: str | None = None) -> Receipt:
        """Tombstone first, object second: a crash between the two leaves work for the sweeper.

        Raises ``OtherOwner`` where the request names another owner, or ``PhotoNotFound``.
        """
        if owner not in (None, user):
            raise OtherOwner
        async with self._database.transaction() as tx:
            before = await tx.photos.mark_deleted(user, photo_id, self._clock())
            if before is None:
                raise PhotoNotFound
            if before.state is not PhotoState.DELETED:
                await self._audit(tx, user, "delete", before, before.state, PhotoState.DELETED)
            if before.state is PhotoState.STORED:
                await self._notify(tx, user, [before.filed_in])
        self._notify_outbox()
        if before.state is not PhotoState.DELETED:
            await self._erase(before)
        return receipt(msgspec.structs.replace(before, state=PhotoState.DELETED))

    async def describe(
        self, user: str, photo_id: UUID, change: PhotoChange, signer: UploadSigner
    ) -> PhotoView:
        """Caption, body site, side, view of a stored photo, and whether its place is right.

        Raises ``PhotoNotFound``, also for a photo that is not stored.
        """
        async with self._database.transaction() as tx:
            row = await tx.photos.describe(user, photo_id, change)
            if row is None:
                raise PhotoNotFound
            if change.place_confirmed is not msgspec.UNSET:
                row = await self._confirm(tx, user, row, change.place_confirmed)
            await self._notify(tx, user, [row.filed_in])
            view = await self._view(tx, row, signer)
        self._notify_outbox()
        return view

    async def move(self, user: str, photo_id: UUID, consultation_id: UUID, signer: UploadSigner) -> PhotoView:
        """File a stored photo under another consultation of the same user, with an audit row.

        Raises ``ConsultationNotFound`` for the new place, ``PhotoNotFound`` for the photo.
        """
        async with self._database.transaction() as tx:
            if not await tx.consultations.openings(user, [consultation_id]):
                raise ConsultationNotFound
            # Locked from here on, so that of concurrent moves each records the place that the other left.
            before = await tx.photos.get_for_update(user, photo_id)
            row = await tx.photos.file_under(user, photo_id, consultation_id)
            if before is None or row is None:
                raise PhotoNotFound
            if before.filed_in != consultation_id:
                await self._audit(tx, user, "move", before, before.filed_in, consultation_id)
                # A move by the clinician confirms the photo's place.
                row = await tx.photos.set_place_confirmed(user, photo_id, self._clock()) or row
                await self._notify(tx, user, [before.filed_in, consultation_id])
            view = await self._view(tx, row, signer)
        self._notify_outbox()
        return view

    async def _confirm(self, tx: Transaction, user: str, row: PhotoRow, confirmed: bool) -> PhotoRow:
        """Answer the question about a photo's place, or ask it again, with an audit row."""
        if confirmed == (row.place_confirmed_at is not None):
            return row
        action = "confirm-place" if confirmed else "question-place"
        await self._audit(tx, user, action, row, "", row.filed_in)
        at = self._clock() if confirmed else None
        return await tx.photos.set_place_confirmed(user, row.photo_id, at) or row

    async def _view(self, tx: Transaction, row: PhotoRow, signer: UploadSigner) -> PhotoView:
        asked = [] if row.in_question is None else [row.in_question]
        during = await tx.current_history.entries(row.owner, asked)
        now = self._clock()
        thumbnail = signer.sign_thumbnail(row, now) if row.has_thumbnail else None
        return photo_view(row, signer.sign_get(row, now), thumbnail, *during.values())

    async def _entered(
        self, tx: Transaction, user: str, photos: Sequence[CapturedPhoto], owned: Mapping[UUID, datetime]
    ) -> tuple[dict[UUID, PhotoRow], TooManyPending | None]:
        """The rows of ``photos`` by id; the new ones of ``owned`` consultations enter if they may."""
        now = self._clock()
        fresh: dict[UUID, PhotoRow] = {}
        for photo in photos:
            # Of two with one id in one request, the first is the one that the other must be equal to.
            if photo.consultation_id in owned and photo.photo_id not in fresh:
                opened_at = owned[photo.consultation_id] if is_doubtful(photo.captured_at, now) else None
                fresh[photo.photo_id] = new_row(photo, now, opened_at)
        full = await self._quota.refusal(tx.photos, user, [row.size for row in fresh.values()], now)
        added = set() if full else await tx.photos.add_pending(list(fresh.values()))
        known = await tx.photos.by_ids([photo.photo_id for photo in photos if photo.photo_id not in added])
        return known | {photo_id: fresh[photo_id] for photo_id in added}, full

    async def _reconsider(self, tx: Transaction, user: str, rows: dict[UUID, PhotoRow]) -> None:
        """What was refused long ago may be sent once more."""
        for photo_id, row in rows.items():
            if row.owner == user and row.refused_at and not _is_refused(row, self._clock()):
                await tx.photos.clear_refusals([photo_id])
                rows[photo_id] = msgspec.structs.replace(row, refused_at=None)

    async def _after_wait(self, row: PhotoRow) -> PhotoRow:
        async with self._database.transaction() as tx:
            return await self._now(tx, row)

    async def _now(self, tx: Transaction, row: PhotoRow) -> PhotoRow:
        """The row as it is now; raises ``InvalidImage`` where another check has refused it meanwhile."""
        row = (await tx.photos.by_ids([row.photo_id]))[row.photo_id]
        if _is_refused(row, self._clock()):
            raise InvalidImage
        return row

    async def _check(self, row: PhotoRow) -> InspectedImage:
        stored = await self._store.read(row.key, MAX_PHOTO_BYTES)
        if stored is None:
            raise NotUploaded
        await self._verify(row, stored)
        try:
            return await self._inspect(row, stored)
        except InvalidImage:
            await self._refuse(row)
            raise

    async def _refuse(self, row: PhotoRow) -> None:
        """The mark first: once it stands, no other check can store the photo whose bytes go."""
        async with self._database.transaction() as tx:
            marked = await tx.photos.mark_refused(row.photo_id, self._clock())
        if marked:
            await self._erase(row)

    async def _own(self, user: str, photo_id: UUID) -> PhotoRow:
        async with self._database.transaction() as tx:
            row = (await tx.photos.by_ids([photo_id])).get(photo_id)
        if row is None or row.owner != user:
            raise PhotoNotFound
        return row

    async def _claimed(self, user: str, photo_id: UUID, claim: CompletionClaim) -> PhotoRow:
        if claim.owner != user:
            raise OtherOwner
        row = await self._own(user, photo_id)
        if not same_capture(row, user, claim.consultation_id, claim.sha256):
            raise PhotoConflict
        return row

    async def _verify(self, row: PhotoRow, stored: StoredObject) -> None:
        """I5 and I8: the bytes are those of the capture, whole, clean and of the declared size."""
        digest = hashlib.sha256(stored.body).hexdigest()
        if len(stored.body) != row.size or digest != row.sha256 or stored.sha256 not in (None, digest):
            raise ChecksumMismatch
        if stored.content_type != row.content_type:
            raise InvalidImage("The stored file has another type.")
        # The URL signs it, so that no phone can leave it out: what is missing is the store's.
        if stored.encryption != ENCRYPTION:
            raise NotEncrypted

    async def _inspect(self, row: PhotoRow, stored: StoredObject) -> InspectedImage:
        image = await self._inspector.inspect(stored.body)
        if (image.content_type, image.width, image.height) != (row.content_type, row.width, row.height):
            raise InvalidImage("The stored photo has another size or type than declared.")
        return image

    async def _erase(self, row: PhotoRow) -> None:
        # The tombstone is committed: whatever happens here, the sweeper erases again later.
        try:
            await erase_objects(self._store, row)
        except CaptureError:
            return

    async def _notify(self, tx: Transaction, user: str, consultations: Iterable[UUID]) -> None:
        now = self._clock()
        # Always in the same order: two moves in opposite directions would deadlock.
        for consultation in sorted(consultations):
            rev = await tx.consultations.increment_revision(consultation)
            await tx.outbox.add(self._new_id(), user, photos_changed(consultation, rev), now)

    async def _audit(
        self, tx: Transaction, actor: str, action: str, row: PhotoRow, before: object, after: object
    ) -> None:
        entry = PhotoAuditEntry(
            at=self._clock(),
            actor=actor,
            action=action,
            photo_id=row.photo_id,
            before=str(before),
            after=str(after),
        )
        await tx.photos.add_audit(entry)


def _is_refused(row: PhotoRow, now: datetime) -> bool:
    """Whether its bytes were found to be no photo, not long ago."""
    since = row.refused_at if row.state is PhotoState.PENDING else None
    return since is not None and now - since < REFUSAL_KEPT


def _grant(
    user: str,
    photo: CapturedPhoto,
    owned: Mapping[UUID, datetime],
    rows: dict[UUID, PhotoRow],
    signer: UploadSigner,
    full: TooManyPending | None,
) -> PresignedPhoto:
    if photo.owner != user:
        return PresignedPhoto(photo_id=photo.photo_id, error=OtherOwner())
    row = rows.get(photo.photo_id)
    if row is None and photo.consultation_id in owned:
        return PresignedPhoto(photo_id=photo.photo_id, error=full or TooManyPending())
    if row is None or (row.owner == user and photo.consultation_id not in owned):
        return PresignedPhoto(photo_id=photo.photo_id, error=ConsultationNotFound())
    if not same_capture(row, user, photo.consultation_id, photo.sha256) or row.size != photo.size:
        return PresignedPhoto(photo_id=photo.photo_id, error=PhotoConflict())
    if row.state is not PhotoState.PENDING:
        return PresignedPhoto(photo_id=photo.photo_id, receipt=receipt(row))
    if row.refused_at is not None:
        return PresignedPhoto(photo_id=photo.photo_id, error=InvalidImage())
    return PresignedPhoto(photo_id=photo.photo_id, upload=signer.sign_put(row))
