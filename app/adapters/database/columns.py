"""Column types: what Python works with outside, what both databases store alike inside."""

from collections.abc import Sequence
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
_UUIDS = list[UUID | None]
# For fewer, reading the type of a list costs more than reading each value by itself.
_FEW = 4


class DriverValue(TypeDecorator[T]):
    """A value that both drivers take and give as it is, once it is converted; None stays None.

    ``to_db`` and ``column_from_db`` can be called without SQLAlchemy's own steps around them.
    """

    cache_ok = True

    def to_db(self, value: Any) -> Any:
        """What the database keeps."""
        raise NotImplementedError

    def from_db(self, value: Any) -> Any:
        """What Python works with."""
        raise NotImplementedError

    def column_from_db(self, values: Sequence[Any]) -> list[Any]:
        """``from_db`` of each: a call for every value costs more than what is done to it."""
        return [self.from_db(value) for value in values]

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """``to_db``, for SQLAlchemy."""
        return self.to_db(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """``from_db``, for SQLAlchemy."""
        return self.from_db(value)


class UtcMillis(DriverValue[datetime]):
    """An aware UTC datetime, kept as whole milliseconds since 1970; what is finer is cut off."""

    impl = BigInteger
    cache_ok = True

    def to_db(self, value: datetime | None) -> int | None:
        """Milliseconds; a naive datetime is refused by the subtraction."""
        return None if value is None else (value - EPOCH) // _MILLISECOND

    def from_db(self, value: int | None) -> datetime | None:
        """The moment in UTC."""
        return None if value is None else EPOCH + value * _MILLISECOND

    def column_from_db(self, values: Sequence[int | None]) -> list[datetime | None]:
        """The moments in UTC."""
        return [None if value is None else EPOCH + value * _MILLISECOND for value in values]


class Identifier(DriverValue[UUID]):
    """A UUID as 36 characters, so that an operator finds it with any tool.

    ``VARCHAR`` and not ``CHAR``: PostgreSQL would leave an index on ``CHAR`` unused for bound text.
    """

    impl = String(36)
    cache_ok = True

    def to_db(self, value: UUID | None) -> str | None:
        """Lower-case text with hyphens; written by msgspec, in an eighth of the time of ``str``."""
        return None if value is None else msgspec.to_builtins(value)

    def from_db(self, value: str | None) -> UUID | None:
        """The UUID; read by msgspec, which takes a third of the time that its own class takes."""
        return None if value is None else msgspec.convert(value, UUID)

    def column_from_db(self, values: Sequence[str | None]) -> list[UUID | None]:
        """The UUIDs."""
        return msgspec.convert(values, _UUIDS) if len(values) > _FEW else super().column_from_db(values)


class EnumText(DriverValue[StrEnum]):
    """One value of an enumeration; a CHECK on the column makes the database refuse any other."""

    impl = String(16)
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__()
        self.words = words
        self._members: dict[str | None, StrEnum | None] = {None: None, **{str(word): word for word in words}}

    def to_db(self, value: StrEnum | None) -> str | None:
        """The plain text."""
        return None if value is None else str(value)

    def from_db(self, value: str | None) -> StrEnum | None:
        """The member of the enumeration."""
        return None if value is None else self.words(value)

    def column_from_db(self, values: Sequence[str | None]) -> list[StrEnum | None]:
        """The members of the enumeration; another text is a KeyError."""
        return [self._members[value] for value in values]
