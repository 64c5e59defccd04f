"""A loss of power at any moment of a recorded day of the real program (G4)."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from campaigns.powerloss.campaign import CONTROLS, SURVIVORS, control, survivors
from campaigns.powerloss.record import record
from campaigns.powerloss.replay import Model
from campaigns.powerloss.shim import NoCompiler, built
from campaigns.powerloss.trace import Change
from campaigns.server.program import ForkServer


@pytest.fixture
def fork_server() -> Iterator[ForkServer]:
    fork_server = ForkServer()
    yield fork_server
    fork_server.close()


def test_nothing_that_was_acknowledged_is_lost_with_the_power(fork_server: ForkServer) -> None:
    """Five hundred survivors: each database whole, each promised row and object there, each opens again."""
    recording = record(fork_server, 0)

    found = survivors(recording, 0, SURVIVORS)

    assert recording.broken == []
    assert len(found) == SURVIVORS
    assert [problems for _, problems in found if problems] == []
    assert [str(verdict) for verdict, _ in found if not verdict.clean] == []


@pytest.mark.parametrize("build", CONTROLS)
def test_a_build_that_does_not_wait_for_the_disk_is_caught(build: str, fork_server: ForkServer) -> None:
    """The control arms: without them the zero above would mean nothing.

    Where the threads of one recorded day happen to leave no gap, another day's do.
    """
    assert any(control(fork_server, build, seed).caught for seed in range(8))


def change(kind: str, path: str, data: bytes = b"", inode: int = 1, offset: int = 0) -> Change:
    """One line of a recording."""
    return Change(kind, inode, offset, f"/disk/{path}", data)


def left(tmp_path: Path, *changes: Change) -> set[tuple[str, bytes]]:
    """Everything that sixty losses of power after these changes left."""
    model = Model("/disk")
    for one in changes:
        model.play(one)
    found: set[tuple[str, bytes]] = set()
    for seed in range(60):
        place = tmp_path / str(seed)
        model.survivor(place, random.Random(seed))
        found |= {(path.name, path.read_bytes()) for path in place.rglob("*") if path.is_file()}
        found |= {("nothing", b"")} if not any(place.iterdir()) else set()
    return found


CREATE, WRITE, SYNC = change("c", "file"), change("w", "file", b"new"), change("f", "file")
FOLDER = Change("f", 9, 0, "/disk", b"")


def test_without_a_sync_a_file_may_be_there_empty_or_not_at_all(tmp_path: Path) -> None:
    """Both the name and the bytes are open."""
    assert left(tmp_path, CREATE, WRITE) == {("file", b"new"), ("file", b""), ("nothing", b"")}


def test_a_synced_file_without_a_synced_folder_may_have_no_name(tmp_path: Path) -> None:
    """But never half its bytes."""
    assert left(tmp_path, CREATE, WRITE, SYNC) == {("file", b"new"), ("nothing", b"")}


def test_what_was_synced_with_its_name_is_certain(tmp_path: Path) -> None:
    """The only state in which a promise may be made."""
    assert left(tmp_path, CREATE, WRITE, SYNC, FOLDER) == {("file", b"new")}


def test_a_later_write_may_be_torn_at_a_block(tmp_path: Path) -> None:
    """Each block of it is old or new, in any mixture."""
    old = [CREATE, change("w", "file", b"o" * 1024), SYNC, FOLDER]

    found = {bytes({body[0], body[-1]}) for _, body in left(tmp_path, *old, change("w", "file", b"n" * 1024))}

    assert found >= {b"o", b"n", bytes(set(b"on"))}


def test_a_link_and_a_removal_survive_apart_from_each_other(tmp_path: Path) -> None:
    """Two names of one file, of which each may be there."""
    linked = [CREATE, WRITE, SYNC, FOLDER, change("l", "other", b"/disk/file"), change("u", "file")]

    names = {name for name, _ in left(tmp_path, *linked)}

    assert names == {"file", "other", "nothing"}


def test_a_machine_without_a_compiler_gets_instructions(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The gate fails with a sentence; it does not pass over what it cannot check."""
    monkeypatch.setattr("campaigns.powerloss.shim.find_spec", lambda _: None)
    monkeypatch.setattr("campaigns.powerloss.shim.shutil.which", lambda _: None)
    monkeypatch.setattr("campaigns.powerloss.shim.tempfile.gettempdir", lambda: str(tmp_path))

    with pytest.raises(NoCompiler, match="install gcc, or run pip install ziglang"):
        built()
