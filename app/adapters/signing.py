"""Presigned URLs of photos: what a PUT and a GET sign, and for whom.

The bytes equal those of ``generate_presigned_url`` (tests hold the two against each other) at a
thirtieth of the time, because everything that photos have in common is worked out once.
"""

import base64
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from botocore.credentials import Credentials

from app.adapters.presigning import Presigner
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
        self._put = Presigner("PUT", region, credentials, UPLOAD_SECONDS, self._upload)
        self._get = Presigner("GET", region, credentials, SHOW_SECONDS, self._picture)
        self._by_origin: dict[str, S3Signer] = {}
        self._shown: tuple[datetime | None, dict[str, str]] = (None, {})

    def for_origin(self, origin: str) -> "S3Signer":
        """The signer whose URLs the page of ``origin`` can reach: itself, unless the store follows."""
        return self._by_origin.get(origin, self)

    def sign_put(self, row: PhotoRow) -> SignedUpload:
        """PUT of exactly this photo: type, length, SHA-256, encryption and write-once signed."""
        checksum = base64.b64encode(bytes.fromhex(row.sha256)).decode()
        values = {"key": row.key, "size": str(row.size), "checksum": checksum}
        url = self._put.sign(row.content_type, values, self._clock())
        headers = self._headers(row.content_type, checksum)
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
        return self._get.sign(row.content_type, {"key": row.key, "name": str(row.photo_id)}, window)

    def _upload(self, content_type: str, values: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        headers = self._headers(content_type, values["checksum"])
        return self._address + values["key"], {**headers, "Content-Length": values["size"]}

    def _headers(self, content_type: str, checksum: str) -> dict[str, str]:
        """What the phone sends with a photo; its browser adds the length."""
        headers = {
            "Content-Type": content_type,
            "x-amz-server-side-encryption": ENCRYPTION,
            "x-amz-checksum-sha256": checksum,
            "If-None-Match": "*",
            # Signed because Firefox and WebKit add "no-cache" to a conditional request, which S3
            # would store with the object.
            "Cache-Control": UPLOAD_CACHE_CONTROL,
        }
        if self._owner:
            headers["x-amz-expected-bucket-owner"] = self._owner
        return headers

    def _picture(self, content_type: str, values: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        file_name = f"{values['name']}.{CONTENT_TYPES[content_type]}"
        query = {
            "response-cache-control": SHOW_CACHE_CONTROL,
            "response-content-disposition": f'inline; filename="{file_name}"',
            "response-content-type": content_type,
        }
        pairs = "&".join(f"{name}={quote(value, safe='-_.~')}" for name, value in query.items())
        return f"{self._address}{values['key']}?{pairs}", {}


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
