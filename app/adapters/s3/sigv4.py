"""AWS Signature Version 4 in the query of a URL, as S3 wants it.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple, Protocol
from urllib.parse import quote, urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"
_USUAL_PORTS = {"http": 80, "https": 443}


class Keys(Protocol):
    """Keys of a user, or of a role for a while."""

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

    Names in ``query`` need no encoding; values of ``headers`` hold no two spaces in a row.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    seconds: int


def presign(request: UnsignedRequest, keys: Keys, region: str, at: datetime) -> str:
    """The URL that allows the request, with exactly its headers, for its ``seconds`` from ``at`` (UTC)."""
    moment = at.strftime("%Y%m%dT%H%M%SZ")
    scope = f"{moment[:8]}/{region}/s3/aws4_request"
    headers = {name.lower(): value for name, value in request.headers.items()}
    headers["host"] = _host(request.url)
    names = sorted(headers)
    query = {
        **request.query,
        "X-Amz-Algorithm": ALGORITHM,
        "X-Amz-Credential": f"{keys.access_key}/{scope}",
        "X-Amz-Date": moment,
        "X-Amz-Expires": str(request.seconds),
        "X-Amz-SignedHeaders": ";".join(names),
    }
    if keys.token:
        query["X-Amz-Security-Token"] = keys.token
    pairs = [(name, _encoded(value)) for name, value in query.items()]
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
    text = "\n".join([ALGORITHM, moment, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    signature = _hmac(_day_key(keys.secret_key, moment[:8], region), text).hex()
    return f"{request.url}?{_joined(pairs)}&X-Amz-Signature={signature}"


# Most values are those of the request before.
@lru_cache(maxsize=64)
def _encoded(value: str) -> str:
    return quote(value, safe="-_.~")


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
