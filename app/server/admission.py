"""Which connections may stay, decided when they are accepted: before TLS, before a byte was read.

A connection waits until its first whole request is here. Many wait only when a client keeps them open on
purpose, so that they are bounded for each address and dropped first when the process is full: the oldest
one of the address with the most goes, and a flood cannot keep other clients out.
"""

import contextlib
import errno
import resource
import socket
import time
from collections.abc import Iterable

import structlog

from app.domain.client_network import client_network
from app.server.connection_limits import is_among

# More descriptors than this are of no use here, and some systems report billions.
MOST_DESCRIPTORS = 65_536
# For files of the store and the database, pipes of the decoder, and calls to others.
RESERVE = 256
# A clinic behind one address opens hundreds of connections within a second, each of which asks at once.
WAITING_OF_ONE_ADDRESS = 128
# This computer and a named proxy send for many users.
WAITING_OF_SHARED_ADDRESS = 512
LOG_INTERVAL_S = 1.0
OUT_OF_DESCRIPTORS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

_log = structlog.get_logger("clinicpro")


def raise_descriptor_limit() -> int:
    """Raise the soft limit of this process as far as it may go; what it is now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MOST_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < most:
        # Where the system refuses, what there is must do.
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
            return most
    return min(soft, MOST_DESCRIPTORS) if soft != resource.RLIM_INFINITY else most


def room_for_connections(descriptors: int) -> int:
    """How many connections fit beside what the program itself needs."""
    return max(1, descriptors - min(RESERVE, descriptors // 2))


class Ticket:
    """One accepted connection: where it comes from, and whether its first request is here."""

    def __init__(self, admission: "Admission", address: str, wire: socket.socket) -> None:
        self.address = address
        self._admission = admission
        self._wire = wire
        self._waits = self._counts = True

    def mark_active(self) -> None:
        """Its first request is here: it is no longer dropped first when the process is full."""
        if self._waits:
            self._waits = False
            self._admission.mark_active(self)

    def release(self) -> None:
        """It has ended; a second call changes nothing."""
        self.mark_active()
        if self._counts:
            self._counts = False
            self._admission.count_closed()

    def disconnect(self) -> None:
        """End it from this side, whatever it is doing; its protocol notices at once."""
        self.mark_active()
        with contextlib.suppress(OSError):
            self._wire.shutdown(socket.SHUT_RDWR)


class Admission:
    """The connections of one process, over all its sockets."""

    def __init__(self, most: int, proxies: Iterable[str] = ()) -> None:
        self._most = most
        self._many = ("127.0.0.0/8", "::1/128", *proxies)
        self._open = 0
        self._waiting: dict[str, dict[Ticket, None]] = {}
        self._refused = 0
        self._logged_at = float("-inf")

    def enter(self, host: str, wire: socket.socket) -> Ticket | None:
        """A ticket for a connection from ``host``; None where every place is taken by others at work."""
        address = client_network(host)
        bound = WAITING_OF_SHARED_ADDRESS if is_among(host, self._many) else WAITING_OF_ONE_ADDRESS
        if len(self._waiting.get(address, ())) >= bound:
            self._drop_oldest_of(address)
        elif self._open >= self._most and not self.drop_longest_waiting():
            self._log_refusal("full")
            return None
        ticket = Ticket(self, address, wire)
        self._waiting.setdefault(address, {})[ticket] = None
        self._open += 1
        return ticket

    def drop_longest_waiting(self) -> bool:
        """Drop the longest waiting of the address that has the most; False where none waits."""
        if not self._waiting:
            return False
        self._drop_oldest_of(max(self._waiting, key=lambda address: len(self._waiting[address])))
        return True

    def mark_active(self, ticket: Ticket) -> None:
        """A ticket no longer waits."""
        waiting = self._waiting[ticket.address]
        del waiting[ticket]
        if not waiting:
            del self._waiting[ticket.address]

    def count_closed(self) -> None:
        """One open connection fewer."""
        self._open -= 1

    def _drop_oldest_of(self, address: str) -> None:
        next(iter(self._waiting[address])).disconnect()
        self._log_refusal("waiting")

    def _log_refusal(self, reason: str) -> None:
        """One line a second at most: a flood must not fill the disk either."""
        self._refused += 1
        now = time.monotonic()
        if now - self._logged_at >= LOG_INTERVAL_S:
            _log.info("connection.refused", reason=reason, count=self._refused)
            self._refused, self._logged_at = 0, now
