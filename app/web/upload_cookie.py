"""The upload cookie: lets the service worker send photos when no page is open to lend it a token.

Opaque, HttpOnly, SameSite=Strict; only its SHA-256 is kept. It is exchanged from a session token
and cannot renew itself. WebKit drops Secure cookies on http, so plain loopback has its own name.
"""

import hashlib
import secrets
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

from app.domain.errors import Unauthenticated
from app.domain.identity import Principal
from app.domain.ports import Clock, Database
from app.web.headers import host_of
from app.web.policy import Policy

SECURE_NAME = "__Host-cp_upload"
PLAIN_NAME = "cp_upload"
MAX_CHARS = 128

Connection = ASGIConnection[Any, Any, Any, Any]
Alive = Callable[[str], Awaitable[bool]]


class UploadCookies:
    """Issues, reads and ends upload cookies.

    ``alive`` says whether a session still lives where an identity provider can end it elsewhere;
    ``opened`` whether it lives now, for a token that may have outlived it.
    """

    def __init__(
        self,
        database: Database,
        policy: Policy,
        clock: Clock,
        hours: int,
        alive: Alive | None = None,
        opened: Alive | None = None,
    ) -> None:
        self._database = database
        self._policy = policy
        self._clock = clock
        self._lifetime = timedelta(hours=hours)
        self._alive = alive
        self._opened = opened

    async def issue(self, connection: Connection, principal: Principal) -> Cookie:
        """A new cookie for the principal's session; ``Unauthenticated`` when it has ended.

        Asked when the cookie is on record already: whatever ends the session from then on drops it.
        """
        value = secrets.token_urlsafe(32)
        until = self._clock() + self._lifetime
        async with self._database.transaction() as records:
            await records.add_upload_session(digest(value), principal.user, principal.session, until)
        if self._opened is not None and not await self._opened(principal.session):
            await self._drop(principal)
            raise Unauthenticated
        return self._cookie(connection, value, int(self._lifetime.total_seconds()))

    async def end(self, connection: Connection, principal: Principal) -> Cookie:
        """Forget every upload cookie of the principal's session; the answer removes it here."""
        await self._drop(principal)
        return self._cookie(connection, "", 0)

    async def principal(self, connection: Connection) -> Principal:
        """Whose cookie this is; raises ``Unauthenticated`` when it is unknown or over."""
        value = connection.cookies.get(self._name(connection), "")
        if not value or len(value) > MAX_CHARS:
            raise Unauthenticated
        async with self._database.transaction() as records:
            found = await records.upload_session(digest(value), self._clock())
        if found is None:
            raise Unauthenticated
        user, session = found
        principal = Principal(user=user, session=session, via="upload-cookie")
        if self._alive is not None and not await self._alive(session):
            await self._drop(principal)
            raise Unauthenticated
        return principal

    async def _drop(self, principal: Principal) -> None:
        async with self._database.transaction() as records:
            await records.drop_upload_sessions(principal.user, principal.session)

    def _cookie(self, connection: Connection, value: str, max_age: int) -> Cookie:
        return Cookie(
            key=self._name(connection),
            value=value,
            max_age=max_age,
            path="/",
            httponly=True,
            samesite="strict",
            secure=self._secure(connection),
        )

    def _name(self, connection: Connection) -> str:
        return SECURE_NAME if self._secure(connection) else PLAIN_NAME

    def _secure(self, connection: Connection) -> bool:
        scope = connection.scope
        return self._policy.origin(scope.get("scheme", "http"), host_of(scope)).startswith("https:")


def digest(value: str) -> str:
    """What is kept of a cookie."""
    return hashlib.sha256(value.encode()).hexdigest()
