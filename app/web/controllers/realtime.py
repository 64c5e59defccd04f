"""Tokens for the signal channel."""

from litestar import Controller, get

from app.domain.photos import Schema
from app.domain.signals import TOKEN_SECONDS
from app.web.call import Call
from app.web.controllers.problems_spec import problems


class RealtimeToken(Schema, frozen=True):
    """A JWT that may subscribe to the user's own channel, and its life in seconds."""

    token: str
    expires_in: int


class RealtimeController(Controller):
    """Signals to open pages."""

    path = "/api/realtime"
    tags = ("Realtime",)

    @get("/token", responses=problems())
    async def token(self, request: Call) -> RealtimeToken:
        """A token for exactly ``user:{sub}``, subscribe only."""
        token = request.parts.signals.token(request.person, request.principal.session)
        return RealtimeToken(token=token, expires_in=TOKEN_SECONDS)
