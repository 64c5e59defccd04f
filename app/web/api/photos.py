"""Stored photos: describe, move, delete."""

from uuid import UUID

from litestar import Controller, delete, patch, post
from litestar.params import FromPath, FromQuery, RawBody

from app.domain.photos.model import PhotoChange, PhotoView, Receipt, Schema
from app.web.api.problems_spec import problems
from app.web.api_request import ApiRequest
from app.web.bodies import json_body, read_body


class Move(Schema, frozen=True):
    """The consultation under which a photo is filed from now on."""

    consultation_id: UUID


class PhotoController(Controller):
    """The photos of the signed-in user."""

    path = "/api/photos/{photo_id:uuid}"
    tags = ("Photos",)

    @patch(operation_class=json_body(PhotoChange), responses=problems(404, 413, 415))
    async def describe(self, request: ApiRequest, photo_id: FromPath[UUID], body: RawBody) -> PhotoView:
        """Caption, body site, side, view, and whether its place is right; absent fields stay."""
        change = read_body(PhotoChange, body)
        return await request.services.uploads.describe(request.user_id, photo_id, change, request.signer)

    @delete(status_code=200, responses=problems(404, 409))
    async def delete(
        self, request: ApiRequest, photo_id: FromPath[UUID], owner: FromQuery[str | None] = None
    ) -> Receipt:
        """Tombstone and erase; idempotent, for photos on their way too.

        A phone names the ``owner`` for whom it asks: under somebody else's sign-in "not found" would
        tell it nothing.
        """
        return await request.services.uploads.delete(request.user_id, photo_id, owner)

    @post("/move", status_code=200, operation_class=json_body(Move), responses=problems(404, 413, 415))
    async def move(self, request: ApiRequest, photo_id: FromPath[UUID], body: RawBody) -> PhotoView:
        """File under another consultation of the same user."""
        target = read_body(Move, body).consultation_id
        return await request.services.uploads.move(request.user_id, photo_id, target, request.signer)
