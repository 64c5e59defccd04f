"""How long a name, an address or a known browser must wait after failed sign-ins.

An attempt is counted before the password is checked and given back when it fits, so that a burst
of guesses at one instant is counted as well. Failures are forgotten an hour after the last delay.

A browser that carries a mark of the account is counted by that mark alone: neither unknown clients that
guess at the name nor others behind the same address slow it down. Every other client is counted by name,
by address, and by the two together.
"""

import hashlib
import math
from datetime import datetime, timedelta

import msgspec

from app.domain.client_network import client_network
from app.domain.errors import TooManyRequests
from app.domain.ports.database import Transaction

FREE_FAILURES = 5
LONGEST_DELAY_S = 300
# A whole clinic may share one address.
LONGEST_OF_ADDRESS_S = 30
# How long after a reset guesses from other addresses do not count.
FRESH_FOR = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=1)

Failures = tuple[int, datetime]


def name_key(name: str) -> str:
    """The key of a name; hashed, because users type passwords into the name box."""
    return "name:" + hashlib.sha256(name.casefold().encode("utf-8", "surrogatepass")).hexdigest()


def device_cookie_key(name: str, mark: str) -> str:
    """The key of one browser's attempts at a name; it begins with the name's own key."""
    return f"{_device_cookie_prefix(name)}{hashlib.sha256(mark.encode()).hexdigest()}"


def _device_cookie_prefix(name: str) -> str:
    """What the keys of every known browser of a name begin with."""
    return f"known-{name_key(name)}:"


def _pair_key(name: str, address: str) -> str:
    """The key of one address's attempts at a name."""
    return f"{_pair_prefix(name)}{hashlib.sha256(address_key(address).encode()).hexdigest()}"


def _pair_prefix(name: str) -> str:
    """What the keys of every address's attempts at a name begin with."""
    return f"at-{name_key(name)}:"


def _fresh_key(name: str) -> str:
    """The key under which a reset is remembered for a while."""
    return f"fresh-{name_key(name)}"


def address_key(address: str) -> str:
    """The key of a client's network; what has no address counts together."""
    return f"address:{client_network(address) or 'unknown'}"


def _seconds_to_wait(known: Failures | None, now: datetime) -> int:
    """Whole seconds until the next attempt is allowed, 0 for now."""
    return max(0, math.ceil((known[1] - now).total_seconds())) if known else 0


def _next_failure_state(known: Failures | None, now: datetime, longest_s: int = LONGEST_DELAY_S) -> Failures:
    """What to record for another attempt: the sixth in a row waits 1 s, then the delay doubles."""
    count = _failures_of(known, now) + 1
    # The exponent is capped so that a count that grew for years cannot overflow.
    delay = min(longest_s, 2 ** min(count - FREE_FAILURES, 10)) if count >= FREE_FAILURES else 0
    return count, now + timedelta(seconds=delay)


def _failures_of(known: Failures | None, now: datetime) -> int:
    """How many are remembered."""
    return known[0] if known and now - known[1] < FORGOTTEN_AFTER else 0


class ThrottleKeys(msgspec.Struct, frozen=True, kw_only=True):
    """Under which keys one attempt counts: a known browser's own, or an unknown client's three."""

    client: str
    name: str = ""
    address: str = ""

    @property
    def all(self) -> list[str]:
        """All of them."""
        return [key for key in (self.client, self.name, self.address) if key]


async def unknown_client_keys(tx: Transaction, name: str, address: str, now: datetime) -> ThrottleKeys:
    """The keys of an unknown client's attempt at a name.

    For a while after a reset only what its own address did counts: neither a guesser elsewhere nor another
    client behind the same address locks out the user who was just given a new password.
    """
    own = _pair_key(name, address)
    fresh = await tx.login_failures.get(_fresh_key(name))
    if fresh is not None and now < fresh[1]:
        return ThrottleKeys(client=own)
    return ThrottleKeys(client=own, name=name_key(name), address=address_key(address))


async def count_attempt(tx: Transaction, keys: ThrottleKeys, now: datetime) -> tuple[str, ...]:
    """Count an attempt, or raise ``TooManyRequests`` and count nothing; the keys that were counted.

    An address counts the names that fail there and not how often each does: guessing at one name, which
    the name itself slows down, leaves the others of a whole clinic behind that address alone.
    """
    known = {key: await tx.login_failures.get(key) for key in keys.all}
    wait = max(_seconds_to_wait(failures, now) for failures in known.values())
    if wait:
        raise TooManyRequests(f"Too many attempts. Wait {wait} seconds, then try again.", retry_after=wait)
    if _failures_of(known[keys.client], now):
        known.pop(keys.address, None)
    for key, failures in known.items():
        longest = LONGEST_OF_ADDRESS_S if key == keys.address else LONGEST_DELAY_S
        await tx.login_failures.put(key, *_next_failure_state(failures, now, longest))
    return tuple(known)


async def refund_attempt(
    tx: Transaction, keys: ThrottleKeys, counted: tuple[str, ...], now: datetime
) -> None:
    """After a success: the name or the browser starts at zero; the address keeps its earlier failures.

    Otherwise one good account behind an address would allow unlimited guesses at the others.
    """
    for key in counted:
        known = await tx.login_failures.get(key)
        if key != keys.address or known is None or known[0] <= 1:
            await tx.login_failures.clear(key)
        else:
            await tx.login_failures.put(key, known[0] - 1, now)


async def clear_after_reset(tx: Transaction, name: str, now: datetime) -> None:
    """Lets the user who was just given a new password use it at once, from any address."""
    await tx.login_failures.clear(name_key(name))
    for start in (_device_cookie_prefix(name), _pair_prefix(name)):
        await tx.login_failures.clear_prefix(start)
    await tx.login_failures.put(_fresh_key(name), 0, now + FRESH_FOR)
