"""A photo: what the phone declares at the shutter, what the server keeps, what it answers.

Names and units: sizes in bytes, width and height in pixels, times are aware UTC datetimes,
``sha256`` is 64 lower-case hexadecimal digits. The photo id, a UUIDv7 made at the shutter, is the
idempotency key of everything that happens to the photo.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Literal, cast
from uuid import UUID

import msgspec

from app.domain.errors import InvalidField
from app.domain.photos.shutter_times import bound_capture_time

MAX_PHOTO_BYTES = 4_000_000
MAX_EDGE = 2048
CONTENT_TYPES = {"image/jpeg": "jpg", "image/webp": "webp"}
THUMBNAIL_TYPE = "image/webp"
THUMBNAIL_ENDING = "thumb.webp"
THUMBNAIL_EDGE = 320

# The length is said as well: the ``$`` of a pattern also fits before a line break at the end.
Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$", max_length=64)]
UserId = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{1,64}$")]
Edge = Annotated[int, msgspec.Meta(ge=1, le=MAX_EDGE)]
# PostgreSQL keeps no NUL in text, so that neither database is given one. Free text is of this type.
Text = Annotated[str, msgspec.Meta(pattern=r"^[^\u0000]*$")]
Side = Literal["", "left", "right", "both", "midline"]
View = Literal["", "overview", "regional", "close-up"]
AwareTime = Annotated[datetime, msgspec.Meta(tz=True)]


class Schema(msgspec.Struct, rename="camel", forbid_unknown_fields=True, kw_only=True, frozen=True):
    """Base of everything that crosses HTTP: camelCase names, unknown fields refused."""


class CapturedAt(Schema, frozen=True):
    """What says when its shutter clicked: a moment with a zone, which UTC can name as well."""

    captured_at: AwareTime

    def __post_init__(self) -> None:
        _expect_utc(self.captured_at, "capturedAt")


def _expect_utc(moment: datetime, name: str) -> None:
    try:
        moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{name} must be a moment that UTC can name") from None


class PhotoState(StrEnum):
    """Life of a row: a URL was signed; the object was read and checked; a tombstone."""

    PENDING = "pending"
    STORED = "stored"
    DELETED = "deleted"


class CapturedPhoto(CapturedAt, frozen=True):
    """What the phone declares before it sends a photo.

    ``captured_at`` is corrected by the server's time, ``device_captured_at`` is what the phone's clock said.
    ``place_confirmed``: the clinician confirmed the consultation on the phone and is not asked again.
    """

    photo_id: UUID
    consultation_id: UUID
    owner: UserId
    content_type: Literal["image/jpeg", "image/webp"]
    size: Annotated[int, msgspec.Meta(ge=1, le=MAX_PHOTO_BYTES)]
    sha256: Sha256
    width: Edge
    height: Edge
    device_captured_at: AwareTime | None = None
    place_confirmed: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.device_captured_at is not None:
            _expect_utc(self.device_captured_at, "deviceCapturedAt")
        if self.photo_id.version != 7:
            raise ValueError("photoId must be a UUID of version 7")


class CompletionClaim(Schema, frozen=True):
    """What the phone says it sent; compared with the row, never stored."""

    owner: UserId
    consultation_id: UUID
    sha256: Sha256


class PhotoDescription(Schema, frozen=True):
    """What a clinician may say about a stored photo; absent fields stay as they are."""

    caption: Annotated[Text, msgspec.Meta(max_length=500)] | msgspec.UnsetType = msgspec.UNSET
    body_site: Annotated[Text, msgspec.Meta(max_length=100)] | msgspec.UnsetType = msgspec.UNSET
    side: Side | msgspec.UnsetType = msgspec.UNSET
    view: View | msgspec.UnsetType = msgspec.UNSET


class PhotoChange(PhotoDescription, frozen=True):
    """What a clinician may change on a photo: its description, and whether its place is right.

    ``place_confirmed`` answers the question that ``TakenDuring`` asks; false asks it again.
    """

    place_confirmed: bool | msgspec.UnsetType = msgspec.UNSET


class TakenDuring(Schema, frozen=True):
    """The consultation that was current when a photo was taken, where it is not the photo's own."""

    id: UUID
    label: str
    second_identifier: str | None
    since: datetime


