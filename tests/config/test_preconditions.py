"""Commands that only look make nothing: what must be there first, in each edition."""

from pathlib import Path

import pytest

from app.config.preconditions import require_existing
from app.config.settings import SettingsError, read_settings

POSTGRES = {"DATABASE_URL": "postgresql://host/x"}
CLOUD = {
    **POSTGRES,
    "S3_BUCKET": "photos",
    "ABLY_API_KEY": "app.key:secret",
    "CLERK_PUBLISHABLE_KEY": "pk_test_eA",
}


@pytest.mark.parametrize(
    ("chosen", "there", "missing"),
    [
        ({}, ["data", "keys"], "There is no database at {}/data/capture.sqlite3; DATA_DIR names it."),
        ({}, ["data/capture.sqlite3"], "There is no folder of keys at {}/keys; KEY_DIR names it."),
        ({}, ["data/capture.sqlite3", "keys"], None),
        (POSTGRES, ["keys"], "There is no folder of photos at {}/data; DATA_DIR names it."),
        (POSTGRES, ["data"], "There is no folder of keys at {}/keys; KEY_DIR names it."),
        (POSTGRES, ["data", "keys"], None),
        (CLOUD, [], None),
    ],
)
def test_what_is_not_there_is_named(
    tmp_path: Path, chosen: dict[str, str], there: list[str], missing: str | None
) -> None:
    """A cloud edition needs no folder at all."""
    for name in there:
        (tmp_path / name).mkdir(parents=True)
    folders = {"DATA_DIR": f"{tmp_path}/data", "KEY_DIR": f"{tmp_path}/keys"}
    message = None

    try:
        require_existing(read_settings({**folders, **chosen}))
    except SettingsError as problem:
        message = str(problem)

    assert message == (missing and missing.format(tmp_path))
