"""Restarts while phones send, and a database that another program locks: only retries, nothing else.

F7: SIGTERM every second or two under load. F8: a lock held for 1 to 8 s by a second process; requests wait
or receive 503 with Retry-After, never 500. One seed is one installation with three phones.
"""

import contextlib
import random
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from unittest.mock import patch

from campaigns.checker.disk import DATABASE
from campaigns.clients.phone import Phone
from campaigns.clients.wire import Gone, Later
from campaigns.faults.kills import Round, add
from campaigns.results import KINDS, Control, Result
from campaigns.server.program import ForkServer, installation

PHONES = 3
RESTARTS = 4
LOCKS_S = (1.0, 6.5)
# Longer than two answers of "busy": after the first one the next request is that for a new photo's URL.
# A photo that is dropped later than that is no loss, since the sweeper finishes it.
LOCK_OF_CONTROL_S = 11.0
SEND_LIMIT_S = 60.0


class Crowd:
    """Three phones that send until they are stopped, each in a thread of its own."""

    def __init__(self, finished: Round) -> None:
        self._finished = finished
        self.phones = [finished.phone]
        for place in range(1, PHONES):
            self.phones.append(Phone(finished.program, finished.history, finished.seed * 100 + place, 30.0))
            self.phones[place].sign_in()
        self._enough = threading.Event()

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        """They send while the block runs, then finish what they have."""
        threads = [threading.Thread(target=self._send, args=(phone,)) for phone in self.phones]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._enough.set()
            for thread in threads:
                thread.join()

    def _send(self, phone: Phone) -> None:
        deadline = time.monotonic() + SEND_LIMIT_S
        while not self._enough.is_set() and time.monotonic() < deadline:
            with contextlib.suppress(Gone, Later):
                phone.resume()
                phone.shoot_some()
                phone.drain()
            # Slower than a second photo each 50 ms no clinician is; the presign limit thinks so too.
            time.sleep(0.05)
        while phone.queue and time.monotonic() < deadline:
            with contextlib.suppress(Gone, Later):
                phone.resume()
            time.sleep(0.1)


def restarts(finished: Round) -> None:
    """SIGTERM under load; the service manager starts it again at once."""
    program, source = finished.program, random.Random(finished.seed)
    assert program.start(), program.output
    crowd = Crowd(finished)
    with crowd.at_work():
        for _ in range(RESTARTS):
            time.sleep(source.uniform(0.3, 1.5))
            if program.stop() != 0:
                finished.broken.append("SIGTERM did not end it well")
            finished.counts["restarts"] += 1
            assert program.start(), program.output
    _settle(finished, crowd)


def locks(finished: Round, holds: Sequence[float] = LOCKS_S) -> None:
    """A second program that holds the database's write lock for longer than the busy timeout, and shorter."""
    program = finished.program
    assert program.start(), program.output
    crowd = Crowd(finished)
    with crowd.at_work():
        for seconds in holds:
            time.sleep(0.3)
            _hold(program.disk.data / DATABASE, seconds)
            finished.counts["locks"] += 1
    _settle(finished, crowd)


def _hold(path: object, seconds: float) -> None:
    with contextlib.closing(sqlite3.connect(str(path), timeout=20, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        time.sleep(seconds)
        other.execute("ROLLBACK")


def _settle(finished: Round, crowd: Crowd) -> None:
    for phone in crowd.phones[1:]:
        if phone.queue:
            finished.broken.append(f"{len(phone.queue)} photos were not sent within {SEND_LIMIT_S:.0f} s")
        finished.phone.answers += phone.answers
        finished.phone.broken += phone.broken
        phone.wire.close()
    finished.program.stop()
    finished.rest()
    finished.phone.wire.close()


def lock_for_long(finished: Round) -> None:
    """One lock, so long that a photo without a URL meets it for certain."""
    locks(finished, [LOCK_OF_CONTROL_S])


def _campaign(
    name: str, live: Callable[[Round], None], unit: str, live_badly: Callable[[Round], None]
) -> Callable[[range], Result]:
    def run(seeds: range) -> Result:
        fork_server = ForkServer()
        counts: Counter[str] = Counter()
        violations: Counter[str] = Counter(dict.fromkeys(KINDS, 0))
        failures: list[str] = []
        for seed in seeds:
            finished = through(fork_server, seed, live)
            counts += finished.counts + finished.phone.answers
            add(finished, violations, failures)
        controls = [control(fork_server, live_badly)]
        fork_server.close()
        return Result(
            campaign=name,
            seeds=[(seeds.start, seeds.stop)],
            trials=counts[unit],
            counts=dict(sorted(counts.items())),
            violations=dict(violations),
            controls=controls,
            failures=failures,
        )

    return run


def through(fork_server: ForkServer, seed: int, live: Callable[[Round], None]) -> Round:
    """One installation through its restarts or locks."""
    with installation(fork_server) as program:
        finished = Round(program, seed)
        finished.first_start()
        live(finished)
        return finished


def control(fork_server: ForkServer, live: Callable[[Round], None]) -> Control:
    """Phones that take a broken connection for success: the same restarts or locks must find it."""
    dropping = patch.object(Phone, "drain", _dropping(Phone.drain))
    with installation(fork_server) as program, dropping:
        finished = Round(program, 0)
        finished.first_start()
        live(finished)
    return Control(
        name="photos dropped when an answer fails", trials=1, caught=int(not finished.verdict().clean)
    )


def _dropping(drain: Callable[[Phone], None]) -> Callable[[Phone], None]:
    def dropping(phone: Phone) -> None:
        try:
            drain(phone)
        except (Gone, Later):
            phone.queue.clear()
            raise

    return dropping


run_restarts = _campaign("restarts", restarts, "restarts", restarts)
run_locks = _campaign("locks", locks, "locks", lock_for_long)
