"""Tokens for the signal channel."""

from litestar import Controller, get

from app.domain.photos.model import Schema
from app.domain.signals import TOKEN_SECONDS
from app.web.api.problems_spec import problems
from app.web.api_request import ApiRequest


class RealtimeToken(Schema, frozen=True):
    """A JWT that may subscribe to the user's own channel, and its life in seconds."""

    token: str
    expires_in: int


class RealtimeController(Controller):
    """Signals to open pages."""

    path = "/api/realtime"
    tags = ("Realtime",)

    @get("/token", responses=problems())
    async def token(self, request: ApiRequest) -> RealtimeToken:
        """A token for exactly ``user:{sub}``, subscribe only."""
        token = request.services.signals.token(request.user_id, request.user.session)
        return RealtimeToken(token=token, expires_in=TOKEN_SECONDS)
