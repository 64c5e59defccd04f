"""The built-in store on its disk: sealed, durable in the right order, whole or absent after a kill."""

import asyncio
import errno
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from app.domain.errors import StorageFull, StoreUnavailable
from app.embedded.store import files as store_files
from app.embedded.store.encryption import ObjectCipher, StoredFile
from app.embedded.store.files import sweep, write_once
from app.embedded.store.keys import StoreKeyError
from app.embedded.store.store import EmbeddedStore, open_store
from tests.support.pictures import jpeg
from tests.support.stores import now

BODY = jpeg(64, 48)
KEY = "consultations/c/p.jpg"
KILLER = Path(__file__).with_name("store_killer.py")


def kept(body: bytes = BODY) -> StoredFile:
    return StoredFile(
        content_type="image/jpeg",
        cache_control="private",
        sha256=sha256(body).hexdigest(),
        modified_at=now(),
        body=body,
    )


def reopened(folder: Path) -> EmbeddedStore:
    return open_store(folder / "data", folder / "keys", "photos")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    opened = reopened(tmp_path)
    yield opened
    opened.close()


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_an_object_outlives_the_process(store: EmbeddedStore, tmp_path: Path) -> None:
    """Closed and opened again: the same object with its metadata."""
    written = kept()
    assert await store.put(KEY, written)

    again = reopened(tmp_path)
    found = await again.get(KEY)
    again.close()

    assert found == written


async def test_the_disk_shows_nothing_of_a_photo(store: EmbeddedStore, tmp_path: Path) -> None:
    """No bytes, type or digest in clear; the key lies elsewhere and only its owner can read it."""
    await store.put(KEY, kept())

    blobs = b"".join(path.read_bytes() for path in files(tmp_path / "data"))

    for secret in (BODY, BODY[:10], b"image/jpeg", sha256(BODY).hexdigest().encode()):
        assert secret not in blobs
    for path in files(tmp_path / "keys"):
        assert path.read_bytes().strip() not in blobs
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for path in files(tmp_path / "data"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_key_is_written_once(store: EmbeddedStore) -> None:
    """The second writer gets an error; the first object stays."""
    assert await store.put(KEY, kept())
    assert not await store.put(KEY, kept(b"other bytes"))

    found = await store.get(KEY)
    assert found is not None
    assert found.body == BODY


async def test_an_object_moved_to_another_name_does_not_open(store: EmbeddedStore, tmp_path: Path) -> None:
    """The seal is bound to the name, so files cannot be swapped between patients."""
    await store.put(KEY, kept())
    path = tmp_path / "data/objects/photos" / KEY
    path.rename(path.with_name("q.jpg"))

    with pytest.raises(StoreUnavailable, match="another name"):
        await store.get("consultations/c/q.jpg")


async def test_a_flipped_bit_is_noticed(store: EmbeddedStore, tmp_path: Path) -> None:
    """Anywhere in the file."""
    await store.put(KEY, kept())
    path = tmp_path / "data/objects/photos" / KEY
    whole = path.read_bytes()
    for at in (0, 5, 15, 30, 300, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:at] + bytes((whole[at] ^ 1,)) + whole[at + 1 :])
        with pytest.raises(StoreUnavailable):
            await store.get(KEY)
    path.write_bytes(whole)
    assert await store.get(KEY) is not None


def test_a_lost_key_stops_the_start(store: EmbeddedStore, tmp_path: Path) -> None:
    """A new key would hide that every photo has become unreadable."""
    (tmp_path / "keys/store.key").unlink()

    with pytest.raises(StoreKeyError, match="Put the key back"):
        reopened(tmp_path)
    assert not (tmp_path / "keys/store.key").exists()


@pytest.mark.parametrize("content", ["00" * 32, "", "no key", "00" * 31])
def test_a_wrong_key_stops_the_start(store: EmbeddedStore, tmp_path: Path, content: str) -> None:
    """Another key and half a key are recognised before a photo is touched."""
    (tmp_path / "keys/store.key").write_text(content)

    with pytest.raises(StoreKeyError, match="start again"):
        reopened(tmp_path)


def test_keys_are_made_once(store: EmbeddedStore, tmp_path: Path) -> None:
    """A later start uses the same ones; another folder gets others."""
    again, other = reopened(tmp_path), reopened(tmp_path / "elsewhere")

    assert again.access == store.access
    assert other.access.secret_key != store.access.secret_key
    assert store.access.secret_key not in repr(store.access)
    again.close()
    other.close()


@pytest.mark.parametrize(
    "key", ["", "/a", "a/", "../a", "a/../b", "a//b", ".a", "a/.b", "a\\b", "a%2fb", "ä", "a\x00", "a" * 101]
)
async def test_a_key_that_could_leave_its_folder_is_refused(store: EmbeddedStore, key: str) -> None:
    """Reading, writing and deleting alike."""
    for work in (store.get(key), store.delete(key), store.put(key, kept()), store.read(key, 9)):
        with pytest.raises(StoreUnavailable):
            await work


async def test_a_full_disk_is_reported_before_the_database_suffers(store: EmbeddedStore) -> None:
    """Below the reserve nothing more is written, and readiness says so."""
    full = EmbeddedStore(store._root, store.access, store._cipher, reserve_bytes=2**62)

    with pytest.raises(StorageFull):
        await full.put(KEY, kept())
    with pytest.raises(StorageFull):
        await full.check()
    assert await full.get(KEY) is None
    await store.check()
    full.close()


