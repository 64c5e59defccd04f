"""A hub that speaks the Ably protocol inside the app, so that the page's client is the same in both
editions and nobody needs an account.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from litestar.types import ControllerRouterHandler

from app.domain.ports import Clock
from app.domain.sessions import Ask
from app.embedded.hub.keys import HubKey
from app.embedded.hub.limits import HubLimits
from app.embedded.hub.routes import make_routes
from app.embedded.hub.switchboard import Switchboard


class Hub:
    """Mount ``route_handlers()`` at the root of the app, and await ``close()`` when it stops.

    ``origins`` are the public origins whose pages may connect, ``is_open`` says whether a session has not
    ended. Call everything from one event loop.
    """

    def __init__(
        self,
        key: HubKey,
        clock: Clock,
        origins: Sequence[str],
        limits: HubLimits | None = None,
        is_open: Ask | None = None,
    ) -> None:
        self._clock = clock
        self._board = Switchboard(key, clock, origins, limits or HubLimits(), is_open)

    @property
    def closed(self) -> bool:
        """Whether ``close`` was called."""
        return self._board.closed

    @property
    def connections(self) -> int:
        """How many pages are connected now."""
        return self._board.connections

    def now(self) -> datetime:
        """The time by which lifetimes of tokens are judged."""
        return self._clock()

    def sign(self, claims: Mapping[str, object]) -> str:
        """A JWT with the hub's key."""
        return self._board.tokens.sign(claims)

    def publish(self, channel: str, body: Mapping[str, object]) -> None:
        """Tell everybody who listens to ``channel``; an id that was sent lately is not sent again."""
        self._board.publish(channel, dict(body))

    async def end_left(self) -> None:
        """End the connections of pages whose session has ended."""
        await self._board.end_left()

    def route_handlers(self) -> Sequence[ControllerRouterHandler]:
        """``GET /time``, ``POST /keys/…``, ``POST /channels/…`` and the WebSocket at ``/``."""
        return make_routes(self._board)

    async def close(self) -> None:
        """Send every page away and wait for them, at most 1.5 s; they come back by themselves."""
        await self._board.close()
