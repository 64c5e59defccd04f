"""What a harness writes down: events in the order in which they happened, one JSON line each.

Observed events say what users were shown and what went over the wires. ``Look`` opens an inspection,
and what was found then (``Row``, ``Object``, ``Local``, ``Waiting``) belongs to it until the next one.
"""

from collections.abc import Iterable
from typing import Literal

import msgspec


class Recorded(msgspec.Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True):
    """Ids are text, hashes hexadecimal; nothing here is patient data unless a sink leaked it."""


class Shutter(Recorded, frozen=True):
    """A photo was taken: its owner, consultation and bytes are frozen here."""

    photo: str
    owner: str
    consultation: str
    sha256: str


class SavedShown(Recorded, frozen=True):
    """The clinician read "Saved on this phone"."""

    photo: str


class StoredShown(Recorded, frozen=True):
    """The phone was given a receipt, and says "Stored"."""

    photo: str


class Deleted(Recorded, frozen=True):
    """The clinician deleted it and was shown that it is gone."""

    photo: str


class DeleteAsked(Recorded, frozen=True):
    """The clinician asked to delete it, and the answer is not known yet: either end is right."""

    photo: str


class Moved(Recorded, frozen=True):
    """The clinician filed it elsewhere and was shown so."""

    photo: str
    consultation: str


class MoveAsked(Recorded, frozen=True):
    """A move whose answer was not seen: both places are right."""

    photo: str
    consultation: str


class Parked(Recorded, frozen=True):
    """The clinician was shown why this photo is not retried by itself."""

    photo: str
    reason: str


class PutSeen(Recorded, frozen=True):
    """The store took these bytes as new under a key: its answer was 200."""

    key: str
    sha256: str


class Signal(Recorded, frozen=True):
    """A notification on one user's channel; ``consultations`` are the ids in it, ``extra`` other words."""

    user: str
    consultations: tuple[str, ...]
    extra: str = ""


class Shown(Recorded, frozen=True):
    """A photo was shown to a signed-in user."""

    user: str
    photo: str


class Sink(Recorded, frozen=True):
    """A text that must carry no patient data (log, URL, key, metrics, cache) carried a planted word."""

    name: str
    word: str


class Look(Recorded, frozen=True):
    """An inspection begins; ``at_rest``: the link is good, everyone signed in and nothing moves."""

    at_rest: bool = False


class Row(Recorded, frozen=True):
    """A row of the photos' table."""

    photo: str
    owner: str
    captured_in: str
    filed_in: str
    state: Literal["pending", "stored", "deleted"]
    sha256: str


class Object(Recorded, frozen=True):
    """An object under its key; ``sha256`` of what it opens to, empty when it does not open."""

    key: str
    sha256: str


class Derived(Recorded, frozen=True):
    """What the server made of a photo and keeps beside it, under its key: no copy of the photo's bytes."""

    key: str


class Local(Recorded, frozen=True):
    """A photo in a phone's queue, its bytes hashed by the harness."""

    photo: str
    sha256: str


class Waiting(Recorded, frozen=True):
    """Something that has not gone out yet, for example an event in the outbox."""

    what: str


Observed = (
    Shutter | SavedShown | StoredShown | Deleted | DeleteAsked | Moved | MoveAsked | Parked
    | PutSeen | Signal | Shown | Sink
)  # fmt: skip
Event = Observed | Look | Row | Object | Derived | Local | Waiting

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
