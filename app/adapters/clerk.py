"""Session tokens of Clerk's form, verified here with pyjwt; the built-in accounts issue the same form.

Clerk's own SDK would accept templates, machine and pending tokens, and asks its server while a
request waits: the policy of ``app/domain/tokens.py`` is strict, and keys come from a cache.
"""

from collections.abc import Iterable
from typing import Any

import jwt

from app.domain import tokens
from app.domain.errors import Unauthenticated
from app.domain.identity import Principal
from app.domain.ports import Clock, KeySet

REMEMBERED_TOKENS = 4096
REMEMBERED_S = 60


class SessionTokenVerifier:
    """Turns a session token into a principal; a believed token is remembered until it ends."""

    def __init__(self, issuer: str, authorized_parties: Iterable[str], keys: KeySet, clock: Clock) -> None:
        self._policy = tokens.TokenPolicy(issuer, frozenset(authorized_parties))
        self._keys = keys
        self._clock = clock
        self._remembered: dict[str, tuple[Principal, float]] = {}

    async def verify(self, token: str) -> Principal:
        """Raises ``Unauthenticated``, ``SessionPending`` or ``KeysUnavailable``."""
        now = self._clock().timestamp()
        principal, until = self._remembered.get(token, (None, 0.0))
        if principal is not None and now < until:
            return principal
        kid = tokens.key_id(token)
        key = await self._keys.key(kid)
        if key is None:
            raise Unauthenticated
        verdict = tokens.judge(self._signed_claims(token, key), self._policy, now)
        self._remember(token, verdict, now)
        return verdict.principal

    def _signed_claims(self, token: str, key: Any) -> dict[str, Any]:
        try:
            return jwt.decode(
                token,
                key,
                algorithms=["RS256"],  # never the token's own choice
                issuer=self._policy.issuer,
                options={
                    "require": ["exp", "iat", "nbf", "iss", "sub", "sid"],
                    # The policy judges times with the app's clock, and refuses any audience.
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                    "verify_aud": False,
                },
            )
        except (jwt.PyJWTError, TypeError, ValueError, OverflowError, RecursionError):
            raise Unauthenticated from None

    def _remember(self, token: str, verdict: tokens.Verdict, now: float) -> None:
        if len(self._remembered) >= REMEMBERED_TOKENS:
            self._remembered.pop(next(iter(self._remembered)))
        # A minute at most, so that a key which was withdrawn stops counting soon.
        self._remembered[token] = (verdict.principal, min(verdict.expires_at, now + REMEMBERED_S))
