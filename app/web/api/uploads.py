"""A photo's way over HTTP: presign a batch, complete, ask for its state."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.openapi.spec import Operation
from litestar.params import FromPath, RawBody

from app.domain.errors import CaptureError
from app.domain.photos.model import CapturedPhoto, CompletionClaim, Receipt, Schema
from app.domain.photos.uploads import PresignedPhoto, UploadState
from app.domain.ports.storage import SignedUpload
from app.web.api.problems_spec import problems
from app.web.api_request import ApiRequest
from app.web.bodies import MALFORMED, inline_schema, invalid_field, json_body, operation_with, read_body
from app.web.problems import Problem, problem

MOST_PHOTOS = 20


class PresignRequest(Schema, frozen=True):
    """1 to 20 photos, left undecoded so that a malformed one fails alone."""

    photos: Annotated[list[msgspec.Raw], msgspec.Meta(min_length=1, max_length=MOST_PHOTOS)]


class PresignResult(Schema, frozen=True):
    """One photo's answer: a signed upload, the receipt of one already stored, or a problem."""

    photo_id: UUID | None
    upload: SignedUpload | msgspec.UnsetType = msgspec.UNSET
    receipt: Receipt | msgspec.UnsetType = msgspec.UNSET
    problem: Problem | msgspec.UnsetType = msgspec.UNSET


class PresignAnswer(Schema, frozen=True):
    """Results in the order asked."""

    results: list[PresignResult]


class _Named(msgspec.Struct, rename="camel"):
    photo_id: UUID


def _presign_operation() -> type[Operation]:
    items = {"type": "array", "items": inline_schema(CapturedPhoto), "minItems": 1, "maxItems": MOST_PHOTOS}
    return operation_with(
        {
            "type": "object",
            "properties": {"photos": items},
            "required": ["photos"],
            "additionalProperties": False,
        }
    )


class UploadController(Controller):
    """Uploads of the signed-in user, by session token or by upload cookie."""

    path = "/api/uploads"
    tags = ("Uploads",)

    @post(
        "/presign",
        status_code=200,
        operation_class=_presign_operation(),
        responses=problems(413, 415),
    )
    async def presign(self, request: ApiRequest, body: RawBody) -> PresignAnswer:
        """A signed PUT for each photo; a bad item gets its own problem and spoils no other."""
        read = [_photo(index, raw) for index, raw in enumerate(read_body(PresignRequest, body).photos)]
        good = [photo for photo in read if isinstance(photo, CapturedPhoto)]
        granted = iter(await request.services.uploads.presign(request.user_id, good, request.signer))
        results = [
            _result(next(granted), request.request_id)
            if isinstance(photo, CapturedPhoto)
            else PresignResult(photo_id=photo.photo_id, problem=problem(photo.error, request.request_id))
            for photo in read
        ]
        return PresignAnswer(results=results)

    @post(
        "/{photo_id:uuid}/complete",
        status_code=200,
        operation_class=json_body(CompletionClaim),
        responses=problems(404, 409, 413, 415, 422, 507),
    )
    async def complete(self, request: ApiRequest, photo_id: FromPath[UUID], body: RawBody) -> Receipt:
        """Verify the stored object and answer the receipt; idempotent."""
        claim = read_body(CompletionClaim, body)
        return await request.services.uploads.complete(request.user_id, photo_id, claim)

    @get("/{photo_id:uuid}", responses=problems(404))
    async def state(self, request: ApiRequest, photo_id: FromPath[UUID]) -> UploadState:
        """Where one upload stands."""
        return await request.services.uploads.state(request.user_id, photo_id)


class _Refused(msgspec.Struct, frozen=True):
    photo_id: UUID | None
    error: CaptureError


def _photo(index: int, raw: msgspec.Raw) -> CapturedPhoto | _Refused:
    try:
        return msgspec.json.decode(raw, type=CapturedPhoto)
    except MALFORMED as error:
        return _Refused(_photo_id(raw), invalid_field(error, f"photos[{index}]"))


def _photo_id(raw: msgspec.Raw) -> UUID | None:
    """The id of a malformed item, so that the phone knows which photo is meant."""
    try:
        return msgspec.json.decode(raw, type=_Named).photo_id
    except MALFORMED:
        return None


def _result(granted: PresignedPhoto, request_id: str) -> PresignResult:
    refused = problem(granted.error, request_id) if granted.error else msgspec.UNSET
    return PresignResult(
        photo_id=granted.photo_id,
        upload=granted.upload or msgspec.UNSET,
        receipt=granted.receipt or msgspec.UNSET,
        problem=refused,
    )
