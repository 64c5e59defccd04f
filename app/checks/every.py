"""All checks of one assembled program, and reports of what fails beside a server that has started."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Protocol

import structlog

from app.adapters.clerk.sessions import BASE
from app.checks.clerk import try_clerk
from app.checks.finding import Check, Finding, run_checks
from app.checks.machine import try_database, try_disk, try_keys
from app.checks.signals import CloudSignals, try_signals
from app.checks.store import try_store
from app.checks.store_place import StoreAccess
from app.config.settings import Settings
from app.domain.ports.clock import Clock, NewId
from app.domain.ports.database import Database

_log = structlog.get_logger("clinicpro")


class CheckedProgram(Protocol):
    """What the checks need of a program; every part of it is open."""

    settings: Settings
    clock: Clock
    new_id: NewId
    database: Database

    @property
    def store_access(self) -> StoreAccess:
        """The store as it is met."""
        ...

    @property
    def cloud_signals(self) -> CloudSignals | None:
        """Signals of a service elsewhere, if there is one."""
        ...


def checks_of(program: CheckedProgram, clerk_api: str = BASE) -> list[tuple[str, Check]]:
    """Every check that the settings give a reason for."""
    return [
        ("database", partial(try_database, partial(_write, program), program.settings)),
        ("store", partial(try_store, program.store_access)),
        *_checks_elsewhere(program, clerk_api),
        *_checks_here(program),
    ]


def _checks_at_start(program: CheckedProgram, clerk_api: str = BASE) -> list[tuple[str, Check]]:
    """The checks of external services, and of the disk.

    What is built in has just been opened and written to; a trial photo there would only be in the way of
    the first real one.
    """
    settings, checks = program.settings, checks_of(program, clerk_api)
    kept = {"signals", "sign-in", "disk", *(["store"] if settings.cloud_store else [])}
    kept |= {"database"} if settings.database_url else set()
    return [check for check in checks if check[0] in kept]


def _checks_elsewhere(program: CheckedProgram, clerk_api: str) -> list[tuple[str, Check]]:
    """Signals and sign-in, where a service does them."""
    found: list[tuple[str, Check]] = []
    if program.cloud_signals is not None:
        signals = partial(try_signals, program.cloud_signals, program.clock, program.new_id)
        found.append(("signals", signals))
    if program.settings.cloud_identity:
        found.append(("sign-in", partial(try_clerk, program.settings, clerk_api)))
    return found


def _checks_here(program: CheckedProgram) -> list[tuple[str, Check]]:
    """The machine's own."""
    return [
        ("disk", partial(_at_once, try_disk, program.settings)),
        ("keys", partial(_at_once, try_keys, program.settings)),
    ]


async def _at_once(check: Any, settings: Settings) -> Sequence[Finding]:
    found: Sequence[Finding] = await asyncio.to_thread(check, settings)
    return found


async def _write(program: CheckedProgram) -> None:
    async with program.database.transaction() as tx:
        await tx.metrics.increment_counters({"checks": 1})


@asynccontextmanager
async def checks_in_background(program: CheckedProgram) -> AsyncIterator[None]:
    """Tries everything while the server serves: what is away now comes back, and photos wait for it."""
    task = asyncio.create_task(log_failures(program))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def log_failures(program: CheckedProgram) -> None:
    """One line in the log, and one for the terminal, for each thing that does not work."""
    for one in await run_checks(_checks_at_start(program)):
        if one.state == "wrong":
            _log.warning("check.failed", part=one.part, reason=one.what, cause=one.why, change=one.change)
            print(f"Check failed: {one.part}: {one.what}. {one.why} {one.change}", flush=True)
