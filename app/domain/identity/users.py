"""The signed-in user of a request, whichever identity provider verified it."""

from typing import Protocol

import msgspec


class AuthenticatedUser(msgspec.Struct, kw_only=True, frozen=True):
    """A signed-in user; ``expires``: when their token ends, in seconds since 1970; None without a token."""

    id: str
    session: str
    expires: int | None = None


class TokenVerifier(Protocol):
    """Verifies a session token and names its user."""

    async def verify(self, token: str) -> AuthenticatedUser:
        """Raises ``Unauthenticated``, ``SessionPending`` or ``KeysUnavailable``."""
        ...
