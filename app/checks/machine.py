"""The machine that serves: its disk, its folder of keys, and a database that takes what is written."""

import hashlib
import shutil
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

from app.checks.finding import Finding, good, unknown, wrong
from app.config.settings import Settings
from app.domain.errors import CaptureError

LEAST_BYTES = 500_000_000
_WRITE = "the database takes what is written"


def try_disk(settings: Settings, free: Callable[[Path], int] | None = None) -> list[Finding]:
    """Free space where photos, database and keys are stored."""
    return [_room(name, path, free or _free) for name, path in _kept(settings)]


def _kept(settings: Settings) -> Iterator[tuple[str, Path]]:
    if not (settings.cloud_store and settings.database_url):
        yield "DATA_DIR", settings.data_dir
    yield "KEY_DIR", settings.key_dir


def _free(path: Path) -> int:
    while not path.exists():
        path = path.absolute().parent
    return shutil.disk_usage(path).free


def _room(name: str, path: Path, free: Callable[[Path], int]) -> Finding:
    what = f"there is room in {'the data' if name == 'DATA_DIR' else 'the keys'} folder"
    left = free(path)
    if left >= LEAST_BYTES:
        return good("disk", what)
    why = f"{left // 1_000_000} MB are free under {path.absolute()}."
    return wrong("disk", what, why, f"Make room there, or move {name} to a larger disk.")


async def try_database(write: Callable[[], Awaitable[None]], settings: Settings) -> list[Finding]:
    """A committed write; a copy that may only be read answers every question and keeps no photo."""
    name = "DATABASE_URL" if settings.database_url else "DATA_DIR"
    try:
        await write()
    except Exception as problem:  # a driver's own error as well: its cause is what is reported
        return [wrong("database", _WRITE, *_why_not(problem, name))]
    return [good("database", _WRITE)]


def _why_not(problem: Exception, name: str) -> tuple[str, str]:
    for one in _causes(problem):
        state = getattr(one, "sqlstate", None)
        if state in _BY_STATE:
            return _BY_STATE[state]
        if "readonly" in str(one) or "read-only" in str(one):
            return "It may only be read.", f"Give this account the right to write in {name}."
        if isinstance(one, (OSError, TimeoutError)):
            return "It does not answer.", f"Start it, or set {name} to where it is."
    why = problem.detail if isinstance(problem, CaptureError) else f"It ended with {type(problem).__name__}."
    return why, f"Check {name}, its user's rights and its disk."


_BY_STATE = {
    "25006": ("It is a standby that may only be read.", "Set DATABASE_URL to the primary server."),
    "28P01": ("It does not accept the password.", "Set DATABASE_URL to the user's present password."),
    "28000": (
        "It lets this user not in from here.",
        "Correct DATABASE_URL, or let the user in (pg_hba.conf).",
    ),
    "3D000": (
        "There is no database of this name.",
        "Create it, or correct the name at the end of DATABASE_URL.",
    ),
    "42501": ("The user may not write.", "Give the user of DATABASE_URL rights on the app's tables."),
    "53300": ("It has no connection left.", "Raise its limit, or let DATABASE_URL lead through a pooler."),
    "53100": ("Its disk is full.", "Make room on the disk of the server in DATABASE_URL."),
}


def _causes(problem: BaseException | None) -> Iterator[BaseException]:
    while problem is not None:
        yield problem
        problem = problem.__cause__ or problem.__context__


def try_keys(settings: Settings) -> list[Finding]:
    """What can be said from one machine of a folder that several must share."""
    names = ("session-signing-key.pem",) if settings.database_url and not settings.cloud_identity else ()
    files = [settings.key_dir / name for name in names if (settings.key_dir / name).exists()]
    return [_fingerprint(path) for path in files]


def _fingerprint(path: Path) -> Finding:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    what = "several machines must share KEY_DIR, or people are signed out from one to the next"
    return unknown("keys", what, f"on this one the fingerprint is {digest}; doctor must say the same on each")
