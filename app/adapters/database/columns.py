"""Column types: what Python works with outside, what both databases store alike inside."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import BigInteger, Dialect, String
from sqlalchemy.types import TypeDecorator

T = TypeVar("T")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class Plain(TypeDecorator[T]):
    """A value that both drivers take and give as it is, once it is converted; None stays None.

    ``inside`` and ``outside`` can be called without SQLAlchemy's own steps around them.
    """

    cache_ok = True

    def inside(self, value: Any) -> Any:
        """What the database keeps."""
        raise NotImplementedError

    def outside(self, value: Any) -> Any:
        """What Python works with."""
        raise NotImplementedError

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """``inside``, for SQLAlchemy."""
        return self.inside(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """``outside``, for SQLAlchemy."""
        return self.outside(value)


class Moment(Plain[datetime]):
    """An aware UTC datetime, kept as whole milliseconds since 1970; what is finer is cut off."""

    impl = BigInteger
    cache_ok = True

    def inside(self, value: datetime | None) -> int | None:
        """Milliseconds; a naive datetime is refused by the subtraction."""
        return None if value is None else (value - EPOCH) // _MILLISECOND

    def outside(self, value: int | None) -> datetime | None:
        """The moment in UTC."""
        return None if value is None else EPOCH + timedelta(milliseconds=value)


class Identifier(Plain[UUID]):
    """A UUID as 36 characters, so that an operator finds it with any tool.

    ``VARCHAR`` and not ``CHAR``: PostgreSQL would leave an index on ``CHAR`` unused for bound text.
    """

    impl = String(36)
    cache_ok = True

    def inside(self, value: UUID | None) -> str | None:
        """Lower-case text with hyphens."""
        return None if value is None else str(value)

    def outside(self, value: str | None) -> UUID | None:
        """The UUID; read by msgspec, which takes a third of the time that its own class takes."""
        return None if value is None else msgspec.convert(value, UUID)


class Word(Plain[StrEnum]):
    """One word of an enumeration; a CHECK on the column holds the database to it."""

    impl = String(16)
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__()
        self.words = words

    def inside(self, value: StrEnum | None) -> str | None:
        """The plain word."""
        return None if value is None else str(value)

    def outside(self, value: str | None) -> StrEnum | None:
        """The member of the enumeration."""
        return None if value is None else self.words(value)
