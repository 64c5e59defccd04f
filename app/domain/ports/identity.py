"""Keys of session tokens, and what a transaction can read and write of the local accounts."""

from datetime import datetime
from typing import Any, Protocol

import msgspec


class KeySet(Protocol):
    """Public keys that sign session tokens."""

    async def key(self, kid: str) -> Any:
        """The RSA public key, None if unknown; raises ``KeysUnavailable`` when none can be had."""
        ...


class Account(msgspec.Struct, kw_only=True, frozen=True):
    """A local account; ``must_change`` until the generated first password was replaced."""

    user: str
    name: str
    password_hash: str
    must_change: bool


class AccountRepository(Protocol):
    """Local accounts; names are unique whatever their case."""

    async def by_name(self, name: str) -> Account | None:
        """The account of that name, whatever the case it is typed in; None without one."""
        ...

    async def by_user(self, user: str) -> Account | None:
        """The account of a user id; None without one."""
        ...

    async def list_all(self) -> list[Account]:
        """Every account, by name."""
        ...

    async def add(self, account: Account) -> bool:
        """Add an account; False, and nothing changed, when the name or the user is taken."""
        ...

    async def set_password(self, user: str, password_hash: str, must_change: bool) -> None:
        """Replace the hash; logins stay as they are."""
        ...


class LoginRepository(Protocol):
    """Login cookies, each by the SHA-256 of its value."""

    async def add(self, digest: str, user: str, until: datetime) -> None:
        """Remember a cookie."""
        ...

    async def find(self, digest: str, now: datetime) -> tuple[str, datetime] | None:
        """(user, end) of a cookie; None if it is unknown or has ended."""
        ...

    async def has_open(self, prefix: str, now: datetime) -> bool:
        """Whether there is a cookie that has not ended and whose digest begins with ``prefix``."""
        ...

    async def delete(self, digest: str) -> None:
        """Delete one cookie; no error when it is unknown."""
        ...

    async def delete_all(self, user: str) -> None:
        """Sign a user out everywhere."""
        ...


class LoginFailureRepository(Protocol):
    """Failed sign-ins, counted for a key: a name, an address, a browser."""

    async def get(self, key: str) -> tuple[int, datetime] | None:
        """(failures in a row, no further attempt before); None where nothing is counted."""
        ...

    async def put(self, key: str, count: int, until: datetime) -> None:
        """Replace what is known about a key."""
        ...

    async def clear(self, key: str) -> None:
        """Delete the failures of a key."""
        ...

    async def clear_prefix(self, prefix: str) -> None:
        """Delete the failures of every key that begins with ``prefix``."""
        ...
