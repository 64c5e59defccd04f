"""Protocol messages on the wire: one object with a whole-number ``action`` for each frame."""

import json
from enum import IntEnum, IntFlag
from typing import Any, Literal, cast

import msgspec

from app.embedded.hub.errors import HubError, bad_frame

Frame = dict[str, Any]
Format = Literal["json", "msgpack"]


class Action(IntEnum):
    """What a frame is for; the numbers are the protocol's."""

    HEARTBEAT = 0
    ACK = 1
    NACK = 2
    CONNECTED = 4
    DISCONNECT = 5
    DISCONNECTED = 6
    CLOSE = 7
    CLOSED = 8
    ERROR = 9
    ATTACH = 10
    ATTACHED = 11
    DETACH = 12
    DETACHED = 13
    PRESENCE = 14
    MESSAGE = 15
    AUTH = 17


class Flag(IntFlag):
    """What an ATTACHED says: nothing was missed, and the page may listen."""

    RESUMED = 1 << 2
    SUBSCRIBE = 1 << 18


def encode(frame: Frame, wire: Format) -> str | bytes:
    """A frame as text or as msgpack, as the client asked for when it connected."""
    return msgspec.msgpack.encode(frame) if wire == "msgpack" else json.dumps(frame, separators=(",", ":"))


def decode(data: str | bytes) -> Frame:
    """A client's frame; raises ``HubError`` for anything but an object with an action."""
    frame = decode_body(data, "msgpack" if isinstance(data, bytes) else "json")
    if not isinstance(frame, dict) or not isinstance(frame.get("action"), int):
        raise bad_frame()
    return cast("Frame", frame)


def decode_body(data: str | bytes, wire: Format) -> object:
    """Any JSON or msgpack value; raises ``HubError`` when it is neither."""
    try:
        raw = data.encode() if isinstance(data, str) else data
        return msgspec.msgpack.decode(raw) if wire == "msgpack" else msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
        raise bad_frame() from None


def attached(channel: str, serial: str, *, resumed: bool, lost: HubError | None = None) -> Frame:
    """The channel listens from ``serial`` on; ``lost`` says that earlier messages are gone."""
    frame: Frame = {
        "action": Action.ATTACHED,
        "channel": channel,
        "channelSerial": serial,
        "flags": int(Flag.SUBSCRIBE | (Flag.RESUMED if resumed else 0)),
    }
    return frame | {"error": lost.body()} if lost else frame


def message(channel: str, serial: str, body: Frame, sent_at: int) -> Frame:
    """One published message on its way to a subscriber; ``sent_at`` in ms since 1970."""
    return {
        "action": Action.MESSAGE,
        "channel": channel,
        "channelSerial": serial,
        "id": body["id"],
        "timestamp": sent_at,
        "messages": [body],
    }


def refused(error: HubError, channel: str | None = None) -> Frame:
    """With a channel it fails that channel only, without one the whole connection."""
    frame: Frame = {"action": Action.ERROR, "error": error.body()}
    return frame | {"channel": channel} if channel else frame


def disconnected(error: HubError) -> Frame:
    """Ends this connection; the client reconnects by itself."""
    return {"action": Action.DISCONNECTED, "error": error.body()}
