"""Folders that are new: durable name by name, from the first that was missing."""

import stat
from pathlib import Path

import pytest

from app.config import folders
from app.config.folders import make_folder


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Every folder that was synced, in its order."""
    seen: list[Path] = []
    real = folders.sync_folder

    def watched(folder: Path) -> None:
        real(folder)
        seen.append(folder)

    monkeypatch.setattr(folders, "sync_folder", watched)
    return seen


def test_each_new_name_is_durable_before_the_next_one_in_it(tmp_path: Path, synced: list[Path]) -> None:
    """Else a loss of power takes the topmost one and everything below it."""
    make_folder(tmp_path / "a/b/c")

    assert (tmp_path / "a/b/c").is_dir()
    assert synced == [tmp_path, tmp_path / "a", tmp_path / "a/b"]


def test_a_folder_that_is_there_is_made_durable_all_the_same(tmp_path: Path, synced: list[Path]) -> None:
    """The program that made it may have been killed before it was."""
    make_folder(tmp_path)

    assert synced == [tmp_path.parent]


def test_new_folders_get_the_wanted_mode(tmp_path: Path) -> None:
    """Only the account of the program may read keys."""
    make_folder(tmp_path / "keys", 0o700)

    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_a_folder_below_one_that_may_not_be_read_is_no_obstacle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service account is given its data folder, not what lies above it."""

    def refused(folder: Path) -> None:
        raise PermissionError(folder)

    monkeypatch.setattr(folders, "sync_folder", refused)

    make_folder(tmp_path)
    with pytest.raises(PermissionError):
        make_folder(tmp_path / "new")


def test_a_relative_folder_is_made_where_the_program_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``./data`` is the default."""
    monkeypatch.chdir(tmp_path)

    make_folder(Path("data"))

    assert [path.name for path in tmp_path.iterdir()] == ["data"]
