"""The hub without its routes: tokens, channels and the connections that are open now."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Iterable
from urllib.parse import urlsplit

from app.domain.identity.sessions import SessionCheck
from app.domain.ports.clock import Clock
from app.embedded.hub import errors
from app.embedded.hub.channels import Channels
from app.embedded.hub.connection import Connection, Socket
from app.embedded.hub.errors import HubError
from app.embedded.hub.frames import Format, Frame
from app.embedded.hub.keys import HubKey
from app.embedded.hub.limits import HubLimits
from app.embedded.hub.tokens import Grant, TokenService

_CLOSE_SECONDS = 1.5
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


class ConnectionRegistry:
    """One for each process, used from one event loop."""

    def __init__(
        self,
        key: HubKey,
        clock: Clock,
        origins: Iterable[str],
        limits: HubLimits,
        is_open: SessionCheck | None = None,
    ) -> None:
        """``is_open`` returns whether the session of a token has not ended."""
        self.tokens = TokenService(key, clock, limits.shortest_token_seconds)
        self.channels = Channels()
        self.limits = limits
        self.closed = False
        self._is_open = is_open
        self._origins = frozenset(map(_normal, origins))
        self._open: set[Connection] = set()
        self._open_by_client: Counter[str] = Counter()
        self._empty = asyncio.Event()
        self._empty.set()

    @property
    def connections(self) -> int:
        """How many pages are connected now."""
        return len(self._open)

    def accepts_origin(self, origin: str | None, host: str) -> bool:
        """Public origins, and this machine's own pages under whichever of its names they were opened.

        A browser always names the page's origin; other programs send none and need a token anyway.
        """
        if origin is None or _normal(origin) in self._origins:
            return True
        parts = urlsplit(origin.lower())
        return parts.hostname in _THIS_MACHINE and parts.netloc == host.lower()

    def publish(self, channel: str, body: Frame) -> str:
        """Notify every subscriber of ``channel``; an id that was sent lately is not sent again."""
        sent_at = int(self.tokens.now() * 1000)
        return self.channels.publish(channel, body, _monotonic(), sent_at) or self.channels.serial

    def new_id(self) -> str:
        """An id for a message that came without one."""
        return secrets.token_urlsafe(12)

    def check_capacity(self, grant: Grant) -> None:
        """Raise ``HubError`` when one more connection would be too many."""
        full = len(self._open) >= self.limits.connections
        if self.closed or full or self._open_by_client[grant.client] >= self.limits.connections_for_each_user:
            raise errors.going_away()

    async def check_session(self, session: str) -> None:
        """Raise ``HubError`` when the session of a token has ended."""
        if self._is_open is not None and not await self._is_open(session):
            raise errors.token_revoked()

    async def end_signed_out(self) -> None:
        """End every connection whose session has ended."""
        for session in {connection.session for connection in self._open}:
            try:
                await self.check_session(session)
            except HubError as refusal:
                self._end(session, refusal)

    def _end(self, session: str, refusal: HubError) -> None:
        for connection in [each for each in self._open if each.session == session]:
            connection.end(refusal)

    async def serve(self, socket: Socket, wire: Format, grant: Grant) -> None:
        """Serve one connection until it is over."""
        connection = Connection(socket, wire, grant, self.tokens, self.channels, self.limits)
        self._open.add(connection)
        self._open_by_client[grant.client] += 1
        self._empty.clear()
        try:
            await connection.serve()
        finally:
            self._remove(connection)

    async def close(self) -> None:
        """End every connection and wait for them, at most 1.5 s; clients reconnect by themselves."""
        self.closed = True
        for connection in tuple(self._open):
            connection.end(errors.going_away())
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._empty.wait()
        except TimeoutError:
            return

    def _remove(self, connection: Connection) -> None:
        self._open.discard(connection)
        self._open_by_client[connection.client] -= 1
        if not self._open_by_client[connection.client]:
            del self._open_by_client[connection.client]
        if not self._open:
            self._empty.set()


def _normal(origin: str) -> str:
    """An origin as browsers write it: lower case, without the default port."""
    parts = urlsplit(origin.lower())
    default = {"http": ":80", "https": ":443"}.get(parts.scheme, "")
    return f"{parts.scheme}://{parts.netloc.removesuffix(default) if default else parts.netloc}"


def _monotonic() -> float:
    return asyncio.get_running_loop().time()
