"""The hub's own key: it signs the tokens of the pages, and nothing outside the server holds it."""

import os
import secrets
from pathlib import Path

import msgspec

FILE_NAME = "signals.key"


class HubKey(msgspec.Struct, frozen=True):
    """``name`` goes into token headers, ``secret`` signs them and is never shown."""

    name: str
    secret: str

    def __repr__(self) -> str:
        return f"HubKey(name={self.name!r})"

    @property
    def text(self) -> str:
        """``name:secret``, the form in which client libraries take a key."""
        return f"{self.name}:{self.secret}"


def new_hub_key() -> HubKey:
    """A key with 256 random bits."""
    name = f"hub.{secrets.token_hex(4)}"
    return HubKey(name, secrets.token_urlsafe(32))


def keep_hub_key(folder: Path) -> HubKey:
    """The key kept in ``folder``, made there first if absent; readable by its owner only.

    Raises ``ValueError`` naming the file when it holds no key.
    """
    path = folder / FILE_NAME
    if not path.exists():
        _write_once(path, new_hub_key().text)
    name, _, secret = path.read_text(encoding="ascii").strip().partition(":")
    if not name or len(secret) < 32:
        raise ValueError(f"{path} does not hold a signal key. Remove it and start again.")
    return HubKey(name, secret)


def _write_once(path: Path, text: str) -> None:
    """Complete or not at all: two processes that start together end with the same key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(
        os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii"
    ) as file:
        file.write(f"{text}\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
