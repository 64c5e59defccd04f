"""Reads and issues tokens, more strictly than Ably.

A capability must be written out, lifetimes have bounds, and no wildcard subscribes to more than one channel.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

import jwt
import msgspec
from jwt.types import Options

from app.domain.ports.clock import Clock
from app.domain.signals import SESSION_CLAIM
from app.embedded.hub import errors
from app.embedded.hub.keys import HubKey

_LONGEST_SECONDS = 24 * 3600
_WINDOW_SECONDS = 180
_UNCHECKED = Options(verify_exp=False, verify_iat=False, verify_nbf=False, require=["exp", "iat"])


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What one token allows, until when (seconds since 1970), and in which session it was asked for."""

    client: str
    session: str
    capability: Mapping[str, frozenset[str]]
    issued: float
    expires: float

    def may_subscribe(self, channel: str) -> bool:
        """Only a channel that is named in full; no wildcard counts."""
        return "*" not in channel and "subscribe" in self.capability.get(channel, frozenset())

    def may_publish(self, channel: str) -> bool:
        """A channel named in full, or every ``user:*``."""
        return any("publish" in self.capability.get(name, frozenset()) for name in (channel, "user:*"))


class TokenRequest(msgspec.Struct, frozen=True, rename="camel"):
    """A client's signed request for a token; ``timestamp`` and ``ttl`` in ms."""

    key_name: str
    timestamp: int
    nonce: str
    mac: str
    capability: str | None = None
    client_id: str | None = None
    ttl: int | None = None

    def signature(self, secret: str) -> str:
        """The MAC that this request must carry; an absent field counts as empty."""
        fields = (self.key_name, self.ttl, self.capability, self.client_id, self.timestamp, self.nonce)
        text = "".join(f"{'' if field is None else field}\n" for field in fields)
        return base64.b64encode(hmac.digest(secret.encode(), text.encode(), hashlib.sha256)).decode()


class TokenService:
    """Everything that is signed with one hub key; times come from the clock handed in."""

    def __init__(self, key: HubKey, clock: Clock, shortest_seconds: int) -> None:
        self._key = key
        self._clock = clock
        self._shortest = shortest_seconds
        self._nonces: dict[str, float] = {}

    def now(self) -> float:
        """Seconds since 1970, by the clock against which lifetimes are checked."""
        return self._clock().timestamp()

    def sign(self, claims: Mapping[str, object]) -> str:
        """A JWT with this hub's key."""
        return jwt.encode(dict(claims), self._key.secret, "HS256", headers={"kid": self._key.name})

    def read(self, token: str) -> Grant:
        """Verify a token; raises ``HubError`` with the code that says what the client must do."""
        claims = self._verified(token)
        grant = _grant(claims)
        if grant.expires <= self.now():
            raise errors.token_expired()
        if not self._shortest <= grant.expires - grant.issued <= _LONGEST_SECONDS:
            raise errors.token_invalid()
        return grant

    def read_header(self, authorization: str) -> Grant | None:
        """The grant of an ``Authorization`` header; None for the hub's own key, which may do all.

        Client libraries wrap both kinds of credentials in base64; a bare JWT is taken as well.
        """
        scheme, _, value = authorization.partition(" ")
        value = value.strip()
        if scheme.lower() == "basic":
            if not hmac.compare_digest(_unwrapped(value).encode(), self._key.text.encode()):
                raise errors.bad_credentials()
            return None
        if scheme.lower() != "bearer":
            raise errors.bad_credentials()
        return self.read(value if value.count(".") == 2 else _unwrapped(value))

    def issue(self, key_name: str, request: TokenRequest) -> dict[str, object]:
        """Answer a signed token request, once."""
        self._check(key_name, request)
        if not request.capability:
            raise errors.not_permitted()
        issued = int(self.now())
        seconds = _LONGEST_SECONDS if request.ttl is None else request.ttl // 1000
        claims = {"iat": issued, "exp": issued + seconds, "x-ably-capability": request.capability}
        claims |= {"x-ably-clientId": request.client_id} if request.client_id else {}
        _grant(claims)
        return {
            "token": self.sign(claims),
            "keyName": self._key.name,
            "issued": issued * 1000,
            "expires": (issued + seconds) * 1000,
            "capability": request.capability,
            "clientId": request.client_id,
        }

    def _verified(self, token: str) -> dict[str, Any]:
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            if kid is not None and kid != self._key.name:
                raise errors.bad_credentials()
            return jwt.decode(token, self._key.secret, algorithms=["HS256"], options=_UNCHECKED)
        except (jwt.PyJWTError, ValueError):
            raise errors.token_invalid() from None

    def _check(self, key_name: str, request: TokenRequest) -> None:
        own = self._key.name
        signed = hmac.compare_digest(request.mac.encode(), request.signature(self._key.secret).encode())
        if key_name != own or request.key_name != own or not signed:
            raise errors.bad_credentials()
        now = self.now()
        if abs(request.timestamp / 1000 - now) > _WINDOW_SECONDS:
            raise errors.stale_request()
        self._nonces = {nonce: until for nonce, until in self._nonces.items() if until > now}
        if request.nonce in self._nonces:
            raise errors.replayed_request()
        self._nonces[request.nonce] = now + 2 * _WINDOW_SECONDS


def _unwrapped(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, ValueError):
        raise errors.bad_credentials() from None


def _grant(claims: Mapping[str, Any]) -> Grant:
    """Claims as a grant; a missing or unreadable capability is no grant at all."""
    try:
        capability = json.loads(claims["x-ably-capability"])
        return Grant(
            client=str(claims.get("x-ably-clientId") or ""),
            session=str(claims.get(SESSION_CLAIM) or ""),
            capability={str(name): frozenset(map(str, granted)) for name, granted in capability.items()},
            issued=float(claims["iat"]),
            expires=float(claims["exp"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise errors.token_invalid() from None
