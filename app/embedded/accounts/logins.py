"""Logins of the built-in accounts: what a cookie opens, for how long, and how it ends.

A login ends after 12 hours without use, the length of a long shift, and after 7 days in any case,
which is what the cloud provider does by default. The cookie's value carries its own start, and
only the SHA-256 of the whole is stored, so neither a copied database nor an edited cookie opens
a login.
"""

from datetime import UTC, datetime, timedelta

import structlog

from app.domain.errors import Unauthenticated
from app.domain.ports.database import Transaction
from app.domain.ports.identity import Account
from app.embedded.accounts.signing_keys import digest, new_secret

IDLE = timedelta(hours=12)
LONGEST = timedelta(days=7)
LONGEST_S = int(LONGEST.total_seconds())
# The end of a login is moved at most this often, so that a token does not cost a write each time.
MOVED_EVERY = timedelta(minutes=30)
_SESSION = "sess_"
_ID_CHARS = 27

_log = structlog.get_logger("clinicpro")


async def open_login(tx: Transaction, user: str, now: datetime) -> str:
    """A new login of a user: the value of its cookie."""
    cookie = f"{new_secret()}.{int(now.timestamp())}"
    await tx.logins.add(digest(cookie), user, now + IDLE)
    _log.info("session.opened", user=user, session=session_id(cookie))
    return cookie


async def account_of(tx: Transaction, cookie: str, now: datetime) -> Account:
    """The account of an open login; ``Unauthenticated`` for any other."""
    account, _ = await _open(tx, cookie, now)
    return account


async def use_login(tx: Transaction, cookie: str, now: datetime) -> Account:
    """The account of an open login, whose end moves with its use; else ``Unauthenticated``."""
    account, ends = await _open(tx, cookie, now)
    until = min(now + IDLE, login_started_at(cookie) + LONGEST)
    if ends <= until - MOVED_EVERY:
        await tx.logins.delete(digest(cookie))
        await tx.logins.add(digest(cookie), account.user, until)
    return account


async def end_login(tx: Transaction, cookie: str, now: datetime) -> None:
    """End a login and its background uploads; nothing when it has already ended."""
    login = await tx.logins.find(digest(cookie), now)
    await tx.logins.delete(digest(cookie))
    if login is not None:
        await tx.upload_sessions.delete(login[0], session_id(cookie))
        _log.info("session.closed", user=login[0], session=session_id(cookie))


async def is_open(tx: Transaction, session: str, now: datetime) -> bool:
    """Whether the login with this public id has not ended."""
    start = session.removeprefix(_SESSION)
    return len(start) == _ID_CHARS and await tx.logins.has_open(start, now)


def session_id(cookie: str) -> str:
    """The public id of a login, in tokens and logs; the cookie cannot be found from it."""
    return _SESSION + digest(cookie)[:_ID_CHARS]


def login_started_at(cookie: str) -> datetime:
    """When a login was opened, as its cookie says; trusted only with the digest of the whole.

    Raises ``Unauthenticated`` where it says none.
    """
    number = cookie.rpartition(".")[2]
    if not (number.isascii() and number.isdigit() and len(number) <= 11):
        raise Unauthenticated
    return datetime.fromtimestamp(int(number), UTC)


async def _open(tx: Transaction, cookie: str, now: datetime) -> tuple[Account, datetime]:
    """The account of an open login, and when it ends without use; else ``Unauthenticated``."""
    login = await tx.logins.find(digest(cookie), now)
    account = await tx.accounts.by_user(login[0]) if login else None
    if login is None or account is None or now >= login_started_at(cookie) + LONGEST:
        raise Unauthenticated
    return account, login[1]
