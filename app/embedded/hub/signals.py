"""Signals of the embedded edition: from the outbox to the open pages without leaving the process."""

from collections.abc import Mapping

from app.domain import signals
from app.domain.errors import Unavailable
from app.embedded.hub.hub import Hub


class HubSignals:
    """The ``Signals`` port over a hub in this process; ``seconds`` is the lifetime of a token."""

    def __init__(self, hub: Hub, seconds: int = signals.TOKEN_SECONDS) -> None:
        self._hub = hub
        self._seconds = seconds

    async def publish(self, user: str, message_id: str, payload: Mapping[str, object]) -> None:
        """Notify ``user:{user}``; the same id again within two minutes changes nothing.

        Raises ``Unavailable`` once the hub is closed.
        """
        await self.check()
        self._hub.publish(signals.channel_name(user), signals.signal_body(message_id, payload))

    def token(self, user: str, session: str = "") -> str:
        """A JWT that may subscribe to exactly ``user:{user}``, until ``session`` ends."""
        return self._hub.sign(signals.subscribe_claims(user, self._hub.now(), self._seconds, session))

    async def check(self) -> None:
        """Raise ``Unavailable`` once the hub is closed."""
        if self._hub.closed:
            raise Unavailable("Signals are stopping with the server.")
