"""The hub's key is made once, kept from others, and never printed."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.embedded.hub import load_hub_key, new_hub_key


def test_a_key_is_made_once_and_found_again(tmp_path: Path) -> None:
    """A restart keeps every page's token valid."""
    folder = tmp_path / "keys"

    assert load_hub_key(folder) == load_hub_key(folder)


def test_a_key_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    """With it a reader could receive every user's signals."""
    load_hub_key(tmp_path)

    assert [path.stat().st_mode & 0o777 for path in tmp_path.iterdir()] == [0o600]


def test_two_starts_at_once_end_with_one_key(tmp_path: Path) -> None:
    """Neither overwrites what the other already signs with."""
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: load_hub_key(tmp_path).text, range(8)))

    assert len(keys) == 1
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("text", ["", "hub.1234", "hub.1234:short"])
def test_a_damaged_key_stops_the_start_and_names_the_file(tmp_path: Path, text: str) -> None:
    """A hub with an empty secret would accept any token."""
    load_hub_key(tmp_path)
    (tmp_path / "signals.key").write_text(text)

    with pytest.raises(ValueError, match=r"signals\.key does not hold"):
        load_hub_key(tmp_path)


def test_a_key_does_not_show_its_secret() -> None:
    """Neither in a log line nor in a traceback."""
    key = new_hub_key()

    assert key.secret not in f"{key} {key!r}"
