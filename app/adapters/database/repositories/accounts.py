"""Queries on local accounts, their logins and their failed sign-ins."""

import unicodedata
from datetime import datetime

from sqlalchemy import Select, bindparam, delete, func, insert, select, update

from app.adapters.database.columns import UtcMillis
from app.adapters.database.statements import Repository, Row, Statement, bind_columns
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
        func.substr(_L.digest, 1, func.length(bindparam("prefix", type_=_L.digest.type)))
        == bindparam("prefix", type_=_L.digest.type),
        _L.until > bindparam("now", type_=UtcMillis),
    )
)
_DELETE_LOGIN = Statement(delete(login_sessions).where(_L.digest == bindparam("digest")))
_DELETE_LOGINS = Statement(delete(login_sessions).where(_L.user_id == bindparam("user")))
_FAILURES = Statement(select(_F.count, _F.until).where(_F.key == bindparam("key")))
_PUT_FAILURES = Statement(
    lambda spec: (
        spec.insert(login_failures)
        .values(bind_columns(login_failures, "key", "count", "until"))
        .on_conflict_do_update(index_elements=[_F.key], set_=bind_columns(login_failures, "count", "until"))
    )
)
_CLEAR_FAILURES = Statement(delete(login_failures).where(_F.key == bindparam("key")))
_CLEAR_FAILURES_WITH_PREFIX = Statement(
    delete(login_failures).where(
        func.substr(_F.key, 1, func.length(bindparam("prefix", type_=_F.key.type)))
        == bindparam("prefix", type_=_F.key.type)
    )
)


class SqlAccountRepository(Repository):
    """Local accounts."""

    async def by_name(self, name: str) -> Account | None:
        return _first(await self._connection.fetch(_BY_NAME, folded=_folded(name)))

    async def by_user(self, user: str) -> Account | None:
        return _first(await self._connection.fetch(_BY_USER, user=user))

    async def list_all(self) -> list[Account]:
        return [_read(row) for row in await self._connection.fetch(_ALL)]

    async def add(self, account: Account) -> bool:
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
        await self._connection.fetch(
            _SET_PASSWORD, user=user, new_password_hash=password_hash, new_must_change=must_change
        )


class SqlLoginRepository(Repository):
    """Login cookies."""

    async def add(self, digest: str, user: str, until: datetime) -> None:
        await self._connection.fetch(_ADD_LOGIN, new_digest=digest, new_user_id=user, new_until=until)

    async def find(self, digest: str, now: datetime) -> tuple[str, datetime] | None:
        rows = await self._connection.fetch(_LOGIN, digest=digest, now=now)
        return (rows[0][0], rows[0][1]) if rows else None

    async def has_open(self, prefix: str, now: datetime) -> bool:
        """Few users are signed in at once, so all may be looked at."""
        return bool(await self._connection.fetch(_HAS_LOGIN, prefix=prefix, now=now))

    async def delete(self, digest: str) -> None:
        await self._connection.fetch(_DELETE_LOGIN, digest=digest)

    async def delete_all(self, user: str) -> None:
        await self._connection.fetch(_DELETE_LOGINS, user=user)


class SqlLoginFailureRepository(Repository):
    """Failed sign-ins."""

    async def get(self, key: str) -> tuple[int, datetime] | None:
        rows = await self._connection.fetch(_FAILURES, key=key)
        return (rows[0][0], rows[0][1]) if rows else None

    async def put(self, key: str, count: int, until: datetime) -> None:
        await self._connection.fetch(_PUT_FAILURES, new_key=key, new_count=count, new_until=until)

    async def clear(self, key: str) -> None:
        await self._connection.fetch(_CLEAR_FAILURES, key=key)

    async def clear_prefix(self, prefix: str) -> None:
        await self._connection.fetch(_CLEAR_FAILURES_WITH_PREFIX, prefix=prefix)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


def _first(rows: list[Row]) -> Account | None:
    return _read(rows[0]) if rows else None


def _read(row: Row) -> Account:
    user, name, password_hash, must_change = row
    return Account(user=user, name=name, password_hash=password_hash, must_change=must_change)
