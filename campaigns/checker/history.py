"""The checker: checks what a harness recorded outside the app, by pure functions.

Every look of a history is checked against what users had been shown until then; the app is never asked
whether it lost something.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TypeVar

import msgspec

from campaigns.checker.events import (
    DeleteAsked,
    Deleted,
    Derived,
    Event,
    Local,
    Look,
    MoveAsked,
    Moved,
    Object,
    Parked,
    PutSeen,
    Recorded,
    Row,
    SavedShown,
    Shown,
    Shutter,
    Signal,
    Sink,
    StoredShown,
    Waiting,
    photo_of,
)

E = TypeVar("E", bound=Recorded)
_AboutPhoto = type[SavedShown] | type[StoredShown] | type[Deleted] | type[DeleteAsked] | type[Parked]


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a history shows, as sets of photo ids, keys or other names."""

    lost: frozenset[str] = frozenset()
    doubled: frozenset[str] = frozenset()
    misfiled: frozenset[str] = frozenset()
    stuck: frozenset[str] = frozenset()
    leaked: frozenset[str] = frozenset()

    @property
    def clean(self) -> bool:
        """Nothing to blame."""
        return not any(self.counts().values())

    def counts(self) -> dict[str, int]:
        """How many of each kind."""
        return {name: len(getattr(self, name)) for name in self.__struct_fields__}

    def __or__(self, other: "Verdict") -> "Verdict":
        return Verdict(
            **{name: getattr(self, name) | getattr(other, name) for name in self.__struct_fields__}
        )

    def __str__(self) -> str:
        blamed = {name: sorted(getattr(self, name)) for name in self.__struct_fields__}
        return ", ".join(f"{name} {ids}" for name, ids in blamed.items() if ids) or "clean"


class Scene:
    """One look with everything that was observed until then."""

    def __init__(self, observed: Sequence[Event], found: Sequence[Event], at_rest: bool) -> None:
        self.at_rest = at_rest
        self.observed = observed
        self.shutters = {event.photo: event for event in _of(observed, Shutter)}
        self.rows = _of(found, Row)
        self.objects = _of(found, Object)
        self.derived = {photo_of(one.key) for one in _of(found, Derived)}
        self.local = _of(found, Local)
        self.waiting = _of(found, Waiting)
        self.gone = _photos(observed, Deleted)
        self.perhaps_gone = self.gone | _photos(observed, DeleteAsked)

    def safe_on_server(self) -> set[str]:
        """Photos with a stored row and an object that hold the very bytes of the shutter."""
        on_disk = {(photo_of(one.key), one.sha256) for one in self.objects}
        return {
            row.photo
            for row in self.rows
            if row.state == "stored"
            and (row.photo, row.sha256) in on_disk
            and self._is_the_picture(row.photo, row.sha256)
        }

    def safe_on_phone(self) -> set[str]:
        """Photos whose bytes a phone still has."""
        return {one.photo for one in self.local if self._is_the_picture(one.photo, one.sha256)}

    def _is_the_picture(self, photo: str, sha256: str) -> bool:
        return photo not in self.shutters or self.shutters[photo].sha256 == sha256


def check_history(history: Iterable[Event]) -> Verdict:
    """The verdict over every look of a history."""
    verdict = Verdict()
    for scene in scenes(history):
        verdict |= Verdict(
            lost=frozenset(lost(scene)),
            doubled=frozenset(doubled(scene)),
            misfiled=frozenset(misfiled(scene)),
            stuck=frozenset(stuck(scene)),
            leaked=frozenset(leaked(scene)),
        )
    return verdict


def scenes(history: Iterable[Event]) -> Iterator[Scene]:
    """Each look of a history."""
    observed: list[Event] = []
    until_then: tuple[Event, ...] = ()
    look: Look | None = None
    found: list[Event] = []
    for event in history:
        if isinstance(event, Look):
            if look is not None:
                yield Scene(until_then, found, look.at_rest)
            look, found, until_then = event, [], tuple(observed)
        elif isinstance(event, Row | Object | Derived | Local | Waiting):
            found.append(event)
        else:
            observed.append(event)
    if look is not None:
        yield Scene(until_then, found, look.at_rest)


