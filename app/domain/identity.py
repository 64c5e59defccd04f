"""Who is asking: a verified principal, whichever identity provider vouched for it."""

from typing import Literal, Protocol

import msgspec


class Principal(msgspec.Struct, kw_only=True, frozen=True):
    """A signed-in user; ``via`` says which credential came, so that routes can refuse the weaker."""

    user: str
    session: str
    via: Literal["token", "upload-cookie"]


class TokenVerifier(Protocol):
    """Turns a session token into a principal."""

    async def verify(self, token: str) -> Principal:
        """Raises ``Unauthenticated``, ``SessionPending`` or ``KeysUnavailable``."""
        ...
