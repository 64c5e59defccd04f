"""The notifications to a user's open pages: constant shape, ids and a revision, no patient data."""

from uuid import UUID


def photos_changed(consultation_id: UUID, rev: int) -> dict[str, object]:
    """The list of photos of a consultation has changed."""
    return {"t": "photos.changed", "consultation": str(consultation_id), "rev": rev}


def consultations_changed(consultation_id: UUID | None, rev: int) -> dict[str, object]:
    """The current consultation, or one of the list, has changed."""
    consultation = str(consultation_id) if consultation_id else None
    return {"t": "consultations.changed", "consultation": consultation, "rev": rev}


def captures_changed() -> dict[str, object]:
    """A reported photo has gone missing, or an alarm about one is over."""
    return {"t": "captures.changed"}
