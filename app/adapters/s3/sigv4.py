"""AWS Signature Version 4 in the query of a URL, as S3 wants it.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple, Protocol
from urllib.parse import quote, urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"
# Stands in a request for what differs from URL to URL; nothing that is signed holds this character.
VARIES = "\0"
_USUAL_PORTS = {"http": 80, "https": 443}


class Keys(Protocol):
    """Keys of a user, or of a role for a while; they can be hashed and never change."""

    @property
    def access_key(self) -> str:
        """Which keys these are; public."""

    @property
    def secret_key(self) -> str:
        """What signs."""

    @property
    def token(self) -> str | None:
        """The session of a role's keys."""


class FixedKeys(NamedTuple):
    """Keys that never end."""

    access_key: str
    secret_key: str
    token: str | None = None


class UnsignedRequest(NamedTuple):
    """A request to sign, all ``headers`` with it. ``url`` has no query, and its path is encoded.

    Names in ``query`` need no encoding; values of ``headers`` hold no two spaces in a row. ``VARIES`` may
    stand in the path and in values.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    seconds: int


class PresignTemplate:
    """Presigned URLs of one kind and moment, which differ where the request says ``VARIES``.

    Of a list of pictures everything but each one's name is prepared once.
    """

    def __init__(self, request: UnsignedRequest, keys: Keys, region: str, at: datetime) -> None:
        """Allows the request, with exactly its headers, for its ``seconds`` from ``at`` (UTC)."""
        moment = at.strftime("%Y%m%dT%H%M%SZ")
        scope = f"{moment[:8]}/{region}/s3/aws4_request"
        headers = {name.lower(): value for name, value in request.headers.items()}
        headers["host"] = _host(request.url)
        names = sorted(headers)
        pairs = [(name, _encoded(value)) for name, value in _query(request, keys, scope, moment, names)]
        canonical = "\n".join(
            [
                request.method,
                urlsplit(request.url).path,
                _joined(sorted(pairs)),
                *(f"{name}:{headers[name]}" for name in names),
                "",
                ";".join(names),
                "UNSIGNED-PAYLOAD",
            ]
        )
        self._canonical = canonical.split(VARIES)
        self._url = f"{request.url}?{_joined(pairs)}&X-Amz-Signature=".split(VARIES)
        self._signed = "\n".join([ALGORITHM, moment, scope, ""])
        self._key = _day_key(keys.secret_key, moment[:8], region)

    def url(self, *values: str) -> str:
        """One URL; ``values`` need no encoding and come as they are signed: path, query, headers."""
        digest = hashlib.sha256(_filled(self._canonical, values).encode()).hexdigest()
        return _filled(self._url, values) + _hmac(self._key, self._signed + digest).hex()


def presign(request: UnsignedRequest, keys: Keys, region: str, at: datetime) -> str:
    """The URL that allows the request, with exactly its headers, for its ``seconds`` from ``at`` (UTC)."""
    return PresignTemplate(request, keys, region, at).url()


def _query(
    request: UnsignedRequest, keys: Keys, scope: str, moment: str, names: list[str]
) -> Iterable[tuple[str, str]]:
    yield from request.query.items()
    yield "X-Amz-Algorithm", ALGORITHM
    yield "X-Amz-Credential", f"{keys.access_key}/{scope}"
    yield "X-Amz-Date", moment
    yield "X-Amz-Expires", str(request.seconds)
    yield "X-Amz-SignedHeaders", ";".join(names)
    if keys.token:
        yield "X-Amz-Security-Token", keys.token


def _filled(pieces: list[str], values: Iterable[str]) -> str:
    """The pieces with values between them; what a URL does not show, a header's value, is left over."""
    text = pieces[0]
    for value, piece in zip(values, pieces[1:], strict=False):
        text += value + piece
    return text


def _encoded(value: str) -> str:
    return quote(value, safe=f"-_.~{VARIES}")


@lru_cache(maxsize=8)
def _day_key(secret: str, day: str, region: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (day, region, "s3", "aws4_request"):
        key = _hmac(key, part)
    return key


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


def _host(url: str) -> str:
    """As a browser sends it: the usual port is left out."""
    parts = urlsplit(url)
    port = _USUAL_PORTS.get(parts.scheme)
    return parts.netloc.lower().removesuffix(f":{port}")


def _joined(pairs: list[tuple[str, str]]) -> str:
    return "&".join(f"{name}={value}" for name, value in pairs)
