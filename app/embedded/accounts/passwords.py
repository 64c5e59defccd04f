"""Passwords: Argon2id in threads, few at a time, and at the same cost for names that do not exist."""

import asyncio
import secrets
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from app.domain.errors import InvalidField, TooManyRequests

AT_ONCE = 2
MAX_WAITING = 32
# However many attempts one address or one browser makes at once, others still find a place.
MOST_OF_ONE = 16
# Without letters and digits that are taken for each other when a password is typed from a terminal.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


# Fewer tries than this and a list of common passwords, with the usual digits and signs, has found it.
FEWEST_GUESSES = 10**9
# What is estimated of a long password: the estimate takes time, and this much is enough for it.
RATED_CHARS = 40
# Each sign that may stand for several letters, or beside another for one, multiplies the readings that the
# estimate tries: with all of them one password took a processor for seconds. No real password needs more.
MOST_SIGNS = 2
_PLAIN_READING = str.maketrans("@({[<9!|$+%", "accccgiistx")
OUR_WORDS = ("clinicpro", "clinicpro capture", "capture", "clinic", "clinical", "clinician")

T = TypeVar("T")


class Lane:
    """Places for checks: two at work, few waiting, and at most half of them for one client."""

    def __init__(self) -> None:
        self.counting = asyncio.Lock()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._inside: Counter[str] = Counter()

    @contextmanager
    def place(self, client: str) -> Iterator[None]:
        """A place until the attempt, counted inside, is checked; ``TooManyRequests`` where none is free."""
        if self._inside.total() >= MAX_WAITING or self._inside[client] >= MOST_OF_ONE:
            raise TooManyRequests(retry_after=2)
        self._inside[client] += 1
        try:
            yield
        finally:
            self._inside[client] -= 1
            self._inside += Counter()  # drops clients with no attempt inside

    async def run(self, work: Callable[[], T]) -> T:
        """In a thread, when its turn has come."""
        async with self._slots:
            return await asyncio.to_thread(work)


class Passwords:
    """Hashes and checks passwords; each check takes about 64 MiB, so two run at once and few may wait.

    Browsers in which a user has signed in before have a lane of their own, so that a flood from unknown
    clients never delays a clinician.
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self.known_clients = Lane()
        self.unknown_clients = Lane()
        self._hashing = Lane()
        self._asked = 0
        self._decoy: str | None = None

    async def hash(self, password: str) -> str:
        """An Argon2id hash with its salt and cost."""
        # Only signed-in users and the command line ask for a hash, so each request counts as its own client.
        self._asked += 1
        with self._hashing.place(str(self._asked)):
            return await self._hashing.run(lambda: self._hasher.hash(_bytes(password)))

    async def check_strength(self, password: str, name: str) -> None:
        """Raise ``InvalidField`` for a password that lists of common ones and the name lead to."""
        words = [name, *name.split(), *OUR_WORDS]
        self._asked += 1
        with self._hashing.place(str(self._asked)):
            estimate = await self._hashing.run(lambda: zxcvbn(rated_text(password), user_inputs=words))
        if estimate["guesses"] < FEWEST_GUESSES:
            raise InvalidField("This password is easy to guess. Choose three or more unrelated words.", "new")

    async def matches(self, stored: str | None, password: str, lane: Lane | None = None) -> bool:
        """Whether the password fits; without a stored hash False, after the same work."""
        if stored is None:
            await self.prepare()
        run = (lane or self.unknown_clients).run
        fits = await run(lambda: self._fits(stored or self._decoy or "", password))
        return fits and stored is not None

    async def prepare(self) -> None:
        """Make the hash that unknown names are checked against, before the first of them comes."""
        if self._decoy is None:
            self._decoy = await self.hash(secrets.token_urlsafe(16))

    def _fits(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, _bytes(password))
        except (VerificationError, InvalidHashError):
            return False


def readable_password() -> str:
    """A random password of 79 bits in four groups, such as ``h7kq-m3vd-x9tr-2fnw``."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4))


def rated_text(password: str) -> str:
    """What is estimated of a password, in a form for which the estimate ends soon."""
    beginning = password[:RATED_CHARS]
    signs = {sign for sign in beginning if ord(sign) in _PLAIN_READING}
    return beginning if len(signs) <= MOST_SIGNS else beginning.translate(_PLAIN_READING)


def _bytes(password: str) -> bytes:
    """One encoding for one password, however the keyboard composed its accents."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
