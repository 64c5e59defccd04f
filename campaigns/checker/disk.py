"""What is really on the disk, read without the app: rows by sqlite3, objects by opening their seal here.

The layout of a sealed object is written down a second time on purpose: a reader that shared the app's
code would share its mistakes.
"""

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from campaigns.checker.events import Derived, Event, Look, Object, Row, Waiting

DATABASE = "capture.sqlite3"
BUCKET = "photos"
THUMBNAIL = ".thumb.webp"
_HEAD_BYTES = 4 + 8 + 12
_METADATA_BYTES = 512
_STORED_SINCE = "SELECT count(*) FROM photos WHERE state = 'stored' AND received_at >= ?"
_ROWS = "SELECT photo_id, owner, captured_in, filed_in, state, sha256 FROM photos"


class Disk:
    """The data and key folders of one installation, whether a program runs on them or not."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "volume" / "data"
        self.keys = folder / "secrets" / "keys"
        self._opened: dict[tuple[str, int, int], str] = {}

    def look(self, *, at_rest: bool = False) -> list[Event]:
        """An inspection as events; at rest it also says what has not gone out."""
        waiting = [Waiting(what=f"event {row[0]}") for row in self.query(_UNPUBLISHED)] if at_rest else []
        return [Look(at_rest=at_rest), *self.rows(), *self.objects(), *self.derived(), *waiting]

    def rows(self) -> list[Row]:
        """Every row of the photos' table."""
        names = ("photo", "owner", "captured_in", "filed_in", "state", "sha256")
        return [Row(**dict(zip(names, row, strict=True))) for row in self.query(_ROWS)]

    def stored_since(self, moment: datetime) -> int:
        """How many photos came to be stored at that moment or later."""
        since = int(moment.timestamp() * 1000)
        return int(self.query(_STORED_SINCE, since)[0][0])

    def objects(self) -> list[Object]:
        """Every photo's object with the hash of what it opens to; empty where it does not open."""
        photos = [(key, path) for key, path in self.files() if not key.endswith(THUMBNAIL)]
        return [Object(key=key, sha256=self._hash(key, path)) for key, path in photos]

    def derived(self) -> list[Derived]:
        """Every thumbnail; a power cut may have left one that does not open."""
        return [Derived(key=key) for key, _ in self.files() if key.endswith(THUMBNAIL)]

    def files(self) -> Iterator[tuple[str, Path]]:
        """Every object's key and file."""
        bucket = self.data / "objects" / BUCKET
        for path in sorted(bucket.rglob("*")) if bucket.exists() else []:
            if path.is_file():
                yield path.relative_to(bucket).as_posix(), path

    def body(self, key: str, path: Path) -> bytes | None:
        """The bytes of an object; None where it does not open under its own name."""
        blob = path.read_bytes()
        head, sealed = blob[:_HEAD_BYTES], blob[_HEAD_BYTES:]
        cipher = self._cipher()
        if cipher is None or len(head) < _HEAD_BYTES or head[:4] != b"CPO1":
            return None
        bound_to = head[:12] + f"{BUCKET}/{key}".encode()
        try:
            return cipher.decrypt(head[12:], sealed, bound_to)[_METADATA_BYTES:]
        except InvalidTag:
            return None

    def query(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of the database file; a hot journal is rolled back as SQLite does, by the first reader."""
        with contextlib.closing(sqlite3.connect(self.data / DATABASE, timeout=10)) as database:
            return database.execute(statement, values).fetchall()

    def integrity(self) -> str:
        """``ok``, or what SQLite finds wrong with its file."""
        return str(self.query("PRAGMA integrity_check")[0][0])

    def _cipher(self) -> AESGCM | None:
        """None where the key is not there or not whole: then nothing opens."""
        try:
            return AESGCM(bytes.fromhex((self.keys / "store.key").read_text().strip()))
        except (FileNotFoundError, ValueError):
            return None

    def _hash(self, key: str, path: Path) -> str:
        """Hashed once for each file, since a file under a key never changes."""
        status = path.stat()
        known = (key, status.st_ino, status.st_mtime_ns)
        if known not in self._opened:
            body = self.body(key, path)
            self._opened[known] = "" if body is None else hashlib.sha256(body).hexdigest()
        return self._opened[known]


_UNPUBLISHED = "SELECT seq FROM outbox WHERE published_at IS NULL"
