"""What must be there before a command that only looks or tidies may begin, since opening it would make it."""

from collections.abc import Iterator
from pathlib import Path

from app.config.settings import Settings, SettingsError


def require_existing(settings: Settings) -> None:
    """Raises ``SettingsError`` for the first folder or file that is not where a setting says."""
    for what, path, name in _needed(settings):
        if not path.exists():
            raise SettingsError(f"{what} at {path.absolute()}; {name} names it.")


def _needed(settings: Settings) -> Iterator[tuple[str, Path, str]]:
    if not settings.database_url:
        yield "There is no database", settings.database_file, "DATA_DIR"
    elif not settings.cloud_store:
        yield "There is no folder of photos", settings.data_dir, "DATA_DIR"
    if not (settings.cloud_store and settings.cloud_signals and settings.cloud_identity):
        yield "There is no folder of keys", settings.key_dir, "KEY_DIR"
