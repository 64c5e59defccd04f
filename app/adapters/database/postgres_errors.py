"""What PostgreSQL, a pooler before it, TLS or the network says, in the domain's errors.

A database that cannot serve now is 503 whatever its reason, with a sentence that is true, and is asked again
with the next request. ``DatabaseRefused`` is for what only an operator can change.
"""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from app.domain.errors import DatabaseBusy, DatabaseRefused, StorageFull

READ_ONLY = "25006"
# What a connection goes on saying once it has said it.
STALE = frozenset({READ_ONLY, "26000", "42P05", "0A000"})
_NOTHING_LOST = "Nothing was lost."
# By SQLSTATE, the longest match first; what is on neither list is a fault of this program.
_REFUSED = {
    "28": "The database does not accept this server's user or password (DATABASE_URL).",
    "3D": "There is no database of the name that DATABASE_URL gives.",
    "42501": "The database's user (DATABASE_URL) lacks the rights that this server needs.",
    "42P01": "The database lacks tables of this version. Run the command migrate.",
    "42703": "The database lacks columns of this version. Run the command migrate.",
    "3F": "The database lacks the schema of this version. Run the command migrate.",
}
_BUSY = {
    "53300": "The database has no connection left right now.",
    READ_ONLY: "The database takes no changes right now: it is a read-only copy.",
    "57P03": "The database is starting or stopping right now.",
    # Lost, out of resources, an operator's shutdown, lock not to be had, deadlock, a transaction that has
    # failed, a server's own fault; and a pooler that gave the next statement to another connection.
    **dict.fromkeys(("08", "53", "57", "55P03", "55006", "40", "25", "58", "26", "42P05", "0A000"), ""),
}
_DISK_FULL = "53100"
# A connection that is cut in the very moment of its use shows as the driver's internal error.
LOST = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)


@contextmanager
def translate_errors() -> Iterator[None]:
    """The domain's errors for what a database that cannot answer raises."""
    try:
        yield
    except LOST as error:
        found = translated(error)
        if found is None:
            raise
        raise found from error


def translated(error: BaseException) -> DatabaseBusy | StorageFull | None:
    """The domain's error; None for one that this program made itself, such as a wrong statement."""
    state = getattr(error, "sqlstate", None)
    return _of_connection(error) if state is None else _of_state(state)


def _of_state(state: str) -> DatabaseBusy | StorageFull | None:
    if state == _DISK_FULL:
        return StorageFull()
    for kind, sentences in ((DatabaseRefused, _REFUSED), (DatabaseBusy, _BUSY)):
        for start in sorted(sentences, key=len, reverse=True):
            if state.startswith(start):
                return kind(_ended(sentences[start]))
    return None


def _of_connection(error: BaseException) -> DatabaseBusy:
    if isinstance(error, ssl.SSLCertVerificationError):
        return DatabaseRefused(_ended("The database's certificate is not one that sslrootcert vouches for."))
    if isinstance(error, ssl.SSLError):
        return DatabaseRefused(_ended("No encrypted connection to the database can be made (DATABASE_URL)."))
    if isinstance(error, socket.gaierror) and error.errno == socket.EAI_NONAME:
        return DatabaseRefused(_ended("The computer that DATABASE_URL names is not known in this network."))
    if isinstance(error, asyncpg.exceptions.ClientConfigurationError | PermissionError):
        return DatabaseRefused(_ended("DATABASE_URL names a file or an option that cannot be used."))
    if isinstance(error, asyncpg.exceptions.TargetServerAttributeNotMatched):
        return DatabaseBusy(
            _ended("None of the databases takes changes right now: each is a read-only copy.")
        )
    return DatabaseBusy()


def _ended(sentence: str) -> str | None:
    return f"{sentence} {_NOTHING_LOST}" if sentence else None
