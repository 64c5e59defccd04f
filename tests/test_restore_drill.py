"""The restore drill: back the database up, go on, restore the old one, and have every difference explained.

With the real store on disk, the real database file and real pictures; the final check is the command's.
"""

import hashlib
import os
import random
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.config.identifiers import uuid7
from app.config.settings import read_settings
from app.domain.consultations.model import NewConsultation
from app.domain.photos.model import CapturedPhoto, CompletionClaim, PhotoState
from app.embedded.store.encryption import StoredFile
from app.main import Backends
from tests.support.pictures import jpeg

ROOT = Path(__file__).resolve().parent.parent
USER = "dr_a"


def environment(folder: Path) -> dict[str, str]:
    """The settings of this test's own server."""
    return {"DATA_DIR": str(folder / "data"), "KEY_DIR": str(folder / "keys")}


async def start_consultation(clinic: Backends, label: str) -> UUID:
    """A new consultation."""
    return (await clinic.consultations.start(USER, NewConsultation(label=label))).consultation_id


async def photo(clinic: Backends, consultation: UUID, seed: int, *, complete: bool = True) -> UUID:
    """Presign, PUT and complete of one photo, or all but the last."""
    body = jpeg(64, 48, seed)
    digest = hashlib.sha256(body).hexdigest()
    now = datetime.now(UTC)
    taken = CapturedPhoto(
        photo_id=uuid7(), consultation_id=consultation, owner=USER, content_type="image/jpeg",
        size=len(body), sha256=digest, width=64, height=48, captured_at=now,
    )  # fmt: skip
    await clinic.uploads.presign(USER, [taken], clinic.store_backend.signer.for_page("http://localhost:8000"))
    key = f"consultations/{consultation}/{taken.photo_id}.jpg"
    kept = StoredFile(content_type="image/jpeg", cache_control="", sha256=digest, modified_at=now, body=body)
    store: Any = clinic.store
    assert await store.put(key, kept)
    if complete:
        claim = CompletionClaim(owner=USER, consultation_id=consultation, sha256=digest)
        await clinic.uploads.complete(USER, taken.photo_id, claim)
    return taken.photo_id


def copy(source: Path, target: Path) -> None:
    """SQLite's own backup, as an operator makes it beside the running program."""
    with sqlite3.connect(source) as old, sqlite3.connect(target) as new:
        old.backup(new)
    old.close()
    new.close()


def reconcile(folder: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    """The operator's command."""
    return subprocess.run(
        [sys.executable, "-m", "app", "reconcile", *options],
        cwd=ROOT, env={"PATH": os.environ["PATH"], **environment(folder)}, text=True, capture_output=True,
    )  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_after_a_restore_every_difference_is_explained_and_every_photo_that_can_be_is_back(
    tmp_path: Path, seed: int
) -> None:
    """0 unexplained: photos of known consultations are adopted, those of later ones are named and kept."""
    chance = random.Random(seed)
    before, after = chance.randint(1, 4), chance.randint(1, 4)
    database = tmp_path / "data" / "capture.sqlite3"
    async with Backends(read_settings(environment(tmp_path))).opened() as clinic:
        known = await start_consultation(clinic, "Room 2")
        old = [await photo(clinic, known, number) for number in range(before)]
        silent = await photo(clinic, known, 50, complete=False)
        copy(database, tmp_path / "backup.sqlite3")
        new = [await photo(clinic, known, 100 + number) for number in range(after)]
        erased = await photo(clinic, known, 60)
        await clinic.uploads.delete(USER, erased)
        later = await start_consultation(clinic, "Room 3")
        stranded = await photo(clinic, later, 200)
    for leftover in database.parent.glob("capture.sqlite3*"):
        leftover.unlink()
    (tmp_path / "backup.sqlite3").rename(database)

    found = reconcile(tmp_path)
    assert found.returncode == 0, found.stdout + found.stderr
    assert (
        f"{before + after + 2} objects, {before + 1} rows, {after + 2} differences, 0 unexplained"
        in found.stdout
    )
    assert found.stdout.count("older backup") == after + 1
    adopted = reconcile(tmp_path, "--adopt")
    assert (adopted.returncode, adopted.stdout.count("[adopted]"), adopted.stdout.count("[stored]")) == (
        0,
        after,
        1,
    )
    again = reconcile(tmp_path)

    assert again.returncode == 0
    assert "1 differences, 0 unexplained" in again.stdout
    assert str(stranded) in again.stdout
    async with Backends(read_settings(environment(tmp_path))).opened() as clinic:
        for photo_id in [*old, silent, *new]:
            state = await clinic.uploads.state(USER, photo_id)
            assert state.state is PhotoState.STORED
            assert state.receipt is not None
            assert state.receipt.consultation_id == known
        signer = clinic.store_backend.signer.for_page("http://localhost:8000")
        assert len((await clinic.consultations.photos(USER, known, signer)).photos) == (before + after + 1)


async def test_what_is_lost_is_never_explained_away(tmp_path: Path) -> None:
    """The control: an object and a row removed behind the app's back are reported, and the exit code is 1."""
    async with Backends(read_settings(environment(tmp_path))).opened() as clinic:
        known = await start_consultation(clinic, "Room 2")
        gone, rowless, _ = [await photo(clinic, known, number) for number in range(3)]
    next((tmp_path / "data").rglob(f"{gone}.jpg")).unlink()
    with sqlite3.connect(tmp_path / "data" / "capture.sqlite3") as database:
        database.execute("DELETE FROM photos WHERE photo_id = ?", [str(rowless)])
    database.close()

    found = reconcile(tmp_path, "--adopt")

    assert found.returncode == 1
    unexplained = [line for line in found.stdout.splitlines() if line.startswith("UNEXPLAINED")]
    assert len(unexplained) == 2
    assert any(str(gone) in line and "row-without-object" in line for line in unexplained)
    assert any(str(rowless) in line and "[adopted]" in line for line in unexplained)
