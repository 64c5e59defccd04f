"""The small picture of a photo for the gallery: derived, so that it never decides about the photo.

It lies beside the photo under a key made of the same ids and is erased with it. Where it cannot be made
or kept the photo is stored all the same, and the gallery shows the photo itself.
"""

import asyncio
from collections.abc import Callable
from uuid import UUID

from app.domain.photos.model import THUMBNAIL_EDGE, THUMBNAIL_TYPE, PhotoRow
from app.domain.ports.storage import InspectedImage, ObjectStore

# A receipt waits no longer than this for a thumbnail.
WRITE_SECONDS = 2.0

# Told which photo is without a thumbnail, and why.
ReportFailure = Callable[[UUID, str], None]


def ignore_failure(photo_id: UUID, reason: str) -> None:
    """Where no log is kept."""


class Thumbnails:
    """Writes thumbnails into a store."""

    def __init__(
        self, store: ObjectStore, report: ReportFailure = ignore_failure, write_seconds: float = WRITE_SECONDS
    ) -> None:
        self._store = store
        self._report = report
        self._write_seconds = write_seconds

    async def keep(self, row: PhotoRow, image: InspectedImage) -> bool:
        """Whether the photo has a thumbnail in the store now; reports a failure and never raises one."""
        if max(image.width, image.height) <= THUMBNAIL_EDGE:
            return False
        if image.thumbnail is None:
            self._report(row.photo_id, "not made")
            return False
        try:
            async with asyncio.timeout(self._write_seconds):
                await self._store.write_derived(row.thumbnail_key, image.thumbnail, THUMBNAIL_TYPE)
        except Exception as problem:  # whatever it is, it is no reason to keep a photo from being stored
            self._report(row.photo_id, type(problem).__name__)
            return False
        return True


async def erase_objects(store: ObjectStore, row: PhotoRow) -> None:
    """Remove a photo and its thumbnail, also one that came late; raises as ``ObjectStore.delete`` does."""
    await store.delete(row.key)
    await store.delete(row.thumbnail_key)
