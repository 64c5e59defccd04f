"""What a session token must say to be accepted: the strict policy, without any keys.

The signature is checked between ``key_id`` and ``validate_claims``. Every refusal is the same
``Unauthenticated``, so that an answer never says which rule a forged token broke.
"""

import base64
import binascii
import json
import re
from typing import Annotated, Any, Literal

import msgspec

from app.domain.errors import SessionPending, Unauthenticated
from app.domain.identity.users import AuthenticatedUser

MAX_TOKEN_CHARS = 4096
MAX_LIFE_S = 600
LEEWAY_S = 5
SESSION_CATEGORY = "cl_B7d4PD111AAA"
UNCLASSED_CATEGORY = "cl_I7d4PD111III"

_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
# Headers by which a token would choose its own key or its own rules of verification.
_REFUSED_HEADERS = frozenset({"jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256", "crit", "b64", "zip", "enc"})
# An impersonated session must not take clinical photos; ours carry no audience.
_REFUSED_CLAIMS = frozenset({"act", "aud"})


class _Header(msgspec.Struct, frozen=True):
    alg: Literal["RS256"]
    kid: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    typ: Literal["JWT"] | msgspec.UnsetType = msgspec.UNSET
    cat: Literal["cl_B7d4PD111AAA", "cl_I7d4PD111III"] | msgspec.UnsetType = msgspec.UNSET


class _Claims(msgspec.Struct, frozen=True):
    iss: str
    azp: str
    sub: Annotated[str, msgspec.Meta(pattern=r"^user_[A-Za-z0-9]{1,59}\Z")]
    sid: Annotated[str, msgspec.Meta(pattern=r"^sess_[A-Za-z0-9]{1,59}\Z")]
    exp: int
    iat: int
    nbf: int
    sts: str | msgspec.UnsetType = msgspec.UNSET


class TokenPolicy(msgspec.Struct, frozen=True):
    """Which issuer may issue tokens, and for pages of which origins."""

    issuer: str
    authorized_parties: frozenset[str]


def key_id(token: str) -> str:
    """The id of the key that signed a token; ``Unauthenticated`` for its size, form or header."""
    if len(token) > MAX_TOKEN_CHARS or not _FORM.fullmatch(token):
        raise Unauthenticated(reason="form")
    try:
        segment = token.partition(".")[0]
        decoded = base64.b64decode(segment + "=" * (-len(segment) % 4), altchars=b"-_", validate=True)
        fields = json.loads(decoded, object_pairs_hook=_unique)
        header = msgspec.convert(fields, _Header)
    except (ValueError, binascii.Error, RecursionError, msgspec.ValidationError):
        raise Unauthenticated(reason="header") from None
    if not _REFUSED_HEADERS.isdisjoint(fields):
        raise Unauthenticated(reason="header")
    return header.kid


def validate_claims(claims: dict[str, Any], policy: TokenPolicy, now: float) -> AuthenticatedUser:
    """Validate the claims of a token whose signature is verified; ``now`` in seconds since 1970.

    Raises ``Unauthenticated``, or ``SessionPending`` for a user who has not finished signing in.
    """
    try:
        facts = msgspec.convert(claims, _Claims)
    except msgspec.ValidationError:
        raise Unauthenticated(reason="claims") from None
    if not _REFUSED_CLAIMS.isdisjoint(claims):
        raise Unauthenticated(reason="claims")
    _meant_for_us(facts, policy)
    _alive(facts, now)
    if facts.sts == "pending":
        raise SessionPending
    if facts.sts not in ("active", msgspec.UNSET):
        raise Unauthenticated(reason="status")
    return AuthenticatedUser(id=facts.sub, session=facts.sid, expires=facts.exp)


def _meant_for_us(facts: _Claims, policy: TokenPolicy) -> None:
    if facts.iss != policy.issuer:
        raise Unauthenticated(reason="issuer")
    if facts.azp not in policy.authorized_parties:
        raise Unauthenticated(reason="authorized-party")


def _alive(facts: _Claims, now: float) -> None:
    """A clock that is wrong here or there shows by how many seconds."""
    begins = max(facts.iat, facts.nbf)
    if begins > now + LEEWAY_S:
        raise Unauthenticated(reason="not-yet-valid", off_s=round(begins - now, 1))
    if facts.exp <= now - LEEWAY_S:
        raise Unauthenticated(reason="expired", off_s=round(now - facts.exp, 1))
    if not 0 < facts.exp - facts.iat <= MAX_LIFE_S:
        raise Unauthenticated(reason="lifetime")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a field that is said twice: readers would differ about which one counts."""
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a field is said twice")
    return fields
