"""A role's keys as botocore has them, renewed before they end, outside the thread that signs."""

import threading
import time
from contextlib import suppress
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from app.domain.errors import StoreUnavailable

# How long keys that were just seen may sign while a thread renews them; botocore begins to renew 15
# minutes before their end, so this is far from it.
_TRUST_SECONDS = 120
# How long a failure to fetch keys is remembered, so that not every request waits for the next one.
_FAILED_SECONDS = 5
_NOT_FETCHED = (BotoCoreError, ClientError, RuntimeError, OSError)
NO_FRESH_KEYS = "The keys for the bucket cannot be fetched right now. Nothing was lost."


class CurrentCredentials:
    """A role's keys, renewed in a thread before they end, so that signing does not wait for it."""

    def __init__(self, source: Any) -> None:
        """``source`` is what a botocore session gives; fixed keys are simply handed on.

        A role whose keys cannot be fetched now keeps no server from starting.
        """
        self._source = source
        self._renewing = threading.Lock()
        self._frozen: Any = None
        self._seen = self._failed = float("-inf")
        with suppress(StoreUnavailable):
            self._fetch()

    def __call__(self) -> Any:
        """The keys to sign with now; raises ``StoreUnavailable`` while there are none."""
        now = time.monotonic()
        if not getattr(self._source, "refresh_needed", bool)():
            self._fetch()
        elif self._frozen is not None and now - self._seen < _TRUST_SECONDS:
            self._renew_aside()
        elif now - self._failed < _FAILED_SECONDS:
            self._renew_aside()
            raise StoreUnavailable(NO_FRESH_KEYS)
        else:
            self._fetch()
        return self._frozen

    def _fetch(self) -> None:
        try:
            self._frozen, self._seen = self._source.get_frozen_credentials(), time.monotonic()
        except _NOT_FETCHED as problem:
            self._failed = time.monotonic()
            raise StoreUnavailable(NO_FRESH_KEYS) from problem

    def _renew_aside(self) -> None:
        if self._renewing.acquire(blocking=False):
            threading.Thread(target=self._renew, name="renew-keys", daemon=True).start()

    def _renew(self) -> None:
        try:
            self._source.get_frozen_credentials()
        except _NOT_FETCHED:
            self._failed = time.monotonic()
        finally:
            self._renewing.release()
