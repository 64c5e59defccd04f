"""A connection's send queue is bounded whatever happens, and never loses a change silently."""

from app.embedded.hub.frames import Action, Flag, message
from app.embedded.hub.send_queue import SendQueue


def signal(queue: SendQueue, number: int, channel: str = "user:a") -> None:
    queue.put_notification(channel, message(channel, f"e-{number}", {"id": str(number)}, 0))


async def drain(queue: SendQueue) -> list[dict[str, object]]:
    queue.end()
    frames = []
    while frame := await queue.take(1):
        frames.append(frame)
    return frames


async def test_frames_leave_in_the_order_in_which_they_came() -> None:
    """Messages and answers share one line."""
    queue = SendQueue(4)
    queue.put({"action": Action.ATTACHED, "channel": "user:a"})
    signal(queue, 1)
    queue.put({"action": Action.HEARTBEAT})

    actions = [frame["action"] for frame in await drain(queue)]

    assert actions == [Action.ATTACHED, Action.MESSAGE, Action.HEARTBEAT]


async def test_too_many_signals_become_one_with_a_gap_flag() -> None:
    """The page answers that by fetching, so nothing is lost."""
    queue = SendQueue(4)
    queue.put({"action": Action.CONNECTED})

    for number in range(1, 6):
        signal(queue, number)

    connected, lost = await drain(queue)
    assert connected["action"] == Action.CONNECTED
    assert (lost["action"], lost["channelSerial"]) == (Action.ATTACHED, "e-5")
    assert lost["flags"] == Flag.SUBSCRIBE
    assert lost["error"] == {
        "code": 80008, "statusCode": 400, "message": "Earlier messages are no longer known.",
    }  # fmt: skip


async def test_as_many_signals_as_fit_are_kept() -> None:
    """Control: the line above is drawn where it is meant to be."""
    queue = SendQueue(4)

    for number in range(4):
        signal(queue, number)

    assert [frame["action"] for frame in await drain(queue)] == [Action.MESSAGE] * 4


async def test_one_channel_does_not_crowd_out_another() -> None:
    """Coalescing is for each channel by itself."""
    queue = SendQueue(4)
    signal(queue, 1, "user:b")

    for number in range(2, 9):
        signal(queue, number)

    assert (await drain(queue))[0]["id"] == "1"


async def test_a_client_that_never_takes_its_answers_is_cut_off() -> None:
    """Answers cannot be merged, so a flood of them ends the connection."""
    queue = SendQueue(4)

    for _ in range(1000):
        queue.put({"action": Action.HEARTBEAT})

    assert await queue.take(1) is None


async def test_silence_is_filled_with_heartbeats() -> None:
    """A browser cannot see pings, so the quiet is broken by frames."""
    assert await SendQueue(4).take(0.01) == {"action": Action.HEARTBEAT}
