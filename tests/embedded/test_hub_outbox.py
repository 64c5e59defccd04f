"""A connection's outbox is bounded whatever happens, and never loses a change silently."""

from app.embedded.hub.frames import Action, Flag, message
from app.embedded.hub.outbox import Outbox


def signal(outbox: Outbox, number: int, channel: str = "user:a") -> None:
    outbox.signal(channel, message(channel, f"e-{number}", {"id": str(number)}, 0))


async def drain(outbox: Outbox) -> list[dict[str, object]]:
    outbox.end()
    frames = []
    while frame := await outbox.take(1):
        frames.append(frame)
    return frames


async def test_frames_leave_in_the_order_in_which_they_came() -> None:
    """Messages and answers share one line."""
    outbox = Outbox(4)
    outbox.put({"action": Action.ATTACHED, "channel": "user:a"})
    signal(outbox, 1)
    outbox.put({"action": Action.HEARTBEAT})

    actions = [frame["action"] for frame in await drain(outbox)]

    assert actions == [Action.ATTACHED, Action.MESSAGE, Action.HEARTBEAT]


async def test_too_many_signals_become_one_that_says_some_were_missed() -> None:
    """The page answers that by fetching, so nothing is lost."""
    outbox = Outbox(4)
    outbox.put({"action": Action.CONNECTED})

    for number in range(1, 6):
        signal(outbox, number)

    connected, lost = await drain(outbox)
    assert connected["action"] == Action.CONNECTED
    assert (lost["action"], lost["channelSerial"]) == (Action.ATTACHED, "e-5")
    assert lost["flags"] == Flag.SUBSCRIBE
    assert lost["error"] == {
        "code": 80008, "statusCode": 400, "message": "Earlier messages are no longer known.",
    }  # fmt: skip


async def test_as_many_signals_as_there_is_room_for_are_kept() -> None:
    """Control: the line above is drawn where it is meant to be."""
    outbox = Outbox(4)

    for number in range(4):
        signal(outbox, number)

    assert [frame["action"] for frame in await drain(outbox)] == [Action.MESSAGE] * 4


async def test_one_channel_does_not_crowd_out_another() -> None:
    """Coalescing is for each channel by itself."""
    outbox = Outbox(4)
    signal(outbox, 1, "user:b")

    for number in range(2, 9):
        signal(outbox, number)

    assert (await drain(outbox))[0]["id"] == "1"


async def test_a_client_that_never_takes_its_answers_is_cut_off() -> None:
    """Answers cannot be merged, so a flood of them ends the connection."""
    outbox = Outbox(4)

    for _ in range(1000):
        outbox.put({"action": Action.HEARTBEAT})

    assert await outbox.take(1) is None


async def test_silence_is_filled_with_heartbeats() -> None:
    """A browser cannot see pings, so the quiet is broken by frames."""
    assert await Outbox(4).take(0.01) == {"action": Action.HEARTBEAT}
