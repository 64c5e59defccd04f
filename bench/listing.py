"""(d) The list of 1,000 photos against an empty answer: one request at a time, the server on one core.

A photo keeps its signed URL for five minutes, so there are two lists: the first one of such a window,
which signs every URL, and all later ones. A new window is had by asking under another of the server's
own addresses, which keeps URLs of its own.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import msgspec

from app.config.identifiers import uuid7
from app.domain.consultations.model import NewConsultation
from app.domain.photos.model import PhotoRow, PhotoState
from app.main import Backends
from bench.load import Fire, generator, request
from bench.machine import pin, two_cores
from bench.report import Line, line, paired
from bench.running import MeasuredClinic, serving
from bench.users import make_account, mint, page_headers, prepare, sign_in
from tests.support.ports import free_port

PART = "list"


class Effort(msgspec.Struct, frozen=True, kw_only=True):
    """How much is measured; requests of a kind per round."""

    rounds: int = 5
    photos: int = 1000
    lists: int = 10
    empty: int = 200


class Seeded(msgspec.Struct, frozen=True):
    """A user's full consultation and an empty one."""

    name: str
    full: UUID
    empty: UUID


def measure(folder: Path, effort: Effort) -> list[Line]:
    """Rounds of an empty answer, an empty list, and the three ways in which a full one is answered."""
    port = free_port()
    origins = [
        f"http://localhost:{port}",
        *(f"http://r{n}.localhost:{port}" for n in range(effort.rounds + 1)),
    ]
    clinic = MeasuredClinic(folder / "listing", port, PUBLIC_ORIGINS=",".join(origins))
    seeded = prepare(clinic, lambda backends: _seed(backends, effort.photos))
    server, other = two_cores()
    clinic.start()
    try:
        with serving("floor") as floor, generator(other) as fire:
            clinic.hold_to(server)
            pin(floor[0], server)
            return _lines(_rounds(clinic, seeded, fire, floor[1], effort), effort.photos)
    finally:
        clinic.kill()


async def _seed(backends: Backends, photos: int) -> Seeded:
    account = await make_account(backends)
    full = await backends.consultations.start(account.id, NewConsultation(label="Full"))
    empty = await backends.consultations.start(account.id, NewConsultation(label="Empty"))
    now = datetime.now(UTC)
    async with backends.database.transaction() as tx:
        for _ in range(photos):
            row = _row(account.id, full.consultation_id, now)
            await tx.photos.add_pending([row])
            await tx.photos.mark_stored(row.photo_id, now, has_thumbnail=True)
    return Seeded(account.name, full.consultation_id, empty.consultation_id)


def _row(owner: str, consultation: UUID, now: datetime) -> PhotoRow:
    return PhotoRow(
        photo_id=uuid7(),
        owner=owner,
        captured_in=consultation,
        filed_in=consultation,
        state=PhotoState.PENDING,
        content_type="image/jpeg",
        size=150_000,
        sha256=uuid7().hex * 2,
        width=800,
        height=600,
        captured_at=now,
        created_at=now,
    )


def _rounds(
    clinic: MeasuredClinic, seeded: Seeded, fire: Fire, floor_port: int, effort: Effort
) -> dict[str, list[float]]:
    (user,) = sign_in(clinic, [seeded.name])
    found: dict[str, list[float]] = {}
    for number in range(effort.rounds + 1):
        (token,) = mint(clinic, [user])
        headers = page_headers(clinic) | {"authorization": f"Bearer {token}"}
        elsewhere = headers | {"host": f"r{number}.localhost:{clinic.port}"}
        full, empty = (f"/api/consultations/{each}/photos" for each in (seeded.full, seeded.empty))
        steps = {
            "floor": (floor_port, [_EMPTY_POST] * effort.empty, 200),
            "empty": (clinic.port, [request("GET", empty, headers)] * effort.empty, 200),
            "first": (clinic.port, [request("GET", full, elsewhere)], 200),
            "later": (clinic.port, [request("GET", full, elsewhere)] * effort.lists, 200),
        }
        for name, (port, requests, status) in steps.items():
            taken = _p50(fire, port, requests, status)
            if number:
                found.setdefault(name, []).append(taken)
    return found


_EMPTY_POST = request("POST", "/empty", {"host": "localhost"}, b'{"word":"go"}')


def _p50(fire: Fire, port: int, requests: Sequence[bytes], status: int) -> float:
    fired = fire(port, requests, 1)
    assert set(fired.statuses) == {status}, f"not every list was answered with {status}: {fired.statuses}"
    return fired.p50_ms


def _lines(ms: dict[str, list[float]], photos: int) -> list[Line]:
    against = "an empty list"
    return [
        line(PART, "empty Litestar POST", ms["floor"], "ms"),
        line(PART, "empty list", ms["empty"], "ms",
             ratio=paired(ms["empty"], ms["floor"]), against="an empty POST"),
        line(PART, f"{photos:,} photos, every URL signed anew", ms["first"], "ms",
             ratio=paired(ms["first"], ms["empty"]), against=against),
        line(PART, f"{photos:,} photos, URLs of this window known", ms["later"], "ms",
             ratio=paired(ms["later"], ms["empty"]), against=against),
    ]  # fmt: skip
