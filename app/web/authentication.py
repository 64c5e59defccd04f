"""Who is asking: deny by default under ``/api/``, Bearer token first, upload cookie where listed.

The two lists name routes as ``METHOD template``. A route under ``/api/`` that stands on neither
needs a session token; a test walks the app's own route table to prove it.
"""

import base64
import binascii
from collections.abc import Callable
from typing import Any

import msgspec
import structlog
from litestar.connection import ASGIConnection

from app.domain.errors import Unauthenticated
from app.domain.identity import Principal, TokenVerifier
from app.domain.ports import Clock
from app.domain.sessions import Ask
from app.web.upload_cookie import UploadCookies

Connection = ASGIConnection[Any, Any, Any, Any]

MAX_TOKEN_CHARS = 4096
_log = structlog.get_logger("clinicpro")
REMEMBERED = 4096

# Local accounts only: each proves by itself who asks, by password or by the login cookie.
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
    """Finds the principal of a request, or refuses it."""

    def __init__(
        self,
        verifier: TokenVerifier,
        cookies: UploadCookies,
        is_open: Ask | None = None,
        count_refusal: Callable[[str], None] = lambda _: None,
    ) -> None:
        """``is_open`` says whether the session of a token, which outlives it, has not ended.

        ``count_refusal`` hears the reason of each token that is refused.
        """
        self._count_refusal = count_refusal
        self._verifier = verifier
        self._cookies = cookies
        self._is_open = is_open

    async def admit(self, connection: Connection) -> None:
        """Put the principal into the scope; raises ``Unauthenticated`` for a route that needs one."""
        scope = connection.scope
        template = str(scope.get("path_template", ""))
        route = f"{scope.get('method', 'WEBSOCKET')} {template}"
        if not template.startswith("/api/") or route in PUBLIC:
            return
        scope["user"] = await self._principal(connection, route)

    async def _principal(self, connection: Connection, route: str) -> Principal:
        # A token that was sent is judged alone: its failure must not fall back on another credential.
        if (header := connection.headers.get("authorization")) is not None:
            return await self._of_token(bearer(header))
        if route in UPLOAD_COOKIE:
            return await self._cookies.principal(connection)
        raise Unauthenticated

    async def _of_token(self, token: str) -> Principal:
        try:
            principal = await self._verifier.verify(token)
            if self._is_open is not None and not await self._is_open(principal.session):
                raise Unauthenticated(reason="ended")
        except Unauthenticated as refused:
            self._tell(refused)
            raise
        return principal

    def _tell(self, refused: Unauthenticated) -> None:
        """The answer never says which rule a token broke; the operator must see why nobody gets in."""
        reason = refused.reason or "other"
        _log.warning("token.refused", reason=reason, age_s=refused.off_s or None)
        self._count_refusal(reason)


def bearer(header: str) -> str:
    """The token of an Authorization header, of acceptable length."""
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token or len(token) > MAX_TOKEN_CHARS:
        raise Unauthenticated
    return token


class _Lifetime(msgspec.Struct, frozen=True):
    exp: int


class RememberingVerifier:
    """Remembers verified tokens until they expire, since a page sends one token with every request."""

    def __init__(self, verifier: TokenVerifier, clock: Clock, limit: int = REMEMBERED) -> None:
        self._verifier = verifier
        self._clock = clock
        self._limit = limit
        self._known: dict[str, tuple[Principal, int]] = {}
        self._forgets = 0

    async def verify(self, token: str) -> Principal:
        """The principal; asks the real verifier only for tokens not seen yet."""
        if (known := self._known.get(token)) is not None:
            if self._clock().timestamp() < known[1]:
                return known[0]
            del self._known[token]
        forgets = self._forgets
        principal = await self._verifier.verify(token)
        # A session revoked while its token was being verified must not be remembered.
        if forgets == self._forgets:
            self._remember(token, principal)
        return principal

    def forget(self, session: str) -> None:
        """Ask the real verifier again for every token of a session, which may have been revoked."""
        self._forgets += 1
        self._known = {token: known for token, known in self._known.items() if known[0].session != session}

    def _remember(self, token: str, principal: Principal) -> None:
        if len(self._known) >= self._limit:
            self._make_room()
        if (expires := _expiry(token)) is not None:
            self._known[token] = (principal, expires)

    def _make_room(self) -> None:
        now = self._clock().timestamp()
        self._known = {token: known for token, known in self._known.items() if known[1] > now}
        while len(self._known) >= self._limit:
            del self._known[next(iter(self._known))]


def _expiry(token: str) -> int | None:
    """``exp`` of a token whose signature has been verified; None for one that is no JWT."""
    try:
        segment = token.split(".")[1]
        claims = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
        return msgspec.json.decode(claims, type=_Lifetime).exp
    except (IndexError, binascii.Error, msgspec.DecodeError):
        return None
