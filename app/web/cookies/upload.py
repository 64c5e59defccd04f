"""The upload cookie: lets the service worker send photos when no page is open to lend it a token.

Only its SHA-256 is kept. It is exchanged from a session token and cannot renew itself.
"""

import hashlib
import secrets
from collections.abc import Awaitable, Callable
from datetime import timedelta

from litestar.datastructures import Cookie

from app.domain.errors import Unauthenticated
from app.domain.identity.users import AuthenticatedUser
from app.domain.ports.clock import Clock
from app.domain.ports.database import Database
from app.web.cookies.host_cookie import Connection, HostCookie
from app.web.middleware.headers import host_of
from app.web.site.policy import Policy

UPLOAD = HostCookie("cp_upload", max_chars=128)

Alive = Callable[[str], Awaitable[bool]]


class UploadCookies:
    """Issues, reads and ends upload cookies.

    ``alive`` returns whether a session is still open where an identity provider can end it elsewhere;
    ``opened`` whether it is open now, for a token that may have outlived it.
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

    async def issue(self, connection: Connection, user: AuthenticatedUser) -> Cookie:
        """A new cookie for the user's session; ``Unauthenticated`` when it has ended.

        The session is checked once the cookie is stored: whatever ends it from then on drops the cookie.
        """
        value = secrets.token_urlsafe(32)
        until = self._clock() + self._lifetime
        async with self._database.transaction() as tx:
            await tx.upload_sessions.add(digest(value), user.id, user.session, until)
        if self._opened is not None and not await self._opened(user.session):
            await self._drop(user)
            raise Unauthenticated
        return UPLOAD.write(self._origin(connection), value, int(self._lifetime.total_seconds()))

    async def end(self, connection: Connection, user: AuthenticatedUser) -> Cookie:
        """Drop every upload cookie of the user's session; the answer removes it from this browser."""
        await self._drop(user)
        return UPLOAD.end(self._origin(connection))

    async def user_of(self, connection: Connection) -> AuthenticatedUser:
        """Whose cookie this is; raises ``Unauthenticated`` when it is unknown or over."""
        value = UPLOAD.read(connection, self._origin(connection))
        if not value:
            raise Unauthenticated
        async with self._database.transaction() as tx:
            found = await tx.upload_sessions.find(digest(value), self._clock())
        if found is None:
            raise Unauthenticated
        owner, session = found
        user = AuthenticatedUser(id=owner, session=session)
        if self._alive is not None and not await self._alive(session):
            await self._drop(user)
            raise Unauthenticated
        return user

    async def _drop(self, user: AuthenticatedUser) -> None:
        async with self._database.transaction() as tx:
            await tx.upload_sessions.delete(user.id, user.session)

    def _origin(self, connection: Connection) -> str:
        scope = connection.scope
        return self._policy.origin(scope.get("scheme", "http"), host_of(scope))


def digest(value: str) -> str:
    """What is kept of a cookie."""
    return hashlib.sha256(value.encode()).hexdigest()
