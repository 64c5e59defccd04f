"""Keys of session tokens, and the records of the local accounts."""

from contextlib import AbstractAsyncContextManager
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


class AccountRecords(Protocol):
    """Local accounts within one transaction; names are unique whatever their case."""

    async def account(self, name: str) -> Account | None:
        """The account of that name, whatever the case it is typed in."""
        ...

    async def account_by_user(self, user: str) -> Account | None:
        """The account of a user id."""
        ...

    async def accounts(self) -> list[Account]:
        """Every account, by name."""
        ...

    async def add_account(self, account: Account) -> bool:
        """Add an account; False, and nothing changed, when the name or the user is taken."""
        ...

    async def set_password(self, user: str, password_hash: str, must_change: bool) -> None:
        """Replace the hash; logins stay as they are."""
        ...

    async def add_login(self, digest: str, user: str, until: datetime) -> None:
        """Remember a login cookie by the SHA-256 of its value."""
        ...

    async def login(self, digest: str, now: datetime) -> tuple[str, datetime] | None:
        """(user, end) of a login cookie that has not ended, by the SHA-256 of its value."""
        ...

    async def has_login(self, start: str, now: datetime) -> bool:
        """Whether there is an unexpired login cookie whose digest begins so."""
        ...

    async def drop_login(self, digest: str) -> None:
        """Forget one login cookie; no error when it is unknown."""
        ...

    async def drop_logins(self, user: str) -> None:
        """Sign a user out everywhere."""
        ...

    async def login_failures(self, key: str) -> tuple[int, datetime] | None:
        """(failures in a row, no further attempt before) of a name or an address."""
        ...

    async def record_login_failure(self, key: str, count: int, until: datetime) -> None:
        """Replace what is known about a name or an address."""
        ...

    async def clear_login_failures(self, key: str) -> None:
        """Forget the failures of a name or an address."""
        ...

    async def clear_login_failures_below(self, start: str) -> None:
        """Forget the failures of every key that begins so."""
        ...

    async def drop_upload_sessions(self, user: str, session_id: str | None = None) -> None:
        """End the background uploads of one login, or of all of a user's."""
        ...


class AccountDatabase(Protocol):
    """The same transactions as ``Database``, seen by the local accounts."""

    def transaction(self) -> AbstractAsyncContextManager[AccountRecords]:
        """Commit on leaving, roll back on any exception."""
        ...
