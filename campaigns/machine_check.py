"""After every step: what the model says is what the API tells, the database holds and the store lists."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from campaigns.model import Model, Photo, Visit
from campaigns.ward import Ward

_COLUMNS = (
    "photo_id, owner, captured_in, filed_in, state, sha256, size, late, caption, body_site, side, "
    "next_look_at, erase_again_at, place_confirmed_at IS NOT NULL"
)
_ROWS = f"SELECT {_COLUMNS} FROM photos"
_VISITS = (
    "SELECT consultation_id, owner, kind, label, second_identifier, notes, closed_at, discarded_at, rev "
    "FROM consultations"
)
_HISTORY = "SELECT owner, since, consultation_id FROM current_history ORDER BY seq"
_CHOSEN = "SELECT owner, consultation_id FROM current_choices"


def check(ward: Ward, model: Model, users: Iterable[str]) -> None:
    """Raises ``AssertionError`` where one of the four says something else."""
    assert set(ward.disk.query(_ROWS)) == {_row(photo) for photo in model.photos.values()}
    assert set(ward.disk.query(_VISITS)) == {_visit(visit) for visit in model.visits.values()}
    assert dict(ward.disk.query(_CHOSEN)) == {user: one for user, one in model.chosen.items() if one}
    assert _histories(ward.disk.query(_HISTORY)) == {
        user: [(_milliseconds(since), one) for since, one in past] for user, past in model.history.items()
    }
    assert {one.key: one.sha256 for one in ward.disk.objects()} == model.objects
    for user in users:
        _check_pages(ward, model, user)


def _check_pages(ward: Ward, model: Model, user: str) -> None:
    """What this user's desktop shows."""
    listed = ward.api(user, "GET", "/api/consultations").data
    assert listed["currentId"] == model.current(user)
    visits = model.of(user)
    assert [_told_visit(one) for one in listed["consultations"]] == [
        _shown_visit(one, model) for one in visits
    ]
    for visit in visits:
        photos = model.filed(visit.id)
        if photos:
            told = ward.api(user, "GET", f"/api/consultations/{visit.id}/photos").data
            assert [_told(one) for one in told["photos"]] == [_shown(one) for one in photos]
            assert told["rev"] == visit.rev


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


def _visit(visit: Visit) -> tuple[Any, ...]:
    ended = _milliseconds(visit.closed_at), _milliseconds(visit.discarded_at)
    return visit.id, visit.owner, visit.kind, visit.label, visit.second, visit.notes, *ended, visit.rev


def _told_visit(told: dict[str, Any]) -> tuple[Any, ...]:
    named = told["id"], told["label"], told["secondIdentifier"], told["closedAt"] is not None
    return *named, told["rev"], told["photoCount"], told["unconfirmedCount"]


def _shown_visit(visit: Visit, model: Model) -> tuple[Any, ...]:
    photos = model.filed(visit.id)
    asked = sum(one.during is not None and not one.confirmed for one in photos)
    named = visit.id, visit.label, visit.second, visit.closed_at is not None
    return *named, visit.rev, len(photos), asked


def _told(told: dict[str, Any]) -> tuple[Any, ...]:
    words = (told["caption"], told["bodySite"], told["side"])
    during = told["takenDuring"] and told["takenDuring"]["id"]
    return (
        told["id"],
        told["sha256"],
        told["consultationId"],
        told["capturedIn"],
        told["late"],
        during,
        *words,
    )


def _shown(photo: Photo) -> tuple[Any, ...]:
    words = tuple(photo.words.get(name, "") for name in ("caption", "bodySite", "side"))
    during = None if photo.confirmed else photo.during
    return photo.id, photo.picture.sha256, photo.filed_in, photo.captured_in, photo.late, during, *words


def _milliseconds(at: datetime | None) -> int | None:
    return None if at is None else int((at - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)
