"""Authentication: deny by default under ``/api/``, Bearer token first, upload cookie where listed.

The two lists name routes as ``METHOD template``. A route under ``/api/`` that is on neither
needs a session token; a test checks this over the app's own route table.
"""

from collections.abc import Callable
from typing import Any

import structlog
from litestar.connection import ASGIConnection

from app.domain.errors import Unauthenticated
from app.domain.identity.sessions import SessionCheck
from app.domain.identity.users import AuthenticatedUser, TokenVerifier
from app.domain.ports.clock import Clock
from app.web.cookies.upload import UploadCookies

Connection = ASGIConnection[Any, Any, Any, Any]

MAX_TOKEN_CHARS = 4096
_log = structlog.get_logger("clinicpro")
CACHED_TOKENS = 4096

# Local accounts only: each authenticates the user by itself, by password or by the login cookie.
PUBLIC = frozenset(
    {
        "GET /api/session",
        "POST /api/session",
        "POST /api/session/token",
        "DELETE /api/session",
        "PUT /api/session/password",
    }
)

# What the worker may do hours later with no page open, and nothing that shows or erases a photo.
UPLOAD_COOKIE = frozenset(
    {
        "POST /api/uploads/presign",
        "POST /api/uploads/{photo_id}/complete",
        "GET /api/uploads/{photo_id}",
        "PUT /api/devices/current/captures",
        "DELETE /api/upload-session",
    }
)


class Authenticator:
    """Finds the user of a request, or refuses it."""

    def __init__(
        self,
        verifier: TokenVerifier,
        cookies: UploadCookies,
        is_open: SessionCheck | None = None,
        count_refusal: Callable[[str], None] = lambda _: None,
    ) -> None:
        """``is_open`` returns whether the session of a token, which outlives it, has not ended.

        ``count_refusal`` is called with the reason of each token that is refused.
        """
        self._count_refusal = count_refusal
        self._verifier = verifier
        self._cookies = cookies
        self._is_open = is_open

    async def authenticate(self, connection: Connection) -> None:
        """Put the user into the scope; raises ``Unauthenticated`` for a route that needs one."""
        scope = connection.scope
        template = str(scope.get("path_template", ""))
        route = f"{scope.get('method', 'WEBSOCKET')} {template}"
        if not template.startswith("/api/") or route in PUBLIC:
            return
        scope["user"] = await self._user_of(connection, route)

    async def _user_of(self, connection: Connection, route: str) -> AuthenticatedUser:
        # A token that was sent is verified alone: its failure must not fall back on another credential.
        if (header := connection.headers.get("authorization")) is not None:
            return await self._of_token(bearer(header))
        if route in UPLOAD_COOKIE:
            return await self._cookies.user_of(connection)
        raise Unauthenticated

    async def _of_token(self, token: str) -> AuthenticatedUser:
        try:
            user = await self._verifier.verify(token)
            if self._is_open is not None and not await self._is_open(user.session):
                raise Unauthenticated(reason="ended")
        except Unauthenticated as refused:
            self._log_refusal(refused)
            raise
        return user

    def _log_refusal(self, refused: Unauthenticated) -> None:
        """The answer never says which rule a token broke; the operator must see why tokens are refused."""
        reason = refused.reason or "other"
        _log.warning("token.refused", reason=reason, age_s=refused.off_s or None)
        self._count_refusal(reason)


def bearer(header: str) -> str:
    """The token of an Authorization header, of acceptable length."""
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token or len(token) > MAX_TOKEN_CHARS:
        raise Unauthenticated
    return token


class CachingTokenVerifier:
    """Remembers verified tokens until they expire, since a page sends one token with every request."""

    def __init__(self, verifier: TokenVerifier, clock: Clock, limit: int = CACHED_TOKENS) -> None:
        self._verifier = verifier
        self._clock = clock
        self._limit = limit
        self._known: dict[str, tuple[AuthenticatedUser, int]] = {}

    async def verify(self, token: str) -> AuthenticatedUser:
        """The user; asks the real verifier only for tokens not seen yet."""
        if (known := self._known.get(token)) is not None:
            if self._clock().timestamp() < known[1]:
                return known[0]
            del self._known[token]
        user = await self._verifier.verify(token)
        self._remember(token, user)
        return user

    def _remember(self, token: str, user: AuthenticatedUser) -> None:
        if len(self._known) >= self._limit:
            self._make_room()
        if user.expires is not None:
            self._known[token] = (user, user.expires)

    def _make_room(self) -> None:
        now = self._clock().timestamp()
        self._known = {token: known for token, known in self._known.items() if known[1] > now}
        while len(self._known) >= self._limit:
            del self._known[next(iter(self._known))]
