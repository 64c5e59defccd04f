"""SQLAlchemy Core statements, compiled to text once and then run by the bare driver.

Building, caching and result handling of SQLAlchemy's own execution cost ten times what the
statements of a presign cost in the database, so only its compiler and its types are used here.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from sqlalchemy import BindParameter, ColumnElement, Dialect, Executable, Table, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.dialects.sqlite.pysqlite import dialect as pysqlite_dialect
from sqlalchemy.types import TypeEngine

from app.adapters.database.columns import DriverValue
from app.adapters.database.tables import photos, received_order

Row = tuple[Any, ...]
Convert = Callable[[Any], Any]
ConvertColumn = Callable[[Sequence[Any]], Sequence[Any]]


class DialectSpec(NamedTuple):
    """What the two databases spell differently."""

    name: str
    dialect: Dialect
    insert: Callable[[Table], Any]
    next_received: Callable[[], ColumnElement[int]]


def _one_more() -> ColumnElement[int]:
    # One writer at a time: no other transaction takes the same number between reading and writing it.
    return select(func.coalesce(func.max(photos.alias().c.stored_seq), 0) + 1).scalar_subquery()


SQLITE = DialectSpec("sqlite", pysqlite_dialect(paramstyle="qmark"), sqlite.insert, _one_more)
# SQLAlchemy gives its constructor no types.
_ASYNCPG: Dialect = asyncpg_dialect()  # type: ignore[no-untyped-call]
POSTGRES = DialectSpec("postgresql", _ASYNCPG, postgresql.insert, received_order.next_value)


class Compiled(NamedTuple):
    """Text with positions, and how values go in and come out."""

    text: str
    places: tuple[tuple[str | None, Convert | None, Any], ...]
    results: tuple[tuple[int, ConvertColumn], ...]

    def bind(self, values: Mapping[str, Any]) -> list[Any]:
        """Driver values in the order of the text; a missing name is a KeyError."""
        return [
            constant if name is None else values[name] if convert is None else convert(values[name])
            for name, convert, constant in self.places
        ]

    def read(self, rows: Sequence[Sequence[Any]]) -> list[Row]:
        """Rows with Python values, converted column by column."""
        columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
        for place, convert in self.results:
            columns[place] = convert(columns[place])
        return list(zip(*columns, strict=True))


class Statement:
    """One statement for both databases; compiled at its first use by each."""

    def __init__(self, build: Executable | Callable[[DialectSpec], Executable]) -> None:
        self._build = build
        self._compiled: dict[str, Compiled] = {}

    def compiled(self, spec: DialectSpec) -> Compiled:
        """The statement in the words of one database."""
        known = self._compiled.get(spec.name)
        if known is None:
            known = self._compiled[spec.name] = self._compile(spec)
        return known

    def _compile(self, spec: DialectSpec) -> Compiled:
        built: Any = self._build(spec) if callable(self._build) else self._build
        compiled: Any = built.compile(dialect=spec.dialect)
        places = tuple(
            _place(compiled.binds[name], compiled.params[name], spec.dialect)
            for name in compiled.positiontup or ()
        )
        returned = enumerate(getattr(built, "exported_columns", ()))
        results = [(place, _out_of(column, spec.dialect)) for place, column in returned]
        conversions = tuple((place, convert) for place, convert in results if convert)
        return Compiled(compiled.string, places, conversions)


class Connection(Protocol):
    """One open transaction of either database."""

    async def fetch(self, statement: Statement, **values: Any) -> list[Row]:
        """Run a statement; the rows it returns, if any."""
        ...


class Repository:
    """Queries of one topic on an open transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection


def bind_columns(table: Table, *names: str, suffix: str = "") -> dict[str, BindParameter[Any]]:
    """``{column: :new_column}`` for VALUES and SET, where a bind may not be called like its column."""
    return {name: bindparam(f"new_{name}{suffix}", type_=table.c[name].type) for name in names}


def _place(
    bind: BindParameter[Any], constant: Any, dialect: Dialect
) -> tuple[str | None, Convert | None, Any]:
    """Name and conversion of a value to come, or a value that stands in the statement."""
    convert = _into(bind.type, dialect)
    if bind.required:
        return bind.key, convert, None
    return None, None, constant if convert is None else convert(constant)


def _into(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    if isinstance(kind, DriverValue):
        return kind.to_db
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _out_of(column: ColumnElement[Any], dialect: Dialect) -> ConvertColumn | None:
    if isinstance(column.type, DriverValue):
        return column.type.column_from_db
    convert = column.type.dialect_impl(dialect).result_processor(dialect, None)
    return None if convert is None else lambda values: [convert(value) for value in values]
