"""Presigned URLs of photos: what a PUT and a GET sign, and for whom.

The bytes equal those of botocore's ``generate_presigned_url`` (tests compare the two).
"""

import base64
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from app.adapters.s3.sigv4 import FixedKeys, Keys, UnsignedRequest, presign
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
from app.domain.photos.model import THUMBNAIL_TYPE, PhotoRow
from app.domain.ports.clock import Clock
from app.domain.ports.storage import SignedUpload, UploadSigner

# Names under which a computer's own browser reaches it: localhost, 127.0.0.1, [::1], behind a port or two.
_OWN_NAMES = 32


class S3Signer:
    """Signs for one bucket under one address. Never calls the store; safe from any thread."""

    def __init__(
        self,
        address: str,
        region: str,
        credentials: Callable[[], Keys],
        clock: Clock,
        expected_owner: str = "",
    ) -> None:
        """``address`` is the URL of the bucket with a slash at its end."""
        self._address = address
        self._region = region
        self._credentials = credentials
        self._clock = clock
        self._owner = expected_owner
        self._shown: tuple[datetime | None, dict[tuple[str, str], str]] = (None, {})

    def for_page(self, origin: str, session: str = "") -> UploadSigner:
        """See ``Signers``: for a store with an address of its own, always this one."""
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
        headers = self._headers(row.content_type, checksum)
        signed = {**headers, "Content-Length": str(row.size)}
        url = self._sign(
            UnsignedRequest("PUT", self._address + row.key, signed, {}, UPLOAD_SECONDS), self._clock()
        )
        return SignedUpload(url=url, method="PUT", headers=headers, expires_in=UPLOAD_SECONDS)

    def sign_get(self, row: PhotoRow, now: datetime, session: str = "") -> str:
        """GET, signed with the time floored to 5 minutes and valid for 15, or until ``session`` ends.

        Within one window a photo keeps its URL, so that a page keeps its picture.
        """
        return self._shown_url(row.key, row.content_type, now, session)

    def sign_thumbnail(self, row: PhotoRow, now: datetime, session: str = "") -> str:
        """GET of the photo's thumbnail, in every other way like ``sign_get``."""
        return self._shown_url(row.thumbnail_key, THUMBNAIL_TYPE, now, session)

    def _shown_url(self, key: str, content_type: str, now: datetime, session: str) -> str:
        second = now.replace(microsecond=0)
        window = second - timedelta(seconds=second.timestamp() % SHOW_WINDOW_SECONDS)
        kept_for, urls = self._shown
        if kept_for != window:
            urls = {}
            self._shown = (window, urls)
        known = (key, session)
        if known not in urls:
            urls[known] = self._sign_get(key, content_type, window, session)
        return urls[known]

    def sign_head(self, row: PhotoRow) -> str:
        """HEAD of a photo, to check what the store says of it."""
        return self._sign(
            UnsignedRequest("HEAD", self._address + row.key, {}, {}, UPLOAD_SECONDS), self._clock()
        )

    def _sign_get(self, key: str, content_type: str, window: datetime, session: str = "") -> str:
        """With the ``session`` by which the built-in store refuses it later."""
        name = key.rsplit("/", 1)[1]
        query = {
            "response-cache-control": SHOW_CACHE_CONTROL,
            "response-content-disposition": f'inline; filename="{name}"',
            "response-content-type": content_type,
        }
        if session:
            query[SESSION_PARAMETER] = session
        return self._sign(UnsignedRequest("GET", self._address + key, {}, query, SHOW_SECONDS), window)

    def _sign(self, request: UnsignedRequest, at: datetime) -> str:
        return presign(request, self._credentials(), self._region, at)

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

    def sign_thumbnail(self, row: PhotoRow, now: datetime) -> str:
        """See ``S3Signer.sign_thumbnail``."""
        return self._signer.sign_thumbnail(row, now, self._session)


class OriginSigner(S3Signer):
    """Signs for a store that answers under each of ``origins`` at ``/{bucket}/``; the first is its own.

    ``follows``: the store also answers under this computer's own names, as the app itself does, whatever
    port a tunnel gave it; a page that was opened there may talk to no other host.
    """

    def __init__(self, access: BucketAccess, origins: Iterable[str], clock: Clock, *, follows: bool) -> None:
        self._access = access
        self._keys = FixedKeys(access.access_key, access.secret_key)
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

    def for_page(self, origin: str, session: str = "") -> UploadSigner:
        """See ``Signers``."""
        signer = self.for_origin(origin)
        return SessionSigner(signer, session) if session else signer

    def _of(self, origin: str) -> S3Signer:
        return S3Signer(self._below(origin), self._access.region, self._fixed, self._clock)

    def _below(self, origin: str) -> str:
        return f"{origin}/{self._access.bucket}/"

    def _fixed(self) -> FixedKeys:
        return self._keys


def origin_signer(
    access: BucketAccess, origins: Iterable[str], clock: Clock, *, follows: bool = True
) -> OriginSigner:
    """The signer of the built-in store."""
    return OriginSigner(access, origins, clock, follows=follows)
