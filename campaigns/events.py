"""What a harness writes down: events in the order in which they happened, one JSON line each.

Told events say what people were shown and what went over the wires. ``Look`` opens an inspection, and
what was found then (``Row``, ``Object``, ``Local``, ``Waiting``) belongs to it until the next one.
"""

from collections.abc import Iterable
from typing import Literal

import msgspec


class Noted(msgspec.Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True):
    """Ids are text, hashes hexadecimal; nothing here is patient data unless a sink leaked it."""


class Shutter(Noted, frozen=True):
    """A photo was taken: its owner, consultation and bytes are frozen here."""

    photo: str
    owner: str
    consultation: str
    sha256: str


class SavedShown(Noted, frozen=True):
    """The clinician read "Saved on this phone"."""

    photo: str


class StoredShown(Noted, frozen=True):
    """The phone was given a receipt, and says "Stored"."""

    photo: str


class Deleted(Noted, frozen=True):
    """The clinician deleted it and was told that it is gone."""

    photo: str


class DeleteAsked(Noted, frozen=True):
    """The clinician wished it gone, but nobody knows yet whether the server heard: either end is right."""

    photo: str


class Moved(Noted, frozen=True):
    """The clinician filed it elsewhere and was shown so."""

    photo: str
    consultation: str


class MoveAsked(Noted, frozen=True):
    """A move whose answer nobody saw: both places are right."""

    photo: str
    consultation: str


class Parked(Noted, frozen=True):
    """The clinician was told why this photo does not go on by itself."""

    photo: str
    reason: str


class PutSeen(Noted, frozen=True):
    """The store took these bytes as new under a key: its answer was 200."""

    key: str
    sha256: str


class Signal(Noted, frozen=True):
    """A hint that one user's channel carried; ``consultations`` are the ids in it, ``extra`` other words."""

    user: str
    consultations: tuple[str, ...]
    extra: str = ""


class Shown(Noted, frozen=True):
    """A photo was shown to a signed-in user."""

    user: str
    photo: str


class Sink(Noted, frozen=True):
    """A text that must carry no patient data (log, URL, key, metrics, cache) carried a planted word."""

    name: str
    word: str


class Look(Noted, frozen=True):
    """An inspection begins; ``at_rest``: the link is good, everyone signed in and nothing moves."""

    at_rest: bool = False


class Row(Noted, frozen=True):
    """A row of the photos' table."""

    photo: str
    owner: str
    captured_in: str
    filed_in: str
    state: Literal["pending", "stored", "deleted"]
    sha256: str


class Object(Noted, frozen=True):
    """An object under its key; ``sha256`` of what it opens to, empty when it does not open."""

    key: str
    sha256: str


class Local(Noted, frozen=True):
    """A photo in a phone's queue, its bytes hashed by the harness."""

    photo: str
    sha256: str


class Waiting(Noted, frozen=True):
    """Something that has not gone out yet, for example an event in the outbox."""

    what: str


Told = (
    Shutter | SavedShown | StoredShown | Deleted | DeleteAsked | Moved | MoveAsked | Parked
    | PutSeen | Signal | Shown | Sink
)  # fmt: skip
Event = Told | Look | Row | Object | Local | Waiting

_DECODER = msgspec.json.Decoder(Event)


def dump(history: Iterable[Event]) -> bytes:
    """A history as JSON lines."""
    return b"".join(msgspec.json.encode(event) + b"\n" for event in history)


def load(lines: bytes) -> list[Event]:
    """A history from JSON lines, for harnesses that are not written in Python."""
    return [_DECODER.decode(line) for line in lines.splitlines() if line.strip()]


def photo_of(key: str) -> str:
    """The photo id in an object's key."""
    return key.rsplit("/", 1)[-1].split(".", 1)[0]
