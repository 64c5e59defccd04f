"""Presigned URLs, signed by hand with the day's signing key kept.

The bytes equal those of boto3's ``generate_presigned_url``: tests hold the two against each other for
every kind of address and keys. botocore signs any request for any service, and takes five times as
long, which a list of a thousand photos would feel; it stays the source of keys and addresses.
"""

import base64
import hashlib
import hmac
import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from botocore.credentials import Credentials

from app.domain.bucket import (
    ENCRYPTION,
    SHOW_CACHE_CONTROL,
    SHOW_SECONDS,
    SHOW_WINDOW_SECONDS,
    UPLOAD_CACHE_CONTROL,
    UPLOAD_SECONDS,
    BucketAccess,
)
from app.domain.photos import CONTENT_TYPES, PhotoRow
from app.domain.ports import Clock, SignedUpload

# How long keys that were just seen may sign while a thread renews them; botocore begins to renew 15
# minutes before their end, so this is far from it.
_TRUST_SECONDS = 120

ALGORITHM = "AWS4-HMAC-SHA256"
# What S3 leaves as it is in a query.
PLAIN = "-_.~"


class S3Signer:
    """Signs for one bucket under one address. Never calls the store; safe from any thread."""

    def __init__(
        self,
        address: str,
        region: str,
        credentials: Callable[[], Any],
        clock: Clock,
        expected_owner: str = "",
    ) -> None:
        """``address`` is the URL of the bucket with a slash at its end."""
        self._address = address
        self._clock = clock
        self._owner = expected_owner
        self._put = _Presigner(address, region, credentials, UPLOAD_SECONDS)
        self._get = _Presigner(address, region, credentials, SHOW_SECONDS)
        self._by_origin: dict[str, S3Signer] = {}

    def for_origin(self, origin: str) -> "S3Signer":
        """The signer whose URLs the page of ``origin`` can reach: itself, unless the store follows."""
        return self._by_origin.get(origin, self)

    def sign_put(self, row: PhotoRow) -> SignedUpload:
        """PUT of exactly this photo: type, length, SHA-256, encryption and write-once signed."""
        headers = {
            "Content-Type": row.content_type,
            "x-amz-server-side-encryption": ENCRYPTION,
            "x-amz-checksum-sha256": base64.b64encode(bytes.fromhex(row.sha256)).decode(),
            "If-None-Match": "*",
            # Signed because Firefox and WebKit add "no-cache" to a conditional request, which S3
            # would store with the object.
            "Cache-Control": UPLOAD_CACHE_CONTROL,
        }
        if self._owner:
            headers["x-amz-expected-bucket-owner"] = self._owner
        signed = {**headers, "Content-Length": str(row.size)}
        url = self._put.sign("PUT", self._url(row), signed, self._clock())
        return SignedUpload(url=url, method="PUT", headers=headers, expires_in=UPLOAD_SECONDS)

    def sign_get(self, row: PhotoRow, now: datetime) -> str:
        """GET, signed with the time floored to 5 minutes and valid for 15.

        Within one window a photo keeps its URL, so that the browser keeps its picture.
        """
        query = {
            "response-cache-control": SHOW_CACHE_CONTROL,
            "response-content-disposition": f'inline; filename="{_file_name(row)}"',
            "response-content-type": row.content_type,
        }
        pairs = "&".join(f"{name}={quote(value, safe=PLAIN)}" for name, value in query.items())
        window = now - timedelta(seconds=now.timestamp() % SHOW_WINDOW_SECONDS)
        return self._get.sign("GET", f"{self._url(row)}?{pairs}", {}, window)

    def _url(self, row: PhotoRow) -> str:
        return self._address + quote(row.key, safe="/~")


def origin_signer(access: BucketAccess, origins: Iterable[str], clock: Clock) -> S3Signer:
    """A signer for a store that answers under each of ``origins`` at ``/{bucket}/``.

    The first origin is the default; ``for_origin`` chooses the one a page came through.
    """
    keys = Credentials(access.access_key, access.secret_key)
    signers = {
        origin: S3Signer(f"{origin}/{access.bucket}/", access.region, lambda: keys, clock)
        for origin in origins
    }
    first = next(iter(signers.values()))
    first._by_origin = signers
    return first


