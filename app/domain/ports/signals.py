"""What carries notifications to open pages."""

from collections.abc import Mapping
from typing import Protocol


class NotifyOutbox(Protocol):
    """Reports that the outbox has a new event; called after the commit, never inside it."""

    def __call__(self) -> None: ...


class Signals(Protocol):
    """Notifications to a user's open pages: constant payloads without patient data."""

    async def publish(self, user: str, message_id: str, payload: Mapping[str, object]) -> None:
        """Notify ``user:{user}``; raises on failure, within the adapter's own deadline."""
        ...

    def token(self, user: str, session: str = "") -> str:
        """A JWT that may subscribe to exactly ``user:{user}`` for 15 minutes, or until ``session`` ends.

        A service outside ends it after its 15 minutes in any case; the built-in hub at once.
        """
        ...

    async def check(self) -> None:
        """Raise ``Unavailable`` when signals cannot be sent now."""
        ...
