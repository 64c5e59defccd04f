"""Passwords: Argon2id in threads, few at a time, and at the same cost for names that do not exist."""

import asyncio
import secrets
import unicodedata
from collections.abc import Callable
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.domain.errors import TooManyRequests

AT_ONCE = 2
MAX_WAITING = 32
# Without letters and digits that are taken for each other when a password is typed from a terminal.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


T = TypeVar("T")


class Passwords:
    """Hashes and checks passwords; each check takes about 64 MiB, so two run at once and few may wait."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._inside = 0
        self._decoy: str | None = None

    async def hash(self, password: str) -> str:
        """An Argon2id hash with its salt and cost."""
        return await self._run(lambda: self._hasher.hash(_bytes(password)))

    async def matches(self, stored: str | None, password: str) -> bool:
        """Whether the password fits; without a stored hash False, after the same work."""
        if stored is None:
            await self.prepare()
        fits = await self._run(lambda: self._fits(stored or self._decoy or "", password))
        return fits and stored is not None

    async def prepare(self) -> None:
        """Make the hash that unknown names are checked against, before the first of them comes."""
        if self._decoy is None:
            self._decoy = await self.hash(secrets.token_urlsafe(16))

    def outdated(self, stored: str) -> bool:
        """Whether a hash was made with a lower cost than today's."""
        return self._hasher.check_needs_rehash(stored)

    def _fits(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, _bytes(password))
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], T]) -> T:
        if self._inside >= MAX_WAITING:
            raise TooManyRequests(retry_after=2)
        self._inside += 1
        try:
            async with self._slots:
                return await asyncio.to_thread(work)
        finally:
            self._inside -= 1


def readable_password() -> str:
    """A random password of 79 bits in four groups, such as ``h7kq-m3vd-x9tr-2fnw``."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4))


def _bytes(password: str) -> bytes:
    """One encoding for one password, however the keyboard composed its accents."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
