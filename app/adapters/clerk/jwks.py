"""Public keys of the identity provider, fetched rarely, whatever requests arrive.

One request at a time asks for them, at most every 30 s whatever comes in, and keys that are known
stay good for a day while the provider cannot be reached.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import httpx
import jwt
import msgspec
import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt.algorithms import RSAAlgorithm

from app.adapters import outgoing
from app.domain.errors import KeysUnavailable

FRESH_S = 3600.0
STALE_S = 86_400.0
COOL_DOWN_S = 30.0
TIMEOUT_S = 3.0
MAX_BYTES = 64_000
MIN_BITS, MAX_BITS = 2048, 8192

_PRIVATE_PARTS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_log = structlog.get_logger("clinicpro")


class HttpKeySet:
    """A JWKS document behind a URL, kept in memory."""

    def __init__(
        self, url: str, *, monotonic: Callable[[], float] = time.monotonic, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._url = url
        self._monotonic = monotonic
        self._timeout_s = timeout_s
        self._keys: dict[str, RSAPublicKey] = {}
        self._fetched_at = float("-inf")
        self._attempted_at = float("-inf")
        self._failed = False
        self._flight: asyncio.Task[None] | None = None

    async def key(self, kid: str) -> RSAPublicKey | None:
        """The key, or None when the provider does not list it; ``KeysUnavailable`` when that is unknown."""
        if self._age() > FRESH_S or kid not in self._keys:
            flight = self._refresh()
            # A known key answers at once, however long the provider takes.
            if flight is not None and self._known(kid) is None:
                await asyncio.shield(flight)
        known = self._known(kid)
        if known is None and self._failed:
            raise KeysUnavailable
        return known

    async def check(self) -> None:
        """Raise ``KeysUnavailable`` unless some key is known, which needs a fetch at the start only."""
        if not self._keys or self._age() > FRESH_S:
            flight = self._refresh()
            if flight is not None and not self._keys:
                await asyncio.shield(flight)
        if not self._keys or self._age() > STALE_S:
            raise KeysUnavailable

    def _known(self, kid: str) -> RSAPublicKey | None:
        return self._keys.get(kid) if self._age() <= STALE_S else None

    def _age(self) -> float:
        return self._monotonic() - self._fetched_at

    def _refresh(self) -> asyncio.Task[None] | None:
        """The fetch under way, or a new one unless the last one is too recent.

        Nothing is awaited between the question and the start, so two requests cannot both start
        one. The fetch outlives a request that is cancelled.
        """
        if self._flight is None or self._flight.done():
            if self._monotonic() - self._attempted_at < COOL_DOWN_S:
                return None
            self._flight = asyncio.create_task(self._fetch())
        return self._flight

    async def _fetch(self) -> None:
        try:
            async with asyncio.timeout(self._timeout_s):
                keys = read_keys(await self._download())
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as problem:
            self._failed = True
            _log.warning("keys.unavailable", error=type(problem).__name__)
        else:
            self._failed = False
            self._keys, self._fetched_at = keys, self._monotonic()
        finally:
            self._attempted_at = self._monotonic()

    async def _download(self) -> bytes:
        client = outgoing.client(self._url, self._timeout_s)
        plain = {"Accept-Encoding": "identity"}  # so that the cap holds for what is unpacked, too
        async with client, client.stream("GET", self._url, headers=plain) as answer:
            if answer.status_code != 200:
                raise ValueError("the answer is not 200")
            body = bytearray()
            async for chunk in answer.aiter_raw():
                body += chunk
                if len(body) > MAX_BYTES:
                    raise ValueError("the answer is too long")
            return bytes(body)


class PemKeySet:
    """One public key from the settings, whatever key id a token names; a change needs a restart."""

    def __init__(self, pem: str) -> None:
        """Raises ``ValueError`` unless ``pem`` is a public RSA key of at least 2048 bits."""
        try:
            key = load_pem_public_key(pem.replace("\\n", "\n").encode())
        except ValueError:
            key = None
        if not isinstance(key, RSAPublicKey) or not MIN_BITS <= key.key_size <= MAX_BITS:
            raise ValueError("must be a public RSA key of at least 2048 bits")
        self._key = key

    @property
    def numbers(self) -> RSAPublicNumbers:
        """What distinguishes it from another key."""
        return self._key.public_numbers()

    async def key(self, kid: str) -> RSAPublicKey | None:
        """The key."""
        return self._key

    async def check(self) -> None:
        """The key is always there."""


def read_keys(document: bytes) -> dict[str, RSAPublicKey]:
    """Usable keys of a JWKS document by id; others are left out. ``ValueError`` if none is usable."""
    try:
        listed = msgspec.json.decode(document, type=dict[str, Any]).get("keys")
    except (msgspec.DecodeError, RecursionError):
        raise ValueError("the answer is not a key set") from None
    entries = listed if isinstance(listed, list) else []
    keys = {entry["kid"]: key for entry in entries if (key := _usable(entry)) is not None}
    if not keys:
        raise ValueError("the key set holds no usable key")
    return keys


def _usable(entry: object) -> RSAPublicKey | None:
    if not isinstance(entry, dict) or not _signs_with_rsa(entry) or not _PRIVATE_PARTS.isdisjoint(entry):
        return None
    try:
        key = RSAAlgorithm.from_jwk(entry)
    except (jwt.InvalidKeyError, ValueError, TypeError, KeyError):
        return None
    return key if isinstance(key, RSAPublicKey) and MIN_BITS <= key.key_size <= MAX_BITS else None


def _signs_with_rsa(entry: dict[str, Any]) -> bool:
    kid = entry.get("kid")
    named = isinstance(kid, str) and 0 < len(kid) <= 128
    return named and (entry.get("kty"), entry.get("use"), entry.get("alg", "RS256")) == (
        "RSA",
        "sig",
        "RS256",
    )