async def test_a_write_that_the_system_refuses_leaves_nothing(store: EmbeddedStore, tmp_path: Path) -> None:
    """A real refusal in the middle of the file: full, no object, no temporary file."""
    code = (
        "import asyncio, resource, signal, sys\n"
        "from pathlib import Path\n"
        "from tests.embedded.test_store import *\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "store = reopened(Path(sys.argv[1]))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n"
        "    asyncio.run(store.put(KEY, kept()))\n"
        "except StorageFull:\n"
        "    print('full')\n"
        "store.close()\n"
    )

    command = [sys.executable, "-c", code, str(tmp_path)]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)

    assert done.stdout.strip() == "full", done.stderr
    assert await store.get(KEY) is None
    assert list((tmp_path / "data/objects/.incoming").iterdir()) == []


async def test_a_disk_error_is_the_stores_and_not_the_photos(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The phone waits and tries again; nothing is parked."""

    def fail(*_: Any) -> None:
        raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr(os, "fsync", fail)

    with pytest.raises(StoreUnavailable):
        await store.put(KEY, kept())
    monkeypatch.undo()
    assert await store.put(KEY, kept())


def test_the_link_comes_after_the_bytes_and_before_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What power loss can see: file made durable, then its name, then every folder up to the root."""
    seen: list[str] = []
    names: dict[int, str] = {}
    real_open, real_sync, real_link = os.open, os.fsync, os.link

    def opened(path: Any, *arguments: Any) -> int:
        handle = real_open(path, *arguments)
        names[handle] = "temporary" if str(path).endswith(".part") else Path(path).name
        return handle

    def synced(handle: int) -> None:
        real_sync(handle)
        seen.append(f"sync {names[handle]}")

    def linked(source: Any, target: Any) -> None:
        real_link(source, target)
        seen.append("link")

    monkeypatch.setattr(os, "open", opened)
    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "link", linked)
    root, incoming = tmp_path / "root", tmp_path / "incoming"
    root.mkdir()
    incoming.mkdir()

    expected = ["sync temporary", "link", "sync c", "sync consultations", "sync root"]
    assert write_once(root, incoming, root / KEY, b"1")
    assert seen == expected

    # The second writer promises the same, so it makes the name durable too.
    seen.clear()
    expected.remove("link")
    assert not write_once(root, incoming, root / KEY, b"2")
    assert seen == expected


@pytest.mark.parametrize("what", ["object", "first start"])
def test_a_kill_at_any_step_leaves_an_object_whole_or_absent(tmp_path: Path, what: str) -> None:
    """The process is killed before each single file operation in turn, then the store is reopened."""
    done = subprocess.run(
        [sys.executable, str(KILLER), str(tmp_path), what], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    absent, whole = (int(count) for count in done.stdout.split())
    # Both outcomes must occur, else the kills did not reach across the commit point.
    assert absent >= 5
    assert whole >= 2


def test_the_kill_test_sees_a_writer_that_is_not_atomic(tmp_path: Path) -> None:
    """Control: a store that writes straight to the name is caught with half an object."""
    done = subprocess.run(
        [sys.executable, str(KILLER), str(tmp_path), "careless"], capture_output=True, text=True, check=False
    )

    assert done.returncode != 0
    assert "damaged" in done.stderr


def synced(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The files and folders that are waited for from here on."""
    seen: list[int] = []
    real = os.fsync

    def noted(handle: int) -> None:
        seen.append(handle)
        real(handle)

    monkeypatch.setattr(os, "fsync", noted)
    return seen


async def test_a_reader_makes_the_name_durable_before_it_promises(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its writer may have linked the object and not have come to the folders yet."""
    await store.put(KEY, kept())
    seen = synced(monkeypatch)

    await store.read(KEY, len(BODY))

    # The folders c, consultations, photos and objects.
    assert len(seen) == 4


def test_sweeping_spares_a_file_that_is_being_written(tmp_path: Path) -> None:
    """Left-behind files go; one whose writer lives stays until its writer is done."""
    (tmp_path / "left.part").write_bytes(b"half")

    with store_files._temporary_file(tmp_path, b"whole", durable=True) as writing:
        assert sweep(tmp_path) == 1
        assert writing.exists()

    assert list(tmp_path.iterdir()) == []


def test_a_sealed_object_gives_its_size_away_and_nothing_else() -> None:
    """The length follows from the file, so that a listing opens no object."""
    seal = ObjectCipher(os.urandom(32))

    first, second = seal.encrypt("photos/k", kept()), seal.encrypt("photos/k", kept())

    assert len(first) == len(second)
    assert first[12:] != second[12:], "a nonce is never used twice"


async def test_a_thumbnail_is_not_waited_for_and_its_deletion_is(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It can be made again from the photo; what was deleted may not come back with the power."""
    await store.put(KEY, kept())
    seen = synced(monkeypatch)

    await store.write_derived(f"{KEY}.thumb.webp", BODY, "image/webp")
    assert seen == []
    await store.delete(f"{KEY}.thumb.webp")
    assert len(seen) == 1
    await store.put(f"{KEY}.other", kept())
    assert len(seen) > 2, "the control: a photo is waited for"
