"""A consultation: the clinical session that photos belong to.

Every user has exactly one of kind ``unfiled``, which takes the photos made with nothing open.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, NamedTuple
from uuid import UUID

import msgspec

from app.domain.errors import InvalidField
from app.domain.photos.model import Schema, Text


class ConsultationKind(StrEnum):
    """One that a clinician started, or the unfiled one, which exists once for each user."""

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

    ``unconfirmed_count``: photos in it that were taken while another consultation was current, and whose
    place is not confirmed yet.
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


# Embeddings, overrides and isolates of the bidirectional algorithm.
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
# What Unicode lets every font leave out, once texts are normal (joiners, fillers, selectors, tags), and
# control characters that are no blanks. ``pwa/page/names.js`` says the same.
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f"
    "\ufeff\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff\u0000-\u0008\u000e-\u001b\u007f-\u0084\u0086-\u009f]"
)


class Move(Schema, frozen=True):
    """The desktop went on to a consultation, or to none: then it is the unfiled one."""

    id: UUID
    kind: ConsultationKind
    label: str
    second_identifier: str | None
    opened_at: datetime
    since: datetime


class CurrentAnswer(NamedTuple):
    """What the next shutter belongs to; ``closed`` and ``moves`` describe an open camera's consultation.

    ``moves``: where the desktop went since that was current, the oldest first; empty where it is current.
    """

    consultation: Consultation | None
    closed: bool = False
    moves: Sequence[Move] = ()


def consultation_view(consultation: Consultation) -> ConsultationView:
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


def stored_label(text: str) -> str:
    """The stored form of a label; raises ``InvalidField`` where nothing of it is visible."""
    if not _folded(text):
        raise InvalidField("The label has nothing in it that can be seen.", "label")
    return _strip_direction_marks(text)


def stored_identifier(text: str | None) -> str | None:
    """The stored form of a second identifier; None where nothing of it is visible."""
    return _strip_direction_marks(text) if text and _folded(text) else None


def is_ambiguous(one: Consultation, others: Iterable[Consultation]) -> bool:
    """Whether a clinician could not distinguish an open consultation from another open one.

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


def _strip_direction_marks(text: str) -> str:
    """A label or identifier as it is kept: in the order in which it was written, without blanks around it.

    Marks that turn the order of reading show "1961" as "1691"; they come along unseen with copied text.
    """
    return _TURNING.sub("", text).strip()


def _folded(text: str | None) -> str:
    """Letters as users see and compare them: without case, width, extra blanks and what shows nothing."""
    seen = _UNSEEN.sub("", unicodedata.normalize("NFKC", text or "")).replace("\u2800", " ")
    return " ".join(seen.casefold().split())
