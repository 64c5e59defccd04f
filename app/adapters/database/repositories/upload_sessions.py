"""Queries on upload cookies; only the SHA-256 of a cookie's value is kept."""

from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select

from app.adapters.database.columns import UtcMillis
from app.adapters.database.statements import Repository, Statement, bind_columns
from app.adapters.database.tables import upload_sessions

_S = upload_sessions.c
_OF_USER = delete(upload_sessions).where(_S.user_id == bindparam("user"))

_ADD = Statement(
    insert(upload_sessions).values(bind_columns(upload_sessions, "digest", "user_id", "session_id", "until"))
)
_FIND = Statement(
    select(_S.user_id, _S.session_id).where(
        _S.digest == bindparam("digest"), _S.until > bindparam("now", type_=UtcMillis)
    )
)
_DELETE_ALL = Statement(_OF_USER)
_DELETE_ONE = Statement(_OF_USER.where(_S.session_id == bindparam("session")))


class SqlUploadSessionRepository(Repository):
    """Sessions that may send photos without a page."""

    async def add(self, digest: str, user: str, session_id: str, until: datetime) -> None:
        """Remember an upload cookie."""
        await self._connection.fetch(
            _ADD, new_digest=digest, new_user_id=user, new_session_id=session_id, new_until=until
        )

    async def find(self, digest: str, now: datetime) -> tuple[str, str] | None:
        rows = await self._connection.fetch(_FIND, digest=digest, now=now)
        return (rows[0][0], rows[0][1]) if rows else None

    async def delete(self, user: str, session_id: str | None = None) -> None:
        """Forget the cookies of one sign-in, or all of a user's."""
        if session_id is None:
            await self._connection.fetch(_DELETE_ALL, user=user)
        else:
            await self._connection.fetch(_DELETE_ONE, user=user, session=session_id)
