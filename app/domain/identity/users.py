"""The signed-in user of a request, whichever identity provider verified it."""

from typing import Literal, Protocol

import msgspec


class AuthenticatedUser(msgspec.Struct, kw_only=True, frozen=True):
    """A signed-in user; ``via`` says which credential came, so that routes can refuse the weaker."""

    id: str
    session: str
    via: Literal["token", "upload-cookie"]


class TokenVerifier(Protocol):
    """Verifies a session token and names its user."""

    async def verify(self, token: str) -> AuthenticatedUser:
        """Raises ``Unauthenticated``, ``SessionPending`` or ``KeysUnavailable``."""
        ...
