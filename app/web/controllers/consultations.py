"""Consultations: start, list, read, change, choose, and the photos of one."""

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from uuid import UUID

from litestar import Controller, Response, get, patch, post, put
from litestar.params import FromPath, FromQuery, RawBody

from app.domain.consultations import (
    ConsultationChange,
    ConsultationView,
    CurrentChoice,
    CurrentWord,
    Move,
    NewConsultation,
    view,
)
from app.domain.photos import Schema
from app.domain.visits import PhotoList
from app.web.assets import etag_matches
from app.web.bodies import json_body, read_body
from app.web.call import Call
from app.web.controllers.problems_spec import problems

WINDOW_S = 300


class ConsultationList(Schema, frozen=True):
    """Newest first, the unfiled one last."""

    consultations: list[ConsultationView]
    current_id: UUID | None


class Current(Schema, frozen=True):
    """Which consultation the next shutter belongs to, and when the server said so.

    ``closed``: whether the consultation of the open camera takes no new photos any more. ``moves``: where
    the desktop went since that one was current, the oldest first.
    """

    consultation: ConsultationView | None
    server_time: datetime
    closed: bool = False
    moves: Sequence[Move] = ()


class ConsultationController(Controller):
    """The consultations of the signed-in user."""

    path = "/api/consultations"
    tags = ("Consultations",)

    @post(operation_class=json_body(NewConsultation), responses=problems(409, 413, 415))
    async def start(self, request: Call, body: RawBody) -> ConsultationView:
        """Start a consultation, which becomes the current one."""
        wish = read_body(NewConsultation, body)
        return view(await request.parts.visits.start(request.person, wish))

    @get(responses=problems())
    async def list(self, request: Call) -> ConsultationList:
        """All consultations, and which is current."""
        found, current = await request.parts.visits.list(request.person)
        return ConsultationList(consultations=[view(each) for each in found], current_id=current)

    @get("/current", responses=problems())
    async def current(self, request: Call, camera: FromQuery[UUID | None] = None) -> Current:
        """The current consultation, if there is one; ``camera`` names the one that an open camera is on."""
        return _current(request, await request.parts.visits.current(request.person, camera))

    @put("/current", operation_class=json_body(CurrentChoice), responses=problems(404, 409, 413, 415))
    async def choose(self, request: Call, body: RawBody) -> Current:
        """Make a consultation current, or none."""
        choice = read_body(CurrentChoice, body)
        chosen = await request.parts.visits.choose(request.person, choice.consultation_id)
        return _current(request, CurrentWord(chosen))

    @get("/{consultation_id:uuid}", responses=problems(404))
    async def read(self, request: Call, consultation_id: FromPath[UUID]) -> ConsultationView:
        """One consultation."""
        return view(await request.parts.visits.read(request.person, consultation_id))

    @patch(
        "/{consultation_id:uuid}",
        operation_class=json_body(ConsultationChange),
        responses=problems(404, 409, 413, 415),
    )
    async def change(self, request: Call, consultation_id: FromPath[UUID], body: RawBody) -> ConsultationView:
        """Correct label or identifier, edit the notes, close or reopen."""
        change = read_body(ConsultationChange, body)
        return view(await request.parts.visits.change(request.person, consultation_id, change))

    @post("/{consultation_id:uuid}/discard", status_code=200, responses=problems(404, 409))
    async def discard(self, request: Call, consultation_id: FromPath[UUID]) -> ConsultationView:
        """Take an empty consultation off the list; a photo that arrives later brings it back."""
        return view(await request.parts.visits.discard(request.person, consultation_id))

    @get("/{consultation_id:uuid}/photos", responses=problems(404))
    async def photos(self, request: Call, consultation_id: FromPath[UUID]) -> Response[PhotoList | None]:
        """Stored photos with signed URLs; 304 while neither photos nor URLs would differ."""
        window = _window(request)
        asked = request.headers.get("if-none-match", "")
        if asked:
            rev = await request.parts.visits.rev(request.person, consultation_id)
            if etag_matches(asked, etag := _etag(rev, window)):
                return Response(None, status_code=HTTPStatus.NOT_MODIFIED, headers={"etag": etag})
        photos = await request.parts.visits.photos(request.person, consultation_id, request.signer)
        return Response(photos, headers={"etag": _etag(photos.rev, window)})


def _current(request: Call, word: CurrentWord) -> Current:
    shown = view(word.consultation) if word.consultation else None
    return Current(
        consultation=shown, server_time=request.parts.clock(), closed=word.closed, moves=word.moves
    )


def _window(request: Call) -> int:
    """The 5 minutes in which signed URLs stay the same.

    Read before the URLs are signed: at its edge a tag may be older than they are, never newer.
    """
    return int(request.parts.clock().timestamp()) // WINDOW_S


def _etag(rev: int, window: int) -> str:
    return f'"{rev}-{window}"'
