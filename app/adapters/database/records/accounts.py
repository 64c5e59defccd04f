"""Queries on local accounts, their logins and their failed attempts."""

import unicodedata
from datetime import datetime

from sqlalchemy import Select, bindparam, delete, func, insert, select, update

from app.adapters.database.columns import UtcMillis
from app.adapters.database.statements import Connection, Row, Statement, bind_columns
from app.adapters.database.tables import accounts, login_failures, login_sessions
from app.domain.ports.identity import Account

_A = accounts.c
_L = login_sessions.c
_F = login_failures.c


def _account() -> Select[tuple[str, str, str, bool]]:
    return select(_A.user_id, _A.name, _A.password_hash, _A.must_change)


_BY_NAME = Statement(_account().where(_A.folded_name == bindparam("folded")))
_BY_USER = Statement(_account().where(_A.user_id == bindparam("user")))
_ALL = Statement(_account().order_by(_A.folded_name))
_ADD = Statement(
    lambda spec: (
        spec.insert(accounts)
        .values(bind_columns(accounts, "user_id", "name", "folded_name", "password_hash", "must_change"))
        .on_conflict_do_nothing()
        .returning(_A.user_id)
    )
)
_SET_PASSWORD = Statement(
    update(accounts)
    .where(_A.user_id == bindparam("user"))
    .values(bind_columns(accounts, "password_hash", "must_change"))
)
_ADD_LOGIN = Statement(
    insert(login_sessions).values(bind_columns(login_sessions, "digest", "user_id", "until"))
)
_LOGIN = Statement(
    select(_L.user_id, _L.until).where(
        _L.digest == bindparam("digest"), _L.until > bindparam("now", type_=UtcMillis)
    )
)
_HAS_LOGIN = Statement(
    select(_L.user_id).where(
        func.substr(_L.digest, 1, func.length(bindparam("start", type_=_L.digest.type)))
        == bindparam("start", type_=_L.digest.type),
        _L.until > bindparam("now", type_=UtcMillis),
    )
)
_DROP_LOGIN = Statement(delete(login_sessions).where(_L.digest == bindparam("digest")))
_DROP_LOGINS = Statement(delete(login_sessions).where(_L.user_id == bindparam("user")))
_FAILURES = Statement(select(_F.count, _F.until).where(_F.key == bindparam("key")))
_RECORD_FAILURE = Statement(
    lambda spec: (
        spec.insert(login_failures)
        .values(bind_columns(login_failures, "key", "count", "until"))
        .on_conflict_do_update(index_elements=[_F.key], set_=bind_columns(login_failures, "count", "until"))
    )
)
_CLEAR_FAILURES = Statement(delete(login_failures).where(_F.key == bindparam("key")))
_CLEAR_FAILURES_BELOW = Statement(
    delete(login_failures).where(
        func.substr(_F.key, 1, func.length(bindparam("start", type_=_F.key.type)))
        == bindparam("start", type_=_F.key.type)
    )
)


class LocalAccountRecords:
    """The queries behind ``AccountRecords``."""

    _connection: Connection

    async def account(self, name: str) -> Account | None:
        """See ``AccountRecords.account``."""
        return _first(await self._connection.fetch(_BY_NAME, folded=_folded(name)))

    async def account_by_user(self, user: str) -> Account | None:
        """See ``AccountRecords``."""
        return _first(await self._connection.fetch(_BY_USER, user=user))

    async def accounts(self) -> list[Account]:
        """See ``AccountRecords.accounts``."""
        return [_read(row) for row in await self._connection.fetch(_ALL)]

    async def add_account(self, account: Account) -> bool:
        """See ``AccountRecords.add_account``."""
        rows = await self._connection.fetch(
            _ADD,
            new_user_id=account.user,
            new_name=account.name,
            new_folded_name=_folded(account.name),
            new_password_hash=account.password_hash,
            new_must_change=account.must_change,
        )
        return bool(rows)

    async def set_password(self, user: str, password_hash: str, must_change: bool) -> None:
        """See ``AccountRecords.set_password``."""
        await self._connection.fetch(
            _SET_PASSWORD, user=user, new_password_hash=password_hash, new_must_change=must_change
        )

    async def add_login(self, digest: str, user: str, until: datetime) -> None:
        """See ``AccountRecords.add_login``."""
        await self._connection.fetch(_ADD_LOGIN, new_digest=digest, new_user_id=user, new_until=until)

    async def login(self, digest: str, now: datetime) -> tuple[str, datetime] | None:
        """See ``AccountRecords.login``."""
        rows = await self._connection.fetch(_LOGIN, digest=digest, now=now)
        return (rows[0][0], rows[0][1]) if rows else None

    async def has_login(self, start: str, now: datetime) -> bool:
        """See ``AccountRecords.has_login``; few users are signed in at once, so all may be looked at."""
        return bool(await self._connection.fetch(_HAS_LOGIN, start=start, now=now))

    async def drop_login(self, digest: str) -> None:
        """See ``AccountRecords.drop_login``."""
        await self._connection.fetch(_DROP_LOGIN, digest=digest)

    async def drop_logins(self, user: str) -> None:
        """See ``AccountRecords.drop_logins``."""
        await self._connection.fetch(_DROP_LOGINS, user=user)

    async def login_failures(self, key: str) -> tuple[int, datetime] | None:
        """See ``AccountRecords.login_failures``."""
        rows = await self._connection.fetch(_FAILURES, key=key)
        return (rows[0][0], rows[0][1]) if rows else None

    async def record_login_failure(self, key: str, count: int, until: datetime) -> None:
        """See ``AccountRecords.record_login_failure``."""
        await self._connection.fetch(_RECORD_FAILURE, new_key=key, new_count=count, new_until=until)

    async def clear_login_failures(self, key: str) -> None:
        """See ``AccountRecords.clear_login_failures``."""
        await self._connection.fetch(_CLEAR_FAILURES, key=key)

    async def clear_login_failures_below(self, start: str) -> None:
        """See ``AccountRecords.clear_login_failures_below``."""
        await self._connection.fetch(_CLEAR_FAILURES_BELOW, start=start)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


def _first(rows: list[Row]) -> Account | None:
    return _read(rows[0]) if rows else None


def _read(row: Row) -> Account:
    user, name, password_hash, must_change = row
    return Account(user=user, name=name, password_hash=password_hash, must_change=must_change)
