"""A store as phones and the server meet it, with what trying it out needs."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import httpx

from app.config.settings import Settings
from app.domain.photos.bucket import BucketFacts
from app.domain.photos.model import PhotoRow
from app.domain.ports.clock import Clock, NewId
from app.domain.ports.storage import ObjectStore, SignedUpload


class TrialSigner(Protocol):
    """The signer of the phones' addresses."""

    @property
    def address(self) -> str:
        """Where every URL begins."""
        ...

    @property
    def origin(self) -> str:
        """Their ``scheme://host[:port]``."""
        ...

    def sign_put(self, row: PhotoRow) -> SignedUpload:
        """See ``UploadSigner``."""
        ...

    def sign_get(self, row: PhotoRow, now: datetime) -> str:
        """See ``UploadSigner``."""
        ...

    def sign_head(self, row: PhotoRow) -> str:
        """HEAD of a photo."""
        ...


@dataclass(frozen=True, kw_only=True)
class StoreAccess:
    """A store as phones and the server meet it.

    ``transport`` leads into a built-in store without a network. ``pages`` are the origins that need
    CORS there. ``facts`` are read with the server's keys, where the store has an API for them.
    ``authorities`` is a file of certificate authorities, where botocore is configured with one.
    """

    settings: Settings
    store: ObjectStore
    signer: TrialSigner
    clock: Clock
    new_id: NewId
    pages: Sequence[str] = ()
    transport: httpx.AsyncBaseTransport | None = None
    authorities: str = ""
    facts: Callable[[], Awaitable[BucketFacts]] | None = None
