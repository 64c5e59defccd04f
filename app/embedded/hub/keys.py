"""The hub's own key: it signs the tokens of the pages, and never leaves the server."""

import secrets
from pathlib import Path

import msgspec

from app.embedded.key_files import load_or_create

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


def load_hub_key(folder: Path) -> HubKey:
    """The key kept in ``folder``, made there first if absent; readable by its owner only.

    Raises ``ValueError`` naming the file when it holds no key.
    """
    path = folder / FILE_NAME
    text = load_or_create(path, lambda: f"{new_hub_key().text}\n".encode()).decode("ascii", "replace")
    name, _, secret = text.strip().partition(":")
    if not name or len(secret) < 32:
        raise ValueError(f"{path} does not hold a signal key. Remove it and start again.")
    return HubKey(name, secret)
