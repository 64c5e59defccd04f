"""After every step: the model, the API, the database and the store agree."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from campaigns.server.in_process_app import InProcessApp
from campaigns.state_machine.model import Consultation, Model, Photo

_COLUMNS = (
    "photo_id, owner, captured_in, filed_in, state, sha256, size, late, caption, body_site, side, "
    "next_look_at, erase_again_at, place_confirmed_at IS NOT NULL"
)
_ROWS = f"SELECT {_COLUMNS} FROM photos"
_CONSULTATIONS = (
    "SELECT consultation_id, owner, kind, label, second_identifier, notes, closed_at, discarded_at, rev "
    "FROM consultations"
)
_HISTORY = "SELECT owner, since, consultation_id FROM current_history ORDER BY seq"
_CHOSEN = "SELECT owner, consultation_id FROM current_choices"


def check(app: InProcessApp, model: Model, users: Iterable[str]) -> None:
    """Raises ``AssertionError`` where one of the four says something else."""
    assert set(app.disk.query(_ROWS)) == {_row(photo) for photo in model.photos.values()}
    assert set(app.disk.query(_CONSULTATIONS)) == {
        _consultation(consultation) for consultation in model.consultations.values()
    }
    assert dict(app.disk.query(_CHOSEN)) == {user: one for user, one in model.chosen.items() if one}
    assert _histories(app.disk.query(_HISTORY)) == {
        user: [(_milliseconds(since), one) for since, one in past] for user, past in model.history.items()
    }
    assert {one.key: one.sha256 for one in app.disk.objects()} == model.objects
    for user in users:
        _check_pages(app, model, user)


def _check_pages(app: InProcessApp, model: Model, user: str) -> None:
    """What this user's desktop shows."""
    listed = app.api(user, "GET", "/api/consultations").data
    assert listed["currentId"] == model.current(user)
    consultations = model.of(user)
    assert [_listed_consultation(one) for one in listed["consultations"]] == [
        _expected_consultation(one, model) for one in consultations
    ]
    for consultation in consultations:
        photos = model.filed(consultation.id)
        if photos:
            page = app.api(user, "GET", f"/api/consultations/{consultation.id}/photos").data
            assert [_listed_photo(one) for one in page["photos"]] == [_expected_photo(one) for one in photos]
            assert page["rev"] == consultation.rev


def _row(photo: Photo) -> tuple[Any, ...]:
    return (
        photo.id,
        photo.owner,
        photo.captured_in,
        photo.filed_in,
        photo.state,
        photo.picture.sha256,
        photo.picture.size,
        int(photo.late),
        photo.words.get("caption", ""),
        photo.words.get("bodySite", ""),
        photo.words.get("side", ""),
        _milliseconds(photo.next_look),
        _milliseconds(photo.erase_at),
        int(photo.confirmed),
    )


def _histories(rows: Iterable[tuple[Any, ...]]) -> dict[str, list[tuple[int, str]]]:
    found: dict[str, list[tuple[int, str]]] = {}
    for owner, since, one in rows:
        found.setdefault(owner, []).append((since, one))
    return found


def _consultation(consultation: Consultation) -> tuple[Any, ...]:
    ended = _milliseconds(consultation.closed_at), _milliseconds(consultation.discarded_at)
    return (
        consultation.id,
        consultation.owner,
        consultation.kind,
        consultation.label,
        consultation.second,
        consultation.notes,
        *ended,
        consultation.rev,
    )


def _listed_consultation(listed: dict[str, Any]) -> tuple[Any, ...]:
    named = listed["id"], listed["label"], listed["secondIdentifier"], listed["closedAt"] is not None
    return *named, listed["rev"], listed["photoCount"], listed["unconfirmedCount"]


def _expected_consultation(consultation: Consultation, model: Model) -> tuple[Any, ...]:
    photos = model.filed(consultation.id)
    asked = sum(one.during is not None and not one.confirmed for one in photos)
    named = consultation.id, consultation.label, consultation.second, consultation.closed_at is not None
    return *named, consultation.rev, len(photos), asked


def _listed_photo(listed: dict[str, Any]) -> tuple[Any, ...]:
    words = (listed["caption"], listed["bodySite"], listed["side"])
    during = listed["takenDuring"] and listed["takenDuring"]["id"]
    return (
        listed["id"],
        listed["sha256"],
        listed["consultationId"],
        listed["capturedIn"],
        listed["late"],
        during,
        *words,
    )


def _expected_photo(photo: Photo) -> tuple[Any, ...]:
    words = tuple(photo.words.get(name, "") for name in ("caption", "bodySite", "side"))
    during = None if photo.confirmed else photo.during
    return photo.id, photo.picture.sha256, photo.filed_in, photo.captured_in, photo.late, during, *words


def _milliseconds(at: datetime | None) -> int | None:
    return None if at is None else int((at - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)
