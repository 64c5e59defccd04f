"""A recorded day: every change of the disk in its order, and between them what users were shown.

The shim in the server writes the changes, the phone writes its events, both by appending to one file.
"""

import os
import struct
from collections.abc import Iterator
from pathlib import Path

import msgspec

from campaigns.checker.events import Event, dump, load

_HEAD = struct.Struct("<BQqII")
_OBSERVED = ord("M")


class Change(msgspec.Struct, frozen=True):
    """One operation; ``kind`` as in ``Fault``, ``data`` the bytes written or the other name of a link."""

    kind: str
    inode: int
    offset: int
    path: str
    data: bytes


Step = Change | Event


def read_trace(path: Path) -> list[Step]:
    """Every step of a recording."""
    return list(_steps(path.read_bytes()))


def _steps(log: bytes) -> Iterator[Step]:
    at = 0
    while at < len(log):
        kind, inode, offset, path_length, data_length = _HEAD.unpack_from(log, at)
        begin = at + _HEAD.size + path_length
        path, data = log[at + _HEAD.size : begin], log[begin : begin + data_length]
        at = begin + data_length
        if kind == _OBSERVED:
            yield from load(data)
        else:
            yield Change(chr(kind), inode, offset, path.decode(), data)


class RecordedHistory(list[Event]):
    """A history that also writes each event into the recording at its moment."""

    def __init__(self, trace: Path) -> None:
        super().__init__()
        self._file = os.open(trace, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def append(self, event: Event) -> None:
        """Keep the event and write it into the recording."""
        line = dump([event])
        os.write(self._file, _HEAD.pack(_OBSERVED, 0, 0, 0, len(line)) + line)
        super().append(event)

    def close(self) -> None:
        """End the recording."""
        os.close(self._file)