class PhotoRow(msgspec.Struct, frozen=True):
    """A photo as the database keeps it; a long list of them is made from columns in this order.

    ``captured_in`` is the consultation frozen at the shutter and never changes; ``filed_in`` is
    where the photo is now, changed only by an audited move. ``refused_at`` stands where the declared
    bytes arrived and were found to be no photo; ``deleted_at`` at a tombstone. ``taken_during`` names
    the entry of the history of current consultations that speaks against its place, until
    ``place_confirmed_at`` answers. ``has_thumbnail``: one lies in the store under ``thumbnail_key``.
    """

    photo_id: UUID
    owner: str
    captured_in: UUID
    filed_in: UUID
    state: PhotoState
    content_type: str
    size: int
    sha256: str
    width: int
    height: int
    captured_at: datetime
    created_at: datetime
    device_captured_at: datetime | None = None
    received_at: datetime | None = None
    late: bool = False
    caption: str = ""
    body_site: str = ""
    side: Side = ""
    view: View = ""
    refused_at: datetime | None = None
    deleted_at: datetime | None = None
    taken_during: int | None = None
    place_confirmed_at: datetime | None = None
    has_thumbnail: bool = False

    @property
    def in_question(self) -> int | None:
        """``taken_during`` while the place is not confirmed."""
        return None if self.place_confirmed_at else self.taken_during

    @property
    def key(self) -> str:
        """Object key, from server-parsed ids only; a move does not change it."""
        return object_key(self.captured_in, self.photo_id, self.content_type)

    @property
    def thumbnail_key(self) -> str:
        """Key of the photo's thumbnail, whether there is one or not; no upload is ever signed for it."""
        return f"consultations/{self.captured_in}/{self.photo_id}.{THUMBNAIL_ENDING}"


class Receipt(Schema, frozen=True):
    """The server's confirmation that a photo is stored, or was deleted by the clinician.

    ``consultation_id`` is the shutter's, so that the phone can compare it with its own record even
    after the photo was moved; ``filed_in`` is where it is now.
    """

    photo_id: UUID
    state: Literal["stored", "deleted"]
    owner: str
    consultation_id: UUID
    filed_in: UUID
    sha256: str
    received_at: datetime | None
    late: bool


def object_key(consultation_id: UUID, photo_id: UUID, content_type: str) -> str:
    """``consultations/{consultationId}/{photoId}.jpg|webp``."""
    return f"consultations/{consultation_id}/{photo_id}.{CONTENT_TYPES[content_type]}"


def new_row(photo: CapturedPhoto, now: datetime, opened_at: datetime | None = None) -> PhotoRow:
    """A pending row; the owner is the claim that was already compared with the sign-in.

    ``opened_at`` of its consultation bounds a time that is doubtful.
    """
    return PhotoRow(
        photo_id=photo.photo_id,
        owner=photo.owner,
        captured_in=photo.consultation_id,
        filed_in=photo.consultation_id,
        state=PhotoState.PENDING,
        content_type=photo.content_type,
        size=photo.size,
        sha256=photo.sha256,
        width=photo.width,
        height=photo.height,
        captured_at=bound_capture_time(photo.captured_at, now, opened_at),
        device_captured_at=photo.device_captured_at,
        place_confirmed_at=now if photo.place_confirmed else None,
        created_at=now,
    )


def receipt(row: PhotoRow) -> Receipt:
    """The receipt of a stored or deleted row; ``InvalidField`` for a pending one."""
    if row.state is PhotoState.PENDING:
        raise InvalidField("A pending photo has no receipt.", "photoId")
    return Receipt(
        photo_id=row.photo_id,
        state="stored" if row.state is PhotoState.STORED else "deleted",
        owner=row.owner,
        consultation_id=row.captured_in,
        filed_in=row.filed_in,
        sha256=row.sha256,
        received_at=row.received_at,
        late=row.late,
    )


class PhotoView(Schema, frozen=True, kw_only=False):
    """A stored photo as the desktop sees it; ``url`` is a GET that lives for 15 minutes at most.

    ``thumbnail_url``: the same for its thumbnail, null where there is none.
    """

    id: UUID
    url: str
    content_type: str
    size: int
    sha256: str
    width: int
    height: int
    captured_at: datetime
    device_captured_at: datetime | None
    received_at: datetime
    late: bool
    caption: str
    body_site: str
    side: Side
    view: View
    consultation_id: UUID
    captured_in: UUID
    taken_during: TakenDuring | None
    thumbnail_url: str | None = None


def photo_view(
    row: PhotoRow, url: str, thumbnail_url: str | None, taken_during: TakenDuring | None = None
) -> PhotoView:
    """The desktop's view of a row."""
    # By place: a list has a thousand, and names cost as much again as all the rest of making one.
    return PhotoView(
        row.photo_id,
        url,
        row.content_type,
        row.size,
        row.sha256,
        row.width,
        row.height,
        row.captured_at,
        row.device_captured_at,
        # A photo is shown once it is stored, and each that is stored was received.
        cast("datetime", row.received_at),
        row.late,
        row.caption,
        row.body_site,
        row.side,
        row.view,
        row.filed_in,
        row.captured_in,
        taken_during,
        thumbnail_url,
    )


def same_capture(row: PhotoRow, owner: str, consultation_id: UUID, sha256: str) -> bool:
    """Whether a claim is about the same photo as the row."""
    return (row.owner, row.captured_in, row.sha256) == (owner, consultation_id, sha256)
