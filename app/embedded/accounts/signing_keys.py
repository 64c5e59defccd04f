"""The key of the built-in accounts, and session tokens signed with it in Clerk's form.

The key is made once and kept in the key folder; the verifier reads its public half from memory, so
that it treats these tokens like Clerk's.
"""

import base64
import hashlib
import secrets
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from jwt.algorithms import RSAAlgorithm

from app.domain.identity.tokens import SESSION_CATEGORY
from app.domain.ports.clock import Clock
from app.embedded.key_files import load_or_create

TOKEN_LIFE_S = 60
KEY_FILE = "session-signing-key.pem"


class SessionKey:
    """A private RSA key and its id, which is a digest of the public half."""

    def __init__(self, private: RSAPrivateKey) -> None:
        self.private = private
        self.public: RSAPublicKey = private.public_key()
        body = self.public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.kid = "ins_" + hashlib.sha256(body).hexdigest()[:27]

    def document(self) -> dict[str, Any]:
        """The public half as a JWKS document."""
        numbers = RSAAlgorithm.to_jwk(self.public, as_dict=True)
        public = {name: numbers[name] for name in ("kty", "n", "e")}
        return {"keys": [{**public, "use": "sig", "alg": "RS256", "kid": self.kid}]}


class LocalKeySet:
    """The key set of tokens issued by this very process."""

    def __init__(self, key: SessionKey) -> None:
        self._key = key

    async def key(self, kid: str) -> RSAPublicKey | None:
        """The public key, None for any other id."""
        return self._key.public if kid == self._key.kid else None


class SessionIssuer:
    """Signs session tokens that live for a minute."""

    def __init__(self, key: SessionKey, issuer: str, clock: Clock) -> None:
        self.key = key
        self._issuer = issuer
        self._clock = clock

    def token(self, user: str, session: str, origin: str, signed_in_minutes: int = 0) -> str:
        """A token of version 2 for pages of ``origin``."""
        now = int(self._clock().timestamp())
        claims = {
            "azp": origin,
            "exp": now + TOKEN_LIFE_S,
            "fva": [signed_in_minutes, -1],
            "iat": now,
            "iss": self._issuer,
            "jti": secrets.token_hex(10),
            "nbf": now - 10,
            "sid": session,
            "sts": "active",
            "sub": user,
            "v": 2,
        }
        headers = {"kid": self.key.kid, "cat": SESSION_CATEGORY}
        return jwt.encode(claims, self.key.private, algorithm="RS256", headers=headers)


def load_session_key(folder: Path) -> SessionKey:
    """Read the key of ``folder``, or make it on the first start. ``ValueError`` if it is damaged."""
    path = folder / KEY_FILE
    private = load_pem_private_key(load_or_create(path, _new_key), password=None)
    if not isinstance(private, RSAPrivateKey) or private.key_size < 2048:
        raise ValueError(f"{KEY_FILE} in KEY_DIR is not an RSA key of at least 2048 bits")
    return SessionKey(private)


def _new_key() -> bytes:
    private = generate_private_key(public_exponent=65537, key_size=2048)
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def digest(secret: str) -> str:
    """What the database keeps of a secret value: its SHA-256 in hexadecimal."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_secret() -> str:
    """256 random bits as text."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()
