"""A consultation: the clinical session that photos belong to.

Every user has exactly one of kind ``unfiled``, which takes the photos made with nothing open.
"""

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
    rev: int = 0
    photo_count: int = 0


class ConsultationView(Schema, frozen=True):
    """A consultation as the pages see it."""

    id: UUID
    kind: ConsultationKind
    label: str
    second_identifier: str | None
    notes: str
    opened_at: datetime
    closed_at: datetime | None
    rev: int
    photo_count: int


class NewConsultation(Schema, frozen=True):
    """What the desktop sends to start a consultation."""

    # ``Text`` with something in it; of two patterns only the last would count.
    label: Annotated[str, msgspec.Meta(min_length=1, max_length=120, pattern=r"^\s*[^\s\u0000][^\u0000]*$")]
    second_identifier: Annotated[Text, msgspec.Meta(max_length=120)] | None = None


class ConsultationChange(Schema, frozen=True):
    """Edit notes, or close; absent fields stay as they are."""

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
    )
