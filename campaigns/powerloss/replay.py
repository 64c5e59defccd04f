"""Builds what a loss of power may leave, more cruelly than any one file system would.

Only what an fsync has covered is certain: the bytes of a file by an fsync of the file, a name by an
fsync of its folder. Of everything else each write may be there, be missing, or be torn at blocks, and
each name may be there or not, independently of each other.
"""

import random
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from campaigns.powerloss.trace import Change

BLOCKS = (512, 4096)
Write = tuple[int, bytes | None]


class File:
    """Bytes that are certain, and writes that are not; a write without bytes is a truncation."""

    def __init__(self) -> None:
        self.certain = bytearray()
        self.pending: list[Write] = []

    def sync(self) -> None:
        """Everything so far is certain."""
        for write in self.pending:
            _apply(self.certain, write)
        self.pending.clear()

    def survivor(self, keep: "Keep") -> bytes:
        """What one loss of power leaves of it."""
        content = bytearray(self.certain)
        for write in self.pending:
            for part in keep.parts(write):
                _apply(content, part)
        return bytes(content)


class Folder:
    """Names that are certain, and changes of names that are not; no file means that the name is gone."""

    def __init__(self) -> None:
        self.certain: dict[str, File | Folder] = {}
        self.pending: list[dict[str, File | Folder | None]] = []

    def sync(self) -> None:
        """Every name so far is certain."""
        for change in self.pending:
            _rename(self.certain, change)
        self.pending.clear()

    def survivor(self, keep: "Keep") -> dict[str, "File | Folder"]:
        """Which names one loss of power leaves."""
        names = dict(self.certain)
        for change in self.pending:
            if keep.name():
                _rename(names, change)
        return names

    def now(self, name: str) -> "File | Folder | None":
        """What a running program finds under a name."""
        for change in reversed(self.pending):
            if name in change:
                return change[name]
        return self.certain.get(name)


class Keep:
    """Which of the uncertain survives, by a seeded source: how likely data and names are to stay."""

    def __init__(self, source: random.Random) -> None:
        self._source = source
        self._data, self._names = source.choice(
            [(0.0, 0.0), (1.0, 1.0), (0.0, 1.0), (1.0, 0.0), (0.5, 0.5), (0.9, 0.9), (0.5, 1.0)]
        )
        self._torn = source.random() < 0.5
        self._block = source.choice(BLOCKS)

    def name(self) -> bool:
        """Whether a change of a name survives."""
        return self._source.random() < self._names

    def parts(self, write: Write) -> list[Write]:
        """What survives of a write."""
        offset, data = write
        if data is None or not self._torn or not 0 < self._data < 1:
            return [write] if self._source.random() < self._data else []
        return [part for part in _blocks(offset, data, self._block) if self._source.random() < self._data]


class Model:
    """The disk below one folder while a recording is played."""

    def __init__(self, root: str) -> None:
        self._root = PurePosixPath(root)
        self.top = Folder()
        self._by_inode: dict[int, File] = {}

    def play(self, change: Change) -> None:
        """One operation."""
        self._players()[change.kind](change)

    def _players(self) -> dict[str, Callable[[Change], None]]:
        return {
            "c": self._create,
            "m": self._make,
            "w": lambda change: self._write(change, change.data),
            "t": lambda change: self._write(change, None),
            "f": self._sync,
            "l": self._link,
            "r": self._move,
            "u": self._remove,
            "d": self._remove,
        }

    def survivor(self, place: Path, source: random.Random) -> None:
        """Write one survivor of a loss of power at this moment into an empty folder."""
        keep = Keep(source)
        waiting = [(self.top, place)]
        while waiting:
            folder, path = waiting.pop()
            path.mkdir(exist_ok=True)
            for name, entry in folder.survivor(keep).items():
                if isinstance(entry, Folder):
                    waiting.append((entry, path / name))
                else:
                    (path / name).write_bytes(entry.survivor(keep))

    def _folder(self, path: PurePosixPath) -> Folder:
        found = self.top
        for part in path.relative_to(self._root).parts:
            inside = found.now(part)
            assert isinstance(inside, Folder), f"{path} is no folder in the recording"
            found = inside
        return found

    def _name(self, path: str) -> tuple[Folder, str]:
        whole = PurePosixPath(path)
        return self._folder(whole.parent), whole.name

    def _create(self, change: Change) -> None:
        folder, name = self._name(change.path)
        made = self._by_inode[change.inode] = File()
        folder.pending.append({name: made})

    def _make(self, change: Change) -> None:
        folder, name = self._name(change.path)
        folder.pending.append({name: Folder()})

    def _write(self, change: Change, data: bytes | None) -> None:
        self._by_inode[change.inode].pending.append((change.offset, data))

    def _sync(self, change: Change) -> None:
        if change.inode in self._by_inode:
            self._by_inode[change.inode].sync()
        else:
            self._folder(PurePosixPath(change.path)).sync()

    def _link(self, change: Change) -> None:
        source, old = self._name(change.data.decode())
        folder, name = self._name(change.path)
        folder.pending.append({name: source.now(old)})

    def _move(self, change: Change) -> None:
        source, old = self._name(change.data.decode())
        folder, name = self._name(change.path)
        if source is folder:
            folder.pending.append({name: source.now(old), old: None})
        else:
            folder.pending.append({name: source.now(old)})
            source.pending.append({old: None})

    def _remove(self, change: Change) -> None:
        folder, name = self._name(change.path)
        folder.pending.append({name: None})


def _apply(content: bytearray, write: Write) -> None:
    offset, data = write
    end = offset if data is None else offset + len(data)
    if len(content) < end:
        content.extend(bytes(end - len(content)))
    if data is None:
        del content[offset:]
    else:
        content[offset:end] = data


def _rename(names: dict[str, "File | Folder"], change: dict[str, "File | Folder | None"]) -> None:
    for name, entry in change.items():
        if entry is None:
            names.pop(name, None)
        else:
            names[name] = entry


def _blocks(offset: int, data: bytes, size: int) -> list[Write]:
    """A write cut where the disk's blocks end."""
    parts: list[Write] = []
    begin = 0
    while begin < len(data):
        end = min(len(data), begin + size - (offset + begin) % size)
        parts.append((offset + begin, data[begin:end]))
        begin = end
    return parts
