"""Consultations: start, list, read, change, choose, and the photos of one."""

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from uuid import UUID

from litestar import Controller, Response, get, patch, post, put
from litestar.params import FromPath, FromQuery, RawBody

from app.domain.consultations.model import (
    ConsultationChange,
    ConsultationView,
    CurrentAnswer,
    CurrentChoice,
    Move,
    NewConsultation,
    consultation_view,
)
from app.domain.consultations.service import PhotoList
from app.domain.photos.model import Schema
from app.web.api.problems_spec import problems
from app.web.api_request import ApiRequest
from app.web.bodies import json_body, read_body
from app.web.site.assets import etag_matches

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
    async def start(self, request: ApiRequest, body: RawBody) -> ConsultationView:
        """Start a consultation, which becomes the current one."""
        new = read_body(NewConsultation, body)
        return consultation_view(await request.services.consultations.start(request.user_id, new))

    @get(responses=problems())
    async def list(self, request: ApiRequest) -> ConsultationList:
        """All consultations, and which is current."""
        found, current = await request.services.consultations.list(request.user_id)
        return ConsultationList(consultations=[consultation_view(each) for each in found], current_id=current)

    @get("/current", responses=problems())
    async def current(self, request: ApiRequest, camera: FromQuery[UUID | None] = None) -> Current:
        """The current consultation, if there is one; ``camera`` names the one that an open camera is on."""
        return _current_view(request, await request.services.consultations.current(request.user_id, camera))

    @put("/current", operation_class=json_body(CurrentChoice), responses=problems(404, 409, 413, 415))
    async def choose(self, request: ApiRequest, body: RawBody) -> Current:
        """Make a consultation current, or none."""
        choice = read_body(CurrentChoice, body)
        chosen = await request.services.consultations.choose(request.user_id, choice.consultation_id)
        return _current_view(request, CurrentAnswer(chosen))

    @get("/{consultation_id:uuid}", responses=problems(404))
    async def read(self, request: ApiRequest, consultation_id: FromPath[UUID]) -> ConsultationView:
        """One consultation."""
        return consultation_view(await request.services.consultations.read(request.user_id, consultation_id))

    @patch(
        "/{consultation_id:uuid}",
        operation_class=json_body(ConsultationChange),
        responses=problems(404, 409, 413, 415),
    )
    async def change(
        self, request: ApiRequest, consultation_id: FromPath[UUID], body: RawBody
    ) -> ConsultationView:
        """Correct label or identifier, edit the notes, close or reopen."""
        change = read_body(ConsultationChange, body)
        return consultation_view(
            await request.services.consultations.change(request.user_id, consultation_id, change)
        )

    @post("/{consultation_id:uuid}/discard", status_code=200, responses=problems(404, 409))
    async def discard(self, request: ApiRequest, consultation_id: FromPath[UUID]) -> ConsultationView:
        """Take an empty consultation off the list; a photo that arrives later brings it back."""
        return consultation_view(
            await request.services.consultations.discard(request.user_id, consultation_id)
        )

    @get("/{consultation_id:uuid}/photos", responses=problems(404))
    async def photos(
        self, request: ApiRequest, consultation_id: FromPath[UUID]
    ) -> Response[PhotoList | None]:
        """Stored photos with signed URLs; 304 while neither photos nor URLs would differ."""
        window = _window(request)
        asked = request.headers.get("if-none-match", "")
        if asked:
            rev = await request.services.consultations.rev(request.user_id, consultation_id)
            if etag_matches(asked, etag := _etag(rev, window)):
                return Response(None, status_code=HTTPStatus.NOT_MODIFIED, headers={"etag": etag})
        photos = await request.services.consultations.photos(request.user_id, consultation_id, request.signer)
        return Response(photos, headers={"etag": _etag(photos.rev, window)})


def _current_view(request: ApiRequest, answer: CurrentAnswer) -> Current:
    consultation = consultation_view(answer.consultation) if answer.consultation else None
    now = request.services.clock()
    return Current(consultation=consultation, server_time=now, closed=answer.closed, moves=answer.moves)


def _window(request: ApiRequest) -> int:
    """The 5 minutes in which signed URLs stay the same.

    Read before the URLs are signed: at its edge a tag may be older than they are, never newer.
    """
    return int(request.services.clock().timestamp()) // WINDOW_S


def _etag(rev: int, window: int) -> str:
    return f'"{rev}-{window}"'
