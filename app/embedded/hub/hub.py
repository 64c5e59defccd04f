"""A hub that speaks the Ably protocol inside the app.

The page's client is the same in both editions, and this one needs no account.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from litestar.types import ControllerRouterHandler

from app.domain.identity.sessions import SessionCheck
from app.domain.ports.clock import Clock
from app.embedded.hub.connection_registry import ConnectionRegistry
from app.embedded.hub.keys import HubKey
from app.embedded.hub.limits import HubLimits
from app.embedded.hub.routes import make_routes


class Hub:
    """Mount ``route_handlers()`` at the root of the app, and await ``close()`` when it stops.

    ``origins`` are the public origins whose pages may connect, ``is_open`` returns whether a session has
    not ended. Call everything from one event loop.
    """

    def __init__(
        self,
        key: HubKey,
        clock: Clock,
        origins: Sequence[str],
        limits: HubLimits | None = None,
        is_open: SessionCheck | None = None,
    ) -> None:
        self._clock = clock
        self._registry = ConnectionRegistry(key, clock, origins, limits or HubLimits(), is_open)

    @property
    def closed(self) -> bool:
        """Whether ``close`` was called."""
        return self._registry.closed

    @property
    def connections(self) -> int:
        """How many pages are connected now."""
        return self._registry.connections

    def now(self) -> datetime:
        """The time against which lifetimes of tokens are checked."""
        return self._clock()

    def sign(self, claims: Mapping[str, object]) -> str:
        """A JWT with the hub's key."""
        return self._registry.tokens.sign(claims)

    def publish(self, channel: str, body: Mapping[str, object]) -> None:
        """Notify every subscriber of ``channel``; an id that was sent lately is not sent again."""
        self._registry.publish(channel, dict(body))

    async def end_signed_out(self) -> None:
        """End the connections of pages whose session has ended."""
        await self._registry.end_signed_out()

    def route_handlers(self) -> Sequence[ControllerRouterHandler]:
        """``GET /time``, ``POST /keys/…``, ``POST /channels/…`` and the WebSocket at ``/``."""
        return make_routes(self._registry)

    async def close(self) -> None:
        """End every connection and wait for them, at most 1.5 s; clients reconnect by themselves."""
        await self._registry.close()
