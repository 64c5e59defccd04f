"""Session tokens of Clerk's form, verified here with pyjwt; the built-in accounts issue the same form.

Clerk's own SDK would accept templates, machine and pending tokens, and asks its server while a
request waits: the policy of ``app/domain/identity/tokens.py`` is strict, and keys come from a cache.
"""

from collections.abc import Iterable
from typing import Any

import jwt

from app.domain.errors import Unauthenticated
from app.domain.identity import tokens
from app.domain.identity.users import AuthenticatedUser
from app.domain.ports.clock import Clock
from app.domain.ports.identity import KeySet


class SessionTokenVerifier:
    """Verifies a session token and names its user; ``app/web`` caches the answer until the token ends."""

    def __init__(self, issuer: str, authorized_parties: Iterable[str], keys: KeySet, clock: Clock) -> None:
        self._policy = tokens.TokenPolicy(issuer, frozenset(authorized_parties))
        self._keys = keys
        self._clock = clock

    async def verify(self, token: str) -> AuthenticatedUser:
        """Raises ``Unauthenticated``, ``SessionPending`` or ``KeysUnavailable``."""
        kid = tokens.key_id(token)
        key = await self._keys.key(kid)
        if key is None:
            raise Unauthenticated(reason="unknown-key")
        claims = self._signed_claims(token, key)
        return tokens.validate_claims(claims, self._policy, self._clock().timestamp())

    def _signed_claims(self, token: str, key: Any) -> dict[str, Any]:
        try:
            return jwt.decode(
                token,
                key,
                algorithms=["RS256"],  # never the token's own choice
                issuer=self._policy.issuer,
                options={
                    "require": ["exp", "iat", "nbf", "iss", "sub", "sid"],
                    # The policy checks times with the app's clock, and refuses any audience.
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                    "verify_aud": False,
                },
            )
        except (jwt.PyJWTError, TypeError, ValueError, OverflowError, RecursionError) as refused:
            raise Unauthenticated(reason=_reason(refused)) from None


def _reason(refused: Exception) -> str:
    if isinstance(refused, jwt.InvalidSignatureError):
        return "signature"
    return "issuer" if isinstance(refused, jwt.InvalidIssuerError) else "claims"
