"""What one connection still has to send: bounded, because a reader may be slow or gone.

A notification has no content of its own, so when too many wait for one channel they are replaced by
the statement that some were missed, which makes the page fetch everything.
"""

import asyncio
from collections import deque

from app.embedded.hub.errors import no_such_message
from app.embedded.hub.frames import Action, Frame, attached


class SendQueue:
    """A bounded queue of frames with one reader; ``end`` follows the last frame."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._frames: deque[Frame] = deque()
        self._ready = asyncio.Event()
        self._ended = False

    def put(self, frame: Frame) -> None:
        """Add a frame; a client that never reads its answers is disconnected."""
        if self._ended:
            return
        self._frames.append(frame)
        self._ready.set()
        if len(self._frames) > 2 * self._limit:
            self._frames.clear()
            self.end()

    def put_notification(self, channel: str, frame: Frame) -> None:
        """Add a notification, or replace all that wait for this channel by one ``missed some``."""
        waiting = sum(1 for queued in self._frames if _is_notification(queued, channel))
        if waiting >= self._limit:
            self._frames = deque(queued for queued in self._frames if not _is_notification(queued, channel))
            frame = attached(channel, frame["channelSerial"], resumed=False, lost=no_such_message())
        self.put(frame)

    def end(self) -> None:
        """Nothing more is taken in; what waits is still sent."""
        self._ended = True
        self._ready.set()

    async def take(self, seconds: float) -> Frame | None:
        """The next frame, a heartbeat after ``seconds`` without one, or None at the end."""
        try:
            async with asyncio.timeout(seconds):
                await self._ready.wait()
        except TimeoutError:
            return {"action": Action.HEARTBEAT}
        if not self._frames:
            return None
        frame = self._frames.popleft()
        if not self._frames and not self._ended:
            self._ready.clear()
        return frame


def _is_notification(frame: Frame, channel: str) -> bool:
    return frame.get("channel") == channel and frame["action"] in (Action.MESSAGE, Action.ATTACHED)
