"""How long a name, an address or a known browser must wait after failed sign-ins.

An attempt is counted before the password is checked and given back when it fits, so that a burst
of guesses at one instant is counted as well. Failures are forgotten an hour after the last delay.

A browser that carries a mark of the account is counted by that mark alone: neither strangers who guess
at the name nor a neighbour behind the same address slow it down. Everybody else is counted by name and
by address.
"""

import hashlib
import ipaddress
import math
from datetime import datetime, timedelta

from app.domain.errors import TooManyRequests
from app.domain.ports import AccountRecords

FREE_FAILURES = 5
LONGEST_DELAY_S = 300
FORGOTTEN_AFTER = timedelta(hours=1)

Failures = tuple[int, datetime]


def name_key(name: str) -> str:
    """The key of a name; hashed, because people type passwords into the name box."""
    return "name:" + hashlib.sha256(name.casefold().encode("utf-8", "surrogatepass")).hexdigest()


def mark_key(name: str, mark: str) -> str:
    """The key of one browser's attempts at a name; it begins with the name's own key."""
    return f"{marks_of(name)}{hashlib.sha256(mark.encode()).hexdigest()}"


def marks_of(name: str) -> str:
    """What the keys of every known browser of a name begin with."""
    return f"known-{name_key(name)}:"


def address_key(address: str) -> str:
    """The key of a peer: an IPv4 address, or the /64 network that one IPv6 customer holds."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "address:unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return f"address:{parsed.ipv4_mapped}"
        return f"address:{ipaddress.ip_network((parsed, 64), strict=False)}"
    return f"address:{parsed}"


def seconds_to_wait(known: Failures | None, now: datetime) -> int:
    """Whole seconds until the next attempt is allowed, 0 for now."""
    return max(0, math.ceil((known[1] - now).total_seconds())) if known else 0


def one_more(known: Failures | None, now: datetime) -> Failures:
    """What to note for another attempt: the sixth in a row waits 1 s, then the delay doubles to 5 min."""
    remembered = known[0] if known and now - known[1] < FORGOTTEN_AFTER else 0
    count = remembered + 1
    # The exponent is capped so that a count that grew for years cannot overflow.
    delay = min(LONGEST_DELAY_S, 2 ** min(count - FREE_FAILURES, 10)) if count >= FREE_FAILURES else 0
    return count, now + timedelta(seconds=delay)


async def count_attempt(records: AccountRecords, keys: tuple[str, ...], now: datetime) -> None:
    """Count an attempt under every key, or raise ``TooManyRequests`` and count nothing."""
    known = {key: await records.login_failures(key) for key in keys}
    wait = max(seconds_to_wait(failures, now) for failures in known.values())
    if wait:
        raise TooManyRequests(f"Too many attempts. Wait {wait} seconds, then try again.", retry_after=wait)
    for key, failures in known.items():
        await records.note_login_failure(key, *one_more(failures, now))


async def give_back(records: AccountRecords, who: str, address: str | None = None, *, now: datetime) -> None:
    """After a success: the name or the browser starts anew; the address keeps its earlier failures.

    Otherwise one good account behind an address would buy unlimited guesses at the others.
    """
    await records.clear_login_failures(who)
    if address is None:
        return
    known = await records.login_failures(address)
    if known is None or known[0] <= 1:
        await records.clear_login_failures(address)
    else:
        await records.note_login_failure(address, known[0] - 1, now)
