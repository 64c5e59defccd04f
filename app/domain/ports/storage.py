"""Photos as objects: the store, the URLs that reach it, and what looks at a picture."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Protocol

import msgspec

from app.domain.photos.model import PhotoRow


class SignedUpload(msgspec.Struct, rename="camel", kw_only=True, frozen=True):
    """A request that the phone may make once: send ``headers`` unchanged within ``expires_in`` s."""

    url: str
    method: str
    headers: dict[str, str]
    expires_in: int


class Signers(Protocol):
    """The signer for pages of an origin of ours, and for one session of theirs."""

    def __call__(self, origin: str, session: str = "") -> "UploadSigner": ...


class StoredObject(msgspec.Struct, kw_only=True, frozen=True):
    """One object with its body, as one GET returned it; ``sha256`` is the store's own, or None."""

    body: bytes
    content_type: str
    encryption: str | None
    sha256: str | None


class ObjectSummary(msgspec.Struct, kw_only=True, frozen=True):
    """One line of a listing: key, bytes, time of the write."""

    key: str
    size: int
    modified_at: datetime


class UploadSigner(Protocol):
    """Presigned URLs; pure arithmetic over keys in memory, never a call to the store."""

    def sign_put(self, row: PhotoRow) -> SignedUpload:
        """PUT of exactly this photo: type, length, SHA-256, encryption and write-once signed."""
        ...

    def sign_get(self, row: PhotoRow, now: datetime) -> str:
        """GET, signed with the time floored to 5 minutes and valid for 15."""
        ...

    def sign_thumbnail(self, row: PhotoRow, now: datetime) -> str:
        """GET of the photo's thumbnail, in every other way like ``sign_get``."""
        ...


class InspectedImage(msgspec.Struct, kw_only=True, frozen=True):
    """A clean, fully decoded image: its size in pixels, and its thumbnail as a WebP unless it is small.

    ``thumbnail`` is also None where none could be made, which says nothing about the image.
    """

    content_type: str
    width: int
    height: int
    thumbnail: bytes | None = None


class ObjectStore(Protocol):
    """Objects by key. Raises ``StoreUnavailable`` when it does not answer in time."""

    async def read(self, key: str, limit: int) -> StoredObject | None:
        """The whole object in one GET, or None; more than ``limit`` bytes raises ``TooLarge``."""
        ...

    async def write_derived(self, key: str, body: bytes, content_type: str) -> None:
        """Keep what the server made of a photo, encrypted like photos; what the key already has stays.

        A power cut may take it: a derived object is never the only copy. Raises ``StorageFull`` as well.
        """
        ...

    async def delete(self, key: str) -> None:
        """Remove the object; no error when there is none."""
        ...

    def keys(self, prefix: str) -> AsyncIterator[ObjectSummary]:
        """Every object under a prefix."""
        ...

    async def check(self) -> None:
        """Raise ``StoreUnavailable`` unless the store answers now."""
        ...


class ImageInspector(Protocol):
    """Decodes an image away from the event loop, under a memory limit."""

    async def inspect(self, body: bytes) -> InspectedImage:
        """What a fully decoded image is, with its thumbnail; raises ``InvalidImage``."""
        ...
