"""Which sessions are open: asked of their provider, and known to be over the moment one ends here.

A session token lives for a minute and a picture's address for a quarter of an hour; both are refused
from the moment on at which their session ends.
"""

import time
from collections.abc import Awaitable, Callable

MOST_REMEMBERED = 4096
# No session token, token for signals or address of a picture that was handed out lives longer.
LONGEST_S = 15 * 60

SessionCheck = Callable[[str], Awaitable[bool]]


class SignedOutSessions:
    """Sessions of an identity provider that signed out here, for as long as what they handed out may live.

    In memory: the provider's own tokens end within a minute, so that a restart loses little.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._until: dict[str, float] = {}

    def add(self, session: str) -> None:
        """It signed out now."""
        now = self._monotonic()
        self._until = {name: until for name, until in self._until.items() if until > now}
        self._until[session] = now + LONGEST_S

    async def is_open(self, session: str) -> bool:
        """Whether it did not sign out here."""
        return self._monotonic() >= self._until.get(session, 0.0)


class OpenSessions:
    """Remembers that a session is open, for ``trust_s`` from the question on.

    0 where other processes serve, too; one that only ends sessions waits as long before it says so.
    """

    def __init__(
        self, ask: SessionCheck, trust_s: float, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._ask = ask
        self._trust_s = trust_s
        self._monotonic = monotonic
        self._until: dict[str, float] = {}
        self._changes = 0
        self._listeners: list[Callable[[], None]] = []

    async def is_open(self, session: str) -> bool:
        """Whether a session has not ended; passes on the provider's error when it cannot be asked."""
        asked_at = self._monotonic()
        if asked_at < self._until.get(session, 0.0):
            return True
        changes = self._changes
        found = await self._ask(session)
        # One that ended while the provider was being asked must not be remembered.
        if found and self._trust_s and changes == self._changes:
            self._remember(session, asked_at + self._trust_s)
        return found

    def add_listener(self, listener: Callable[[], None]) -> None:
        """Call back after sessions have ended here."""
        self._listeners.append(listener)

    def on_sessions_ended(self) -> None:
        """Sessions have ended: nothing that was known before is trusted any more."""
        self._changes += 1
        self._until.clear()
        for listener in self._listeners:
            listener()

    def _remember(self, session: str, until: float) -> None:
        if len(self._until) >= MOST_REMEMBERED:
            self._until.clear()
        self._until[session] = until
