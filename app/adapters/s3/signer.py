"""Presigned URLs of photos: what a PUT and a GET sign, and for whom.

The bytes equal those of ``generate_presigned_url`` (tests compare the two) at a
thirtieth of the time, because everything that photos have in common is worked out once.
"""

import base64
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from botocore.credentials import Credentials

from app.adapters.s3.presigner import Presigner
from app.config.variables import is_loopback
from app.domain.photos.bucket import (
    ENCRYPTION,
    SESSION_PARAMETER,
    SHOW_CACHE_CONTROL,
    SHOW_SECONDS,
    SHOW_WINDOW_SECONDS,
    UPLOAD_CACHE_CONTROL,
    UPLOAD_SECONDS,
    BucketAccess,
)
from app.domain.photos.model import CONTENT_TYPES, PhotoRow
from app.domain.ports.clock import Clock
from app.domain.ports.storage import SignedUpload

# Names under which a computer's own browser reaches it: localhost, 127.0.0.1, [::1], behind a port or two.
_OWN_NAMES = 32


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
        self._own = Presigner("GET", region, credentials, SHOW_SECONDS, self._own_picture)
        self._head = Presigner("HEAD", region, credentials, UPLOAD_SECONDS, self._bare)
        self._shown: tuple[datetime | None, dict[tuple[str, str], str]] = (None, {})

    def for_origin(self, _: str) -> "S3Signer":
        """The signer whose URLs a page can reach: for a store with an address of its own, always this one."""
        return self

    @property
    def address(self) -> str:
        """Where every URL that is signed here begins."""
        return self._address

    @property
    def origin(self) -> str:
        """The ``scheme://host[:port]`` of every URL that is signed here: what a page's policy must name."""
        parts = urlsplit(self._address)
        return f"{parts.scheme}://{parts.netloc}"

    def sign_put(self, row: PhotoRow) -> SignedUpload:
        """PUT of exactly this photo: type, length, SHA-256, encryption and write-once signed."""
        checksum = base64.b64encode(bytes.fromhex(row.sha256)).decode()
        values = {"key": row.key, "size": str(row.size), "checksum": checksum}
        url = self._put.sign(row.content_type, values, self._clock())
        headers = self._headers(row.content_type, checksum)
        return SignedUpload(url=url, method="PUT", headers=headers, expires_in=UPLOAD_SECONDS)

    def sign_get(self, row: PhotoRow, now: datetime, session: str = "") -> str:
        """GET, signed with the time floored to 5 minutes and valid for 15, or until ``session`` ends.

        Within one window a photo keeps its URL, so that a page keeps its picture.
        """
        second = now.replace(microsecond=0)
        window = second - timedelta(seconds=second.timestamp() % SHOW_WINDOW_SECONDS)
        kept_for, urls = self._shown
        if kept_for != window:
            urls = {}
            self._shown = (window, urls)
        known = (row.key, session)
        if known not in urls:
            urls[known] = self._sign_get(row, window, session)
        return urls[known]

    def sign_head(self, row: PhotoRow) -> str:
        """HEAD of a photo, to check what the store says of it."""
        return self._head.sign(row.content_type, {"key": row.key}, self._clock())

    def _bare(self, _: str, values: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        return self._address + values["key"], {}

    def _sign_get(self, row: PhotoRow, window: datetime, session: str = "") -> str:
        values = {"key": row.key, "name": str(row.photo_id)}
        if not session:
            return self._get.sign(row.content_type, values, window)
        return self._own.sign(row.content_type, values | {"session": session}, window)

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

    def _own_picture(self, content_type: str, values: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        """With the session by which the built-in store refuses it later."""
        url, headers = self._picture(content_type, values)
        return f"{url}&{SESSION_PARAMETER}={values['session']}", headers


class SessionSigner:
    """Signs for one session of the built-in store: its pictures' addresses end with it."""

    def __init__(self, signer: S3Signer, session: str) -> None:
        self._signer = signer
        self._session = session

    def sign_put(self, row: PhotoRow) -> SignedUpload:
        """See ``S3Signer.sign_put``: what was begun may be finished, and shows no picture."""
        return self._signer.sign_put(row)

    def sign_get(self, row: PhotoRow, now: datetime) -> str:
        """See ``S3Signer.sign_get``."""
        return self._signer.sign_get(row, now, self._session)


class OriginSigner(S3Signer):
    """Signs for a store that answers under each of ``origins`` at ``/{bucket}/``; the first is its own.

    ``follows``: the store also answers under this computer's own names, as the app itself does, whatever
    port a tunnel gave it; a page that was opened there may talk to no other host.
    """

    def __init__(self, access: BucketAccess, origins: Iterable[str], clock: Clock, *, follows: bool) -> None:
        self._access = access
        self._keys = Credentials(access.access_key, access.secret_key)
        first, *others = origins
        super().__init__(self._below(first), access.region, self._fixed, clock)
        self._follows = follows
        self._signers: dict[str, S3Signer] = {first: self, **{one: self._of(one) for one in others}}
        self._most = len(self._signers) + _OWN_NAMES

    def for_origin(self, origin: str) -> S3Signer:
        """The signer whose URLs the page of ``origin`` can reach; any other page gets the first one's."""
        known = self._signers.get(origin)
        if known is None and self._follows and is_loopback(urlsplit(origin).hostname or ""):
            known = self._of(origin)
            if len(self._signers) < self._most:
                self._signers[origin] = known
        return known or self

    def _of(self, origin: str) -> S3Signer:
        return S3Signer(self._below(origin), self._access.region, self._fixed, self._clock)

    def _below(self, origin: str) -> str:
        return f"{origin}/{self._access.bucket}/"

    def _fixed(self) -> Any:
        return self._keys


def origin_signer(
    access: BucketAccess, origins: Iterable[str], clock: Clock, *, follows: bool = True
) -> OriginSigner:
    """The signer of the built-in store."""
    return OriginSigner(access, origins, clock, follows=follows)
