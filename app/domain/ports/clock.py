"""The time and new ids, as tests replace them."""

from datetime import datetime
from typing import Protocol
from uuid import UUID


class Clock(Protocol):
    """The time, aware and in UTC."""

    def __call__(self) -> datetime: ...


class NewId(Protocol):
    """A new UUIDv7."""

    def __call__(self) -> UUID: ...