class _Presigner:
    """One method's signatures (SigV4 in the query) for one host; keeps the key of the day.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
    """

    def __init__(self, address: str, region: str, credentials: Callable[[], Any], seconds: int) -> None:
        self._host = _host(address)
        self._region = region
        self._credentials = credentials
        self._seconds = seconds
        self._kept: tuple[tuple[str, str], bytes] = (("", ""), b"")

    def sign(self, method: str, url: str, headers: dict[str, str], at: datetime) -> str:
        """The URL with its signature; path and query of ``url`` are encoded already."""
        keys, moment = self._credentials(), at.strftime("%Y%m%dT%H%M%SZ")
        scope = f"{moment[:8]}/{self._region}/s3/aws4_request"
        signed = sorted([("host", self._host), *((name.lower(), value) for name, value in headers.items())])
        names = ";".join(name for name, _ in signed)
        address, _, asked = url.partition("?")
        claims = "&".join(self._claims(keys, scope, moment, names))
        query = f"{asked}&{claims}" if asked else claims
        request = _canonical_request(method, address, query, signed)
        text = f"{ALGORITHM}\n{moment}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
        signature = hmac.digest(self._day_key(keys.secret_key, moment[:8]), text.encode(), "sha256").hex()
        return f"{address}?{query}&X-Amz-Signature={signature}"

    def _claims(self, keys: Any, scope: str, moment: str, names: str) -> list[str]:
        """What the signature says of itself, in the order in which botocore says it."""
        claims = [
            f"X-Amz-Algorithm={ALGORITHM}",
            f"X-Amz-Credential={quote(f'{keys.access_key}/{scope}', safe=PLAIN)}",
            f"X-Amz-Date={moment}",
            f"X-Amz-Expires={self._seconds}",
            f"X-Amz-SignedHeaders={names.replace(';', '%3B')}",
        ]
        if keys.token is not None:
            claims.append(f"X-Amz-Security-Token={quote(keys.token, safe=PLAIN)}")
        return claims

    def _day_key(self, secret: str, day: str) -> bytes:
        kept_for, kept = self._kept
        if kept_for == (secret, day):
            return kept
        key = f"AWS4{secret}".encode()
        for part in (day, self._region, "s3", "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        self._kept = ((secret, day), key)
        return key


class CurrentCredentials:
    """A role's keys, renewed in a thread before they end, so that signing does not wait for it."""

    def __init__(self, source: Any) -> None:
        """``source`` is what a botocore session gives; fixed keys are simply handed on."""
        self._source = source
        self._renewing = threading.Lock()
        self._frozen, self._seen = source.get_frozen_credentials(), time.monotonic()

    def __call__(self) -> Any:
        """The keys to sign with now."""
        ending = getattr(self._source, "refresh_needed", bool)
        if ending() and time.monotonic() - self._seen < _TRUST_SECONDS:
            self._renew_aside()
        else:
            self._frozen, self._seen = self._source.get_frozen_credentials(), time.monotonic()
        return self._frozen

    def _renew_aside(self) -> None:
        if self._renewing.acquire(blocking=False):
            threading.Thread(target=self._renew, name="renew-keys", daemon=True).start()

    def _renew(self) -> None:
        try:
            self._source.get_frozen_credentials()
        finally:
            self._renewing.release()


def _canonical_request(method: str, address: str, query: str, signed: list[tuple[str, str]]) -> str:
    # No parameter's name begins another's, so whole pairs sort as their names do.
    parameters = "&".join(sorted(query.split("&")))
    headers = "".join(f"{name}:{value}\n" for name, value in signed)
    names = ";".join(name for name, _ in signed)
    path = address.split("/", 3)[3]
    return f"{method}\n/{path}\n{parameters}\n{headers}\n{names}\nUNSIGNED-PAYLOAD"


def _host(address: str) -> str:
    """The Host header that a browser sends there: a port only where it is not the scheme's own."""
    parts = urlsplit(address)
    name = parts.hostname or ""
    host = f"[{name}]" if ":" in name else name
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return host if parts.port in (None, usual) else f"{host}:{parts.port}"


def _file_name(row: PhotoRow) -> str:
    return f"{row.photo_id}.{CONTENT_TYPES[row.content_type]}"
