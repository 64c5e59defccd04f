"""Which connections stay when there are many: counted for each address, the longest waiting goes first."""

import resource
import socket
import subprocess
import sys

import pytest

from app.server.admission import (
    RESERVE,
    WAITING_OF_ONE_ADDRESS,
    WAITING_OF_SHARED_ADDRESS,
    Admission,
    Ticket,
    room_for_connections,
)


class Line:
    """Connections of one address, with their far ends."""

    def __init__(self, admission: Admission, host: str, count: int) -> None:
        self.pairs = [socket.socketpair() for _ in range(count)]
        self.tickets = [admission.enter(host, near) for near, _ in self.pairs]

    @property
    def ended(self) -> list[int]:
        """Numbers of those that the server ended."""
        return [number for number, (_, far) in enumerate(self.pairs) if _is_ended(far)]

    def close(self) -> None:
        for near, far in self.pairs:
            near.close()
            far.close()


def _is_ended(far: socket.socket) -> bool:
    far.setblocking(False)
    try:
        return far.recv(1) == b""
    except BlockingIOError:
        return False


def granted(line: Line) -> list[Ticket]:
    """Tickets that were given."""
    return [ticket for ticket in line.tickets if ticket is not None]


@pytest.mark.parametrize(
    ("host", "bound"), [("203.0.113.7", WAITING_OF_ONE_ADDRESS), ("127.0.0.1", WAITING_OF_SHARED_ADDRESS)]
)
def test_one_address_may_have_so_many_waiting(host: str, bound: int) -> None:
    """One more ends the longest waiting; a connection with a request is never ended."""
    admission = Admission(10_000)
    line = Line(admission, host, bound)
    granted(line)[0].mark_active()
    more = Line(admission, host, 2)

    assert (line.ended, more.ended) == ([1], [])
    line.close()
    more.close()


def test_where_all_places_are_taken_the_fullest_address_loses_one() -> None:
    """A newcomer from elsewhere gets in, and other newcomers stay."""
    admission = Admission(12)
    crowd, few = Line(admission, "203.0.113.7", 10), Line(admission, "203.0.113.8", 2)
    newcomer = Line(admission, "203.0.113.9", 1)

    assert (crowd.ended, few.ended, newcomer.ended) == ([0], [], [])
    assert granted(newcomer)
    for line in (crowd, few, newcomer):
        line.close()


def test_where_all_connections_are_active_the_newcomer_is_refused_until_one_ends() -> None:
    """The last descriptors belong to the program itself."""
    admission = Admission(3)
    at_work = Line(admission, "203.0.113.7", 3)
    for ticket in granted(at_work):
        ticket.mark_active()

    refused = Line(admission, "203.0.113.8", 1)
    granted(at_work)[0].release()
    granted(at_work)[0].release()
    admitted = Line(admission, "203.0.113.8", 2)

    assert granted(refused) == []
    # The second of them finds the first still waiting.
    assert (at_work.ended, len(granted(admitted)), admitted.ended) == ([], 2, [0])
    for line in (at_work, refused, admitted):
        line.close()


@pytest.mark.parametrize(("descriptors", "connections"), [(1024, 1024 - RESERVE), (256, 128), (1, 1)])
def test_a_reserve_is_kept(descriptors: int, connections: int) -> None:
    """For the database, the store and the decoder."""
    assert room_for_connections(descriptors) == connections


def test_the_soft_limit_is_raised_to_the_hard_one() -> None:
    """Many systems give a program 1,024 descriptors and would give it more."""
    hard = min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 4096)
    asked = (
        "import resource; from app.server.admission import raise_descriptor_limit as r;"
        f"resource.setrlimit(resource.RLIMIT_NOFILE, (64, {hard}));"
        "print(r(), *resource.getrlimit(resource.RLIMIT_NOFILE))"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)

    assert done.stdout.split() == [str(hard)] * 3
