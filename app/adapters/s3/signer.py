"""Presigned URLs of photos: what a PUT and a GET sign, and for whom.

The bytes equal those of botocore's ``generate_presigned_url`` (tests compare the two).
"""

import base64
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

from app.adapters.s3.sigv4 import VARIES, FixedKeys, Keys, PresignTemplate, UnsignedRequest, presign
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

# One for each kind of picture, or of upload in this second, of the sessions that are asking.
_TEMPLATES = 256
_WINDOW = timedelta(seconds=SHOW_WINDOW_SECONDS)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
# Names under which a computer's own browser reaches it: localhost, 127.0.0.1, [::1], behind a port or two.
_OWN_NAMES = 32


# Photo, session, and whether it is the thumbnail.
_Shown = tuple[UUID, str, bool]


class _Place(NamedTuple):
    """Where URLs point, and the keys that sign them."""

    address: str
    region: str
    keys: Keys


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
        self._shown: tuple[datetime, dict[_Shown, str]] = (_LONG_AGO, {})

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
        second = self._clock().replace(microsecond=0)
        template = _put_template(self._place(), row.content_type, self._owner, second)
        return SignedUpload(
            url=template.url(row.key, str(row.size), checksum),
            method="PUT",
            headers=_put_headers(row.content_type, checksum, self._owner),
            expires_in=UPLOAD_SECONDS,
        )

    def sign_get(self, row: PhotoRow, now: datetime, session: str = "") -> str:
        """GET, signed with the time floored to 5 minutes and valid for 15, or until ``session`` ends.

        Within one window a photo keeps its URL, so that a page keeps its picture.
        """
        urls = self._urls_of_window(now)
        known = (row.photo_id, session, False)
        return urls.get(known) or self._shown_url(known, row.key, row.content_type)

    def sign_thumbnail(self, row: PhotoRow, now: datetime, session: str = "") -> str:
        """GET of the photo's thumbnail, in every other way like ``sign_get``."""
        urls = self._urls_of_window(now)
        known = (row.photo_id, session, True)
        return urls.get(known) or self._shown_url(known, row.thumbnail_key, THUMBNAIL_TYPE)

    def _urls_of_window(self, now: datetime) -> dict[_Shown, str]:
        window, urls = self._shown
        if not window <= now < window + _WINDOW:
            second = now.replace(microsecond=0)
            window = second - timedelta(seconds=second.timestamp() % SHOW_WINDOW_SECONDS)
            urls = {}
            self._shown = (window, urls)
        return urls

    def _shown_url(self, known: _Shown, key: str, content_type: str) -> str:
        window, urls = self._shown
        url = urls[known] = self._sign_get(key, content_type, window, known[1])
        return url

    def _sign_get(self, key: str, content_type: str, window: datetime, session: str = "") -> str:
        """With the ``session`` by which the built-in store refuses it later."""
        template = _get_template(self._place(), content_type, session, window)
        return template.url(key, key[key.rindex("/") + 1 :])

    def sign_head(self, row: PhotoRow) -> str:
        """HEAD of a photo, to check what the store says of it."""
        request = UnsignedRequest("HEAD", self._address + row.key, {}, {}, UPLOAD_SECONDS)
        return presign(request, self._credentials(), self._region, self._clock())

    def _place(self) -> _Place:
        return _Place(self._address, self._region, self._credentials())


@lru_cache(_TEMPLATES)
def _put_template(place: _Place, content_type: str, owner: str, second: datetime) -> PresignTemplate:
    """Takes key, length and checksum."""
    signed = {**_put_headers(content_type, VARIES, owner), "Content-Length": VARIES}
    request = UnsignedRequest("PUT", place.address + VARIES, signed, {}, UPLOAD_SECONDS)
    return PresignTemplate(request, place.keys, place.region, second)


@lru_cache(_TEMPLATES)
def _get_template(place: _Place, content_type: str, session: str, window: datetime) -> PresignTemplate:
    """Takes key and file name."""
    query = {
        "response-cache-control": SHOW_CACHE_CONTROL,
        "response-content-disposition": f'inline; filename="{VARIES}"',
        "response-content-type": content_type,
    }
    if session:
        query[SESSION_PARAMETER] = session
    request = UnsignedRequest("GET", place.address + VARIES, {}, query, SHOW_SECONDS)
    return PresignTemplate(request, place.keys, place.region, window)


def _put_headers(content_type: str, checksum: str, owner: str) -> dict[str, str]:
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
    if owner:
        headers["x-amz-expected-bucket-owner"] = owner
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
