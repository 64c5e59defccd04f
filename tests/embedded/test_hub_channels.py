"""Channels remember for two minutes, say honestly what they forgot, and disappear when idle."""

from typing import Any

import pytest

from app.embedded.hub.channels import Channels


class Ear:
    """Hears and keeps."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def hear(self, channel: str, frame: dict[str, Any]) -> None:
        self.heard.append(f"{channel} {frame['messages'][0]['id']}")


def publish(channels: Channels, *ids: str, at: float = 0, name: str = "user:a") -> None:
    for message_id in ids:
        channels.publish(name, {"id": message_id}, at, int(at * 1000))


def missed(channels: Channels, since: str, at: float = 0, name: str = "user:a") -> list[str] | None:
    frames = channels.join(name, Ear(), since, at)
    return None if frames is None else [frame["id"] for frame in frames]


def test_everybody_who_listens_hears_and_nobody_else() -> None:
    """Two ears on one channel, one on another, one that left."""
    channels, ears = Channels(), [Ear(), Ear(), Ear(), Ear()]
    for ear, name in zip(ears, ("user:a", "user:a", "user:b", "user:a"), strict=True):
        channels.join(name, ear, None, 0)
    channels.leave("user:a", ears[3], 0)

    publish(channels, "1")

    assert [ear.heard for ear in ears] == [["user:a 1"], ["user:a 1"], [], []]


def test_an_id_is_sent_once_within_two_minutes_and_again_after_them() -> None:
    """The memory of ids is as short as that of messages."""
    channels, ear = Channels(), Ear()
    channels.join("user:a", ear, None, 0)

    publish(channels, "1", "1", at=0)
    publish(channels, "1", at=119)
    publish(channels, "1", at=121)

    assert len(ear.heard) == 2


def test_who_comes_back_gets_exactly_what_was_missed() -> None:
    """Messages after the serial, in order; signals of other users in between change nothing."""
    channels = Channels()
    publish(channels, "1")
    known = channels.serial
    publish(channels, "2")
    publish(channels, "x", name="user:b")
    publish(channels, "3")

    assert missed(channels, known) == ["2", "3"]
    assert missed(channels, channels.serial) == []


def test_what_is_forgotten_is_said() -> None:
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
def test_a_serial_of_another_process_is_not_believed(serial: str) -> None:
    """Anything but an own serial means that messages may be missing."""
    channels = Channels()
    publish(channels, "1", "2", "3", "4")

    assert missed(channels, serial.replace("{epoch}", channels.serial.partition("-")[0])) is None


def test_a_channel_that_nobody_needs_is_dropped_and_its_continuity_with_it() -> None:
    """200 users who left weigh nothing, and one who returns is told to fetch."""
    channels = Channels()
    for number in range(200):
        publish(channels, "1", name=f"user:{number}")
    known = channels.serial.replace("-200", "-0")

    publish(channels, "1", at=300)

    assert len(channels) == 1
    assert missed(channels, known, at=300, name="user:7") is None


def test_a_channel_with_a_listener_is_kept_however_quiet_it_is() -> None:
    """A desktop that is open all day still hears the evening's photo."""
    channels, ear = Channels(), Ear()
    channels.join("user:a", ear, None, 0)

    publish(channels, "1", at=40_000, name="user:b")
    publish(channels, "2", at=40_001)

    assert ear.heard == ["user:a 2"]
