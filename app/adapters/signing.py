"""Presigned URLs with botocore's own SigV4 signer and the day's signing key kept.

The bytes equal those of ``generate_presigned_url`` (a test holds the two against each other) at a
third of the time, because the endpoint rules and the three key derivations are done once.
"""

import base64
import hmac
import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
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
        self._put = _Presigner(region, credentials, UPLOAD_SECONDS)
        self._get = _Presigner(region, credentials, SHOW_SECONDS)
        self._by_origin: dict[str, S3Signer] = {}
        self._shown: tuple[datetime | None, dict[str, str]] = (None, {})

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
        second = now.replace(microsecond=0)
        window = second - timedelta(seconds=second.timestamp() % SHOW_WINDOW_SECONDS)
        kept_for, urls = self._shown
        if kept_for != window:
            urls = {}
            self._shown = (window, urls)
        if row.key not in urls:
            urls[row.key] = self._sign_get(row, window)
        return urls[row.key]

    def _sign_get(self, row: PhotoRow, window: datetime) -> str:
        query = {
            "response-cache-control": SHOW_CACHE_CONTROL,
            "response-content-disposition": f'inline; filename="{_file_name(row)}"',
            "response-content-type": row.content_type,
        }
        pairs = "&".join(f"{name}={quote(value, safe='-_.~')}" for name, value in query.items())
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
    """One method's signatures; keeps the key that the day, the region and the secret give."""

    def __init__(self, region: str, credentials: Callable[[], Any], seconds: int) -> None:
        self._region = region
        self._credentials = credentials
        self._seconds = seconds
        self._kept: tuple[tuple[str, str], bytes] = (("", ""), b"")

    def sign(self, method: str, url: str, headers: dict[str, str], at: datetime) -> str:
        auth = S3SigV4QueryAuth(self._credentials(), "s3", self._region, expires=self._seconds)
        request = AWSRequest(method, url, headers)
        request.context["timestamp"] = at.strftime("%Y%m%dT%H%M%SZ")
        # The signer's own steps, with a clock that is handed in and a day key that is kept.
        auth._modify_request_before_signing(request)
        text: str = auth.string_to_sign(request, auth.canonical_request(request))
        key = self._day_key(auth.credentials.secret_key, request.context["timestamp"][:8])
        signature = hmac.digest(key, text.encode(), "sha256").hex()
        return f"{request.url}&X-Amz-Signature={signature}"

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


def _file_name(row: PhotoRow) -> str:
    return f"{row.photo_id}.{CONTENT_TYPES[row.content_type]}"
