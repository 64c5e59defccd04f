"""The built-in object store: encrypted files in the data folder, written once, whole or absent.

It keeps the promises of ``ObjectStore`` straight from the disk; its HTTP routes serve only phones
and pages.
"""

import asyncio
import contextlib
import errno
import os
import re
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from app.config.folders import make_folder
from app.domain.errors import StorageFull, StoreUnavailable, TooLarge
from app.domain.photos.bucket import ENCRYPTION, UPLOAD_CACHE_CONTROL, BucketAccess
from app.domain.ports.storage import ObjectSummary, StoredObject
from app.embedded.store.encryption import OVERHEAD, ObjectCipher, StoredFile
from app.embedded.store.files import make_folders, sweep, sync_folders, write_once
from app.embedded.store.keys import open_access, open_cipher

T = TypeVar("T")

THREADS = 8
CALL_SECONDS = 20.0
# Kept free for the database, which must be able to commit while photos are refused.
RESERVE_BYTES = 64_000_000

_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}(/[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}){0,5}")
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def open_store(data_dir: Path, key_dir: Path, bucket: str) -> "EmbeddedStore":
    """Open or create the store in ``data_dir``; raises ``StoreKeyError`` when its key is missing.

    Files that an earlier process left half-written are removed here.
    """
    root = data_dir / "objects"
    make_folder(data_dir)
    incoming = root / ".incoming"
    make_folders(data_dir, incoming)
    make_folders(root, root / bucket)
    sync_folders(data_dir, root / bucket)
    sweep(incoming)
    seal = open_cipher(key_dir, root, incoming)  # first: where it refuses, no other key is made
    return EmbeddedStore(root, open_access(key_dir, bucket), seal)


class EmbeddedStore:
    """Objects of one bucket, by key. Its disk work runs in threads of its own.

    Every call raises ``StoreUnavailable`` where the disk fails, ``StorageFull`` where it is full.
    """

    def __init__(
        self, root: Path, access: BucketAccess, seal: ObjectCipher, reserve_bytes: int = RESERVE_BYTES
    ) -> None:
        self.access = access
        self._root = root
        self._bucket = root / access.bucket
        self._incoming = root / ".incoming"
        self._cipher = seal
        self._reserve = reserve_bytes
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="store")

    async def put(self, key: str, kept: StoredFile) -> bool:
        """Commit an object; False when the key is taken."""
        return await self._call(partial(self._put, key, kept))

    async def get(self, key: str) -> StoredFile | None:
        """An object with its metadata, or None."""
        return await self._call(partial(self._get, key))

    async def read(self, key: str, limit: int) -> StoredObject | None:
        """The whole object, or None; more than ``limit`` bytes raises ``TooLarge``."""
        kept = await self._call(partial(self._read, key, limit))
        if kept is None:
            return None
        return StoredObject(
            body=kept.body, content_type=kept.content_type, encryption=ENCRYPTION, sha256=kept.sha256
        )

    async def write_derived(self, key: str, body: bytes, content_type: str) -> None:
        """Keep what the server made of a photo; what the key already has stays."""
        kept = StoredFile(
            content_type=content_type,
            cache_control=UPLOAD_CACHE_CONTROL,
            sha256=sha256(body).hexdigest(),
            modified_at=datetime.now(UTC),
            body=body,
        )
        await self._call(partial(self._put, key, kept, durable=False))

    async def delete(self, key: str) -> None:
        """Remove the object for good; no error when there is none."""
        await self._call(partial(self._delete, key))

    async def keys(self, prefix: str) -> AsyncIterator[ObjectSummary]:
        """Every object under a prefix, folder by folder."""
        waiting = [self._bucket]
        while waiting:
            folders, files = await self._call(partial(self._scan, waiting.pop()))
            for summary in files:
                if summary.key.startswith(prefix):
                    yield summary
            waiting += [folder for folder in folders if self._can_hold(folder, prefix)]

    async def check(self) -> None:
        """Raise ``StoreUnavailable`` unless the disk can be written, ``StorageFull`` if it is full."""
        await self._call(self._check)

    def close(self) -> None:
        """Let running work finish and end the threads."""
        self._threads.shutdown()

    async def _call(self, work: Callable[[], T]) -> T:
        running = asyncio.get_running_loop().run_in_executor(self._threads, work)
        try:
            async with asyncio.timeout(CALL_SECONDS):
                return await running
        except TimeoutError:
            raise StoreUnavailable("The disk did not answer in time.") from None
        except OSError as problem:
            if problem.errno in _NO_ROOM:
                raise StorageFull from problem
            raise StoreUnavailable("The disk cannot be read or written.") from problem

    def _put(self, key: str, kept: StoredFile, *, durable: bool = True) -> bool:
        path = self._path(key)
        self._leave_room(len(kept.body) + OVERHEAD)
        content = self._cipher.encrypt(self._name(key), kept)
        return write_once(self._root, self._incoming, path, content, durable=durable)

    def _get(self, key: str) -> StoredFile | None:
        try:
            blob = self._path(key).read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return None
        return self._cipher.decrypt(self._name(key), blob)

    def _read(self, key: str, limit: int) -> StoredFile | None:
        path = self._path(key)
        try:
            size = path.stat().st_size - OVERHEAD
            # The domain confirms the photo as stored, and the writer may have linked
            # it without having come to make the link durable.
            sync_folders(self._root, path.parent)
        except (FileNotFoundError, NotADirectoryError):
            return None
        if size > limit:
            raise TooLarge
        return self._get(key)

    def _delete(self, key: str) -> None:
        path = self._path(key)
        try:
            path.unlink()
        except (FileNotFoundError, NotADirectoryError):
            return
        sync_folders(path.parent, path.parent)

    def _scan(self, folder: Path) -> tuple[list[Path], list[ObjectSummary]]:
        folders: list[Path] = []
        files: list[ObjectSummary] = []
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                if entry.is_dir(follow_symlinks=False):
                    folders.insert(0, Path(entry.path))
                    continue
                with contextlib.suppress(FileNotFoundError):  # deleted while the listing ran
                    files.append(self._summary(entry))
        return folders, files

    def _summary(self, entry: "os.DirEntry[str]") -> ObjectSummary:
        status = entry.stat(follow_symlinks=False)
        return ObjectSummary(
            key=Path(entry.path).relative_to(self._bucket).as_posix(),
            size=status.st_size - OVERHEAD,
            modified_at=datetime.fromtimestamp(status.st_mtime, UTC),
        )

    def _can_hold(self, folder: Path, prefix: str) -> bool:
        name = folder.relative_to(self._bucket).as_posix() + "/"
        return name.startswith(prefix) or prefix.startswith(name)

    def _check(self) -> None:
        if not os.access(self._incoming, os.W_OK):
            raise StoreUnavailable("The folder of the photos cannot be written.")
        self._leave_room(0)

    def _leave_room(self, size: int) -> None:
        disk = os.statvfs(self._root)
        if disk.f_bavail * disk.f_frsize - size < self._reserve:
            raise StorageFull

    def _path(self, key: str) -> Path:
        if not is_key(key):
            raise StoreUnavailable("This is no key of the built-in store.")
        return self._bucket / key

    def _name(self, key: str) -> str:
        return f"{self.access.bucket}/{key}"


def is_key(key: str) -> bool:
    """Whether a text can be a key: plain segments, none of which begins with a dot."""
    return _KEY.fullmatch(key) is not None
