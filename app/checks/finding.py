"""One thing that was tried: what, and where it failed why, and what to change."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Literal

import msgspec

# One check asks several times, and each question has a limit of its own below this one.
CHECK_S = 25.0
_SKEW_S = 60.0


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """``open`` is what could not be tried from here; it is reported and is no fault."""

    part: str
    state: Literal["ok", "wrong", "open"]
    what: str
    why: str = ""
    change: str = ""


Check = Callable[[], Awaitable[Sequence[Finding]]]


def good(part: str, what: str) -> Finding:
    """It works."""
    return Finding(part=part, state="ok", what=what)


def wrong(part: str, what: str, why: str, change: str) -> Finding:
    """It does not work."""
    return Finding(part=part, state="wrong", what=what, why=why, change=change)


def unknown(part: str, what: str, why: str) -> Finding:
    """It cannot be tried from here."""
    return Finding(part=part, state="open", what=what, why=why)


def clock_finding(what: str, ahead_s: float) -> Finding:
    """Every signed address and token is dated by this server's clock."""
    if abs(ahead_s) <= _SKEW_S:
        return good("clock", what)
    word = "ahead" if ahead_s > 0 else "behind"
    why = f"This server's clock is {abs(ahead_s):.0f} s {word}."
    return wrong(
        "clock", what, why, "Set this server's clock right (NTP): every signed address is dated by it."
    )


async def run_checks(checks: Iterable[tuple[str, Check]]) -> list[Finding]:
    """Everything at once; a check that hangs or breaks is a finding like any other."""
    found = await asyncio.gather(*(_examined(part, check) for part, check in checks))
    return [finding for group in found for finding in group]


async def _examined(part: str, check: Check) -> Sequence[Finding]:
    try:
        async with asyncio.timeout(CHECK_S):
            return await check()
    except TimeoutError:
        why = f"It did not come to an end within {CHECK_S:g} s."
        return [
            wrong(part, f"the check of {part}", why, "See whether the service answers at all, and slowly.")
        ]
    except Exception as problem:
        why = f"It ended with {type(problem).__name__}."
        return [wrong(part, f"the check of {part}", why, "See the log, and report it with the log.")]


def finding_lines(findings: Iterable[Finding]) -> Iterator[str]:
    """For a terminal: one line each, and two more where something is to be done."""
    words = {"ok": "ok", "wrong": "WRONG", "open": "note"}
    for one in findings:
        yield f"{words[one.state]:6} {one.part}: {one.what}" + (
            f" ({one.why})" if one.state == "open" else ""
        )
        if one.state == "wrong":
            yield f"       Why: {one.why}"
            yield f"       Change: {one.change}"
