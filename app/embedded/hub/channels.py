"""Channels with a short memory: subscribers, what was sent lately, and which ids were seen.

A continuation is a serial ``{epoch}-{n}``. The epoch is new in each process, so after a restart no
old serial is accepted and every page fetches again.
"""

import secrets
from collections import OrderedDict, deque
from collections.abc import Iterator
from typing import Protocol

from app.embedded.hub.frames import Frame, message

_MEMORY_SECONDS = 120.0
_MEMORY_FRAMES = 100
_SWEEP_SECONDS = 30.0


class Subscriber(Protocol):
    """Receives the frames of a channel."""

    def deliver(self, channel: str, frame: Frame) -> None:
        """Take a frame; never waits."""


class Channel:
    """One user's channel: subscribers, and what was sent in the last two minutes."""

    def __init__(self, floor: int) -> None:
        self.subscribers: set[Subscriber] = set()
        self.touched = 0.0
        self._floor = floor
        self._sent: deque[tuple[int, float, Frame]] = deque()
        self._seen: OrderedDict[str, float] = OrderedDict()

    def since(self, number: int) -> list[Frame] | None:
        """Frames after ``number``, or None when some of them are forgotten."""
        if number < self._floor:
            return None
        return [frame for sent, _, frame in self._sent if sent > number]

    def is_new(self, message_id: str, now: float) -> bool:
        """Whether this id was not seen lately; from now on it was."""
        if message_id in self._seen:
            return False
        self._seen[message_id] = now
        return True

    def keep_frame(self, number: int, now: float, frame: Frame) -> None:
        """Keep a frame for clients that reconnect."""
        self._sent.append((number, now, frame))
        self.touched = now
        self.drop_old_frames(now)

    def drop_old_frames(self, now: float) -> None:
        """Drop what is too old or too much."""
        while self._sent and (len(self._sent) > _MEMORY_FRAMES or self._sent[0][1] < now - _MEMORY_SECONDS):
            self._floor = self._sent.popleft()[0]
        while self._seen and next(iter(self._seen.values())) < now - _MEMORY_SECONDS:
            self._seen.popitem(last=False)

    def is_idle(self, now: float) -> bool:
        """Whether it has no subscriber and nothing recent to resend."""
        return not self.subscribers and self.touched < now - _MEMORY_SECONDS


class Channels:
    """All channels of one process, under one counter, so that a serial means one thing only."""

    def __init__(self) -> None:
        self._epoch = secrets.token_hex(6)
        self._count = 0
        self._channels: dict[str, Channel] = {}
        self._swept = 0.0

    def __len__(self) -> int:
        return len(self._channels)

    @property
    def serial(self) -> str:
        """The continuation of a client that has received everything so far."""
        return self._serial(self._count)

    def publish(self, name: str, body: Frame, now: float, sent_at: int) -> str | None:
        """Notify every subscriber; returns the serial, or None for an id that was sent before."""
        self._sweep(now)
        channel = self._channel(name, now)
        channel.drop_old_frames(now)
        if not channel.is_new(str(body["id"]), now):
            return None
        self._count += 1
        frame = message(name, self.serial, body, sent_at)
        channel.keep_frame(self._count, now, frame)
        for subscriber in tuple(channel.subscribers):
            subscriber.deliver(name, frame)
        return self.serial

    def join(self, name: str, subscriber: Subscriber, since: str | None, now: float) -> list[Frame] | None:
        """Subscribe; returns what was missed after ``since``, or None when that is not known."""
        channel = self._channel(name, now)
        channel.drop_old_frames(now)
        channel.subscribers.add(subscriber)
        number = self._number(since)
        return None if number is None else channel.since(number)

    def leave(self, name: str, subscriber: Subscriber, now: float) -> None:
        """Unsubscribe; no error for one that is not subscribed."""
        channel = self._channels.get(name)
        if channel:
            channel.subscribers.discard(subscriber)
            channel.touched = now

    def _channel(self, name: str, now: float) -> Channel:
        channel = self._channels.get(name)
        if channel is None:
            channel = self._channels[name] = Channel(self._count)
            channel.touched = now
        return channel

    def _sweep(self, now: float) -> None:
        if now - self._swept < _SWEEP_SECONDS:
            return
        self._swept = now
        for name in list(self._idle(now)):
            del self._channels[name]

    def _idle(self, now: float) -> Iterator[str]:
        return (name for name, channel in self._channels.items() if channel.is_idle(now))

    def _serial(self, number: int) -> str:
        return f"{self._epoch}-{number}"

    def _number(self, serial: str | None) -> int | None:
        epoch, _, number = (serial or "").partition("-")
        return int(number) if epoch == self._epoch and number.isascii() and number.isdigit() else None
