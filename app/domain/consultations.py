"""A consultation: the clinical session that photos belong to.

Every user has exactly one of kind ``unfiled``, which takes the photos made with nothing open.
"""

import unicodedata
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec

from app.domain.photos import Schema, Text


class ConsultationKind(StrEnum):
    """``visit`` is started by a clinician, ``unfiled`` exists once for each user."""

    VISIT = "visit"
    UNFILED = "unfiled"


class Consultation(msgspec.Struct, kw_only=True, frozen=True):
    """A consultation as the database keeps it; ``rev`` grows with every change of its photos."""

    consultation_id: UUID
    owner: str
    kind: ConsultationKind
    label: str
    second_identifier: str | None = None
    notes: str = ""
    opened_at: datetime
    closed_at: datetime | None = None
    discarded_at: datetime | None = None
    rev: int = 0
    photo_count: int = 0
    unconfirmed_count: int = 0

    @property
    def takes_photos(self) -> bool:
        """Whether new shutters may belong to it."""
        return self.closed_at is None and self.discarded_at is None


class ConsultationView(Schema, frozen=True):
    """A consultation as the pages see it.

    ``unconfirmed_count``: photos in it that were taken while another consultation was current, and about
    which nobody has answered yet.
    """

    id: UUID
    kind: ConsultationKind
    label: str
    second_identifier: str | None
    notes: str
    opened_at: datetime
    closed_at: datetime | None
    rev: int
    photo_count: int
    unconfirmed_count: int


# ``Text`` with something in it; of two patterns only the last would count.
Label = Annotated[str, msgspec.Meta(min_length=1, max_length=120, pattern=r"^\s*[^\s\u0000][^\u0000]*$")]
SecondIdentifier = Annotated[Text, msgspec.Meta(max_length=120)] | None


class NewConsultation(Schema, frozen=True):
    """What the desktop sends to start a consultation."""

    label: Label
    second_identifier: SecondIdentifier = None


class ConsultationChange(Schema, frozen=True):
    """Correct label or second identifier, edit notes, or close; absent fields stay as they are."""

    label: Label | msgspec.UnsetType = msgspec.UNSET
    second_identifier: SecondIdentifier | msgspec.UnsetType = msgspec.UNSET
    notes: Annotated[Text, msgspec.Meta(max_length=20_000)] | msgspec.UnsetType = msgspec.UNSET
    closed: bool | msgspec.UnsetType = msgspec.UNSET


class CurrentChoice(Schema, frozen=True):
    """Which consultation the next shutter belongs to; null for none."""

    consultation_id: UUID | None


def view(consultation: Consultation) -> ConsultationView:
    """The page's view of a consultation: everything but its owner."""
    return ConsultationView(
        id=consultation.consultation_id,
        kind=consultation.kind,
        label=consultation.label,
        second_identifier=consultation.second_identifier,
        notes=consultation.notes,
        opened_at=consultation.opened_at,
        closed_at=consultation.closed_at,
        rev=consultation.rev,
        photo_count=consultation.photo_count,
        unconfirmed_count=consultation.unconfirmed_count,
    )


def identifier(text: str | None) -> str | None:
    """A second identifier as it is kept; blanks alone are none."""
    return (text or "").strip() or None


def looks_like(one: Consultation, others: Iterable[Consultation]) -> bool:
    """Whether a person could not tell an open consultation from another one that is open.

    Equal labels need an identifier on the newer one, and another one than the older has.
    """
    if one.kind is not ConsultationKind.VISIT or not one.takes_photos:
        return False
    twins = [
        other
        for other in others
        if other.consultation_id != one.consultation_id
        and other.takes_photos
        and other.kind is ConsultationKind.VISIT
        and _folded(other.label) == _folded(one.label)
    ]
    name = _folded(one.second_identifier)
    return any(not name or name == _folded(twin.second_identifier) for twin in twins)


def _folded(text: str | None) -> str:
    """Letters as people compare them: without case, width and extra blanks."""
    return " ".join(unicodedata.normalize("NFKC", text or "").casefold().split())