def lost(scene: Scene) -> set[str]:
    """I1, I5: shown as saved and in neither place; stored, by a receipt or by its row, without an object."""
    on_server = scene.safe_on_server()
    saved = _photos(scene.observed, SavedShown) - on_server - scene.safe_on_phone()
    stored = _photos(scene.observed, StoredShown) - on_server
    hollow = {row.photo for row in scene.rows if row.state == "stored"} - on_server
    return (saved | stored | hollow) - scene.perhaps_gone


def doubled(scene: Scene) -> set[str]:
    """I3: two rows or two objects of one photo, a key taken twice; at rest (I2) in both places at once."""
    rows = _repeated(row.photo for row in scene.rows)
    objects = _repeated(photo_of(one.key) for one in scene.objects)
    puts = _repeated(event.key for event in _of(scene.observed, PutSeen))
    both = scene.safe_on_server() & {one.photo for one in scene.local} if scene.at_rest else set()
    return rows | objects | puts | both


def misfiled(scene: Scene) -> set[str]:
    """I4, I8: under another owner, consultation or with another picture than at the shutter."""
    wrong_rows = {row.photo for row in scene.rows if not _as_taken(row, scene)}
    wrong_objects = {
        photo_of(one.key)
        for one in scene.objects
        if not _key_as_taken(one, scene.shutters.get(photo_of(one.key)))
    }
    return wrong_rows | wrong_objects


def stuck(scene: Scene) -> set[str]:
    """I6, I10: at rest, and yet a photo has not gone its way, an object has no row, an event waits."""
    if not scene.at_rest:
        return set()
    explained = _photos(scene.observed, Parked)
    unsent = {one.photo for one in scene.local} - scene.safe_on_server() - explained
    rows = {row.photo: row.state for row in scene.rows}
    objects = {photo_of(one.key) for one in scene.objects}
    unadopted = {photo for photo, state in rows.items() if state == "pending" and photo in objects}
    rowless = objects - rows.keys()
    waiting = {one.what for one in scene.waiting}
    return unsent | (unadopted - explained) | rowless | waiting


def leaked(scene: Scene) -> set[str]:
    """I12: sent or shown to the wrong user, patient words where none may be, or deleted and still there."""
    owners = {event.consultation: event.owner for event in scene.shutters.values()}
    signals = {
        f"signal to {event.user}"
        for event in _of(scene.observed, Signal)
        if event.extra or any(owners.get(one, event.user) != event.user for one in event.consultations)
    }
    shown = {
        event.photo
        for event in _of(scene.observed, Shown)
        if event.photo in scene.shutters and scene.shutters[event.photo].owner != event.user
    }
    sinks = {f"{event.name}: {event.word}" for event in _of(scene.observed, Sink)}
    return signals | shown | sinks | _undead(scene)


def _undead(scene: Scene) -> set[str]:
    """After a tombstone no row may live on, and at rest no bytes either."""
    living = {row.photo for row in scene.rows if row.state != "deleted"}
    if scene.at_rest:
        living |= {photo_of(one.key) for one in scene.objects} | {one.photo for one in scene.local}
        living |= scene.derived
    return living & scene.gone


def _as_taken(row: Row, scene: Scene) -> bool:
    taken = scene.shutters.get(row.photo)
    if taken is None:
        return False
    if (row.owner, row.captured_in, row.sha256) != (taken.owner, taken.consultation, taken.sha256):
        return False
    return row.filed_in in _places(row.photo, taken, scene.observed)


def _places(photo: str, taken: Shutter, observed: Sequence[Event]) -> set[str]:
    """Where the photo may be: the last place that was shown, or one that was asked for since."""
    places = {taken.consultation}
    for event in observed:
        if isinstance(event, Moved) and event.photo == photo:
            places = {event.consultation}
        elif isinstance(event, MoveAsked) and event.photo == photo:
            places.add(event.consultation)
    return places


def _key_as_taken(one: Object, taken: Shutter | None) -> bool:
    if taken is None:
        return False
    folder = f"consultations/{taken.consultation}/{taken.photo}."
    return one.key.startswith(folder) and one.sha256 == taken.sha256


def _of(events: Iterable[Event], kind: type[E]) -> list[E]:
    return [event for event in events if isinstance(event, kind)]


def _photos(
    observed: Iterable[Event],
    kind: type[SavedShown] | type[StoredShown] | type[Deleted] | type[DeleteAsked] | type[Parked],
) -> set[str]:
    return {event.photo for event in observed if isinstance(event, kind)}


def _repeated(names: Iterable[str]) -> set[str]:
    return {name for name, again in groupby(sorted(names)) if len(list(again)) > 1}
