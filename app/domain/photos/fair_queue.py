"""Slots for work that costs much, shared fairly: a few per user, and users take turns.

A user with hundreds of checks at once waits behind their own; a user with one gets the next free
slot. Each server process has its own queue.
"""

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import AsyncIterator

from app.domain.errors import TooManyRequests, Unavailable

AT_ONCE = 8
AT_ONCE_FOR_ONE = 2
# A phone asks for one check at a time; dozens of phones on one account stay far below.
MOST_WAITING_OF_ONE = 100
WAIT_SECONDS = 30.0


class FairQueue:
    """At most ``at_once`` slots, at most ``for_one`` of them for one user, round robin between users."""

    def __init__(
        self,
        at_once: int = AT_ONCE,
        for_one: int = AT_ONCE_FOR_ONE,
        most_waiting: int = MOST_WAITING_OF_ONE,
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:
        self._at_once = at_once
        self._for_one = for_one
        self._most_waiting = most_waiting
        self._wait_seconds = wait_seconds
        self._in_use: Counter[str] = Counter()
        # In the order of their next turn; a user who got a slot goes to the end.
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    @contextlib.asynccontextmanager
    async def slot(self, user: str) -> AsyncIterator[bool]:
        """Occupy one slot; says whether it had to be waited for, in which much may have changed.

        Raises ``TooManyRequests`` where too much of this user waits already, ``Unavailable`` when no
        slot becomes free in time.
        """
        waited = user in self._waiting or not self._is_free(user)
        if waited:
            await self._wait(user)
        else:
            self._in_use[user] += 1
        try:
            yield waited
        finally:
            self._give_back(user)

    def _is_free(self, user: str) -> bool:
        return self._in_use.total() < self._at_once and self._in_use[user] < self._for_one

    async def _wait(self, user: str) -> None:
        line = self._waiting.setdefault(user, deque())
        if len(line) >= self._most_waiting:
            raise TooManyRequests(retry_after=1)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line.append(turn)
        try:
            async with asyncio.timeout(self._wait_seconds):
                await turn
        except TimeoutError:
            self._leave(user, turn)
            raise Unavailable("Too many photos are being checked at once.") from None
        except asyncio.CancelledError:
            self._leave(user, turn)
            raise

    def _leave(self, user: str, turn: "asyncio.Future[None]") -> None:
        """A wait that ends without its slot being used, which may just have been given."""
        if turn.done() and not turn.cancelled():
            self._give_back(user)
            return
        line = self._waiting.get(user, deque())
        with contextlib.suppress(ValueError):
            line.remove(turn)
        if not line:
            self._waiting.pop(user, None)

    def _give_back(self, user: str) -> None:
        self._in_use[user] -= 1
        if not self._in_use[user]:
            del self._in_use[user]
        self._hand_out()

    def _hand_out(self) -> None:
        while (user := next(filter(self._is_free, self._waiting), None)) is not None:
            line = self._waiting.pop(user)
            turn = line.popleft()
            if line:
                self._waiting[user] = line
            if not turn.done():
                self._in_use[user] += 1
                turn.set_result(None)
