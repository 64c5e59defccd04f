"""Channels keep messages for two minutes, report what they dropped, and disappear when idle."""

from typing import Any

import pytest

from app.embedded.hub.channels import Channels


class RecordingSubscriber:
    """Keeps what it receives."""

    def __init__(self) -> None:
        self.received: list[str] = []

    def deliver(self, channel: str, frame: dict[str, Any]) -> None:
        self.received.append(f"{channel} {frame['messages'][0]['id']}")


def publish(channels: Channels, *ids: str, at: float = 0, name: str = "user:a") -> None:
    for message_id in ids:
        channels.publish(name, {"id": message_id}, at, int(at * 1000))


def missed(channels: Channels, since: str, at: float = 0, name: str = "user:a") -> list[str] | None:
    frames = channels.join(name, RecordingSubscriber(), since, at)
    return None if frames is None else [frame["id"] for frame in frames]


def test_every_subscriber_of_the_channel_is_notified_and_no_other() -> None:
    """Two subscribers of one channel, one of another, one that left."""
    channels, subscribers = Channels(), [RecordingSubscriber() for _ in range(4)]
    for subscriber, name in zip(subscribers, ("user:a", "user:a", "user:b", "user:a"), strict=True):
        channels.join(name, subscriber, None, 0)
    channels.leave("user:a", subscribers[3], 0)

    publish(channels, "1")

    assert [subscriber.received for subscriber in subscribers] == [["user:a 1"], ["user:a 1"], [], []]


def test_an_id_is_sent_once_within_two_minutes_and_again_after_them() -> None:
    """The memory of ids is as short as that of messages."""
    channels, subscriber = Channels(), RecordingSubscriber()
    channels.join("user:a", subscriber, None, 0)

    publish(channels, "1", "1", at=0)
    publish(channels, "1", at=119)
    publish(channels, "1", at=121)

    assert len(subscriber.received) == 2


def test_a_client_that_reconnects_gets_exactly_what_it_missed() -> None:
    """Messages after the serial, in order; signals of other users in between change nothing."""
    channels = Channels()
    publish(channels, "1")
    known = channels.serial
    publish(channels, "2")
    publish(channels, "x", name="user:b")
    publish(channels, "3")

    assert missed(channels, known) == ["2", "3"]
    assert missed(channels, channels.serial) == []


def test_dropped_messages_end_the_continuity() -> None:
    """After two minutes, or after more messages than are kept, continuity is denied."""
    aged, crowded = Channels(), Channels()
    publish(aged, "1", "2")
    publish(crowded, *map(str, range(102)))

    assert missed(aged, aged.serial.replace("-2", "-1"), at=121) is None
    assert missed(crowded, crowded.serial.replace("-102", "-1")) is None
    assert missed(crowded, crowded.serial.replace("-102", "-2")) is not None


@pytest.mark.parametrize(
    "serial", ["", "x", "x-1", "-1", "{epoch}-", "{epoch}-one", "{epoch}-٣", "{epoch}--1"]
)
def test_a_serial_of_another_process_is_not_accepted(serial: str) -> None:
    """Anything but an own serial means that messages may be missing."""
    channels = Channels()
    publish(channels, "1", "2", "3", "4")

    assert missed(channels, serial.replace("{epoch}", channels.serial.partition("-")[0])) is None


def test_an_idle_channel_is_dropped_and_its_continuity_with_it() -> None:
    """200 users who left take no memory, and one who returns must fetch."""
    channels = Channels()
    for number in range(200):
        publish(channels, "1", name=f"user:{number}")
    known = channels.serial.replace("-200", "-0")

    publish(channels, "1", at=300)

    assert len(channels) == 1
    assert missed(channels, known, at=300, name="user:7") is None


def test_a_channel_with_a_subscriber_is_kept_however_quiet_it_is() -> None:
    """A desktop that is open all day is still notified of the evening's photo."""
    channels, subscriber = Channels(), RecordingSubscriber()
    channels.join("user:a", subscriber, None, 0)

    publish(channels, "1", at=40_000, name="user:b")
    publish(channels, "2", at=40_001)

    assert subscriber.received == ["user:a 2"]
