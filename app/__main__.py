"""The command line: ``python -m app serve | migrate | user | sweep | reconcile | doctor``."""

import argparse
import asyncio
import errno
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence

if __name__ == "__main__":
    # Before the rest is read, which takes a second: the first process of a container ends by no signal
    # that it does not handle, and the process that sends the signal must not wait for the start.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))

import msgspec
import uvloop

from app.adapters.database.engine import UnusableDatabase
from app.adapters.outgoing import set_library_environment
from app.checks.database_counts import count_sentences
from app.checks.every import checks_of
from app.checks.finding import finding_lines, run_checks
from app.config.preconditions import require_existing
from app.config.settings import Settings, SettingsError, read_settings
from app.domain.errors import CaptureError, DatabaseBusy, InvalidField
from app.embedded.store.keys import StoreKeyError
from app.main import Backends
from app.server import log, serving
from app.server.background import SESSION_CHECK_S
from app.server.fleet import NoWorker
from app.web.readiness import check_parts
from app.web.site.module_graph import BrokenImport

Command = Callable[[Backends, argparse.Namespace], Awaitable[int]]

INTERRUPTED = 130  # What shells expect of a program ended by Ctrl-C.


OF_THE_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS})
# Their messages are written for the operator.
SENTENCES = (SettingsError, StoreKeyError, UnusableDatabase, BrokenImport, serving.CannotServe, NoWorker)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the settings once, then do what was asked; what is wrong ends with its sentence."""
    options = _parser().parse_args(arguments)
    try:
        _require_name(options)
        settings = read_settings(os.environ)
        set_library_environment(os.environ)
        # A command prints its findings; only a server logs below a warning.
        serves = options.run is _serve
        log.configure(settings.log_level if serves else "warning", serving=serves)
        code = options.run(settings, options)
    except KeyboardInterrupt:
        code = INTERRUPTED
    except Exception as problem:
        if (sentence := _sentence(problem)) is None:
            raise
        code = f"clinicpro-capture: {sentence}"
    sys.exit(code)


def _require_name(options: argparse.Namespace) -> None:
    """``InvalidField`` where a command needs the name of an account; before any part is opened or made."""
    action = getattr(options, "action", "list")
    if action != "list" and not options.name.strip():
        raise InvalidField(f"Name the account: user {action} NAME.", "name")


def _sentence(problem: Exception) -> str | None:
    """What to print; None for an unexpected error, which keeps its traceback."""
    while isinstance(problem, ExceptionGroup) and len(problem.exceptions) == 1:
        problem = problem.exceptions[0]  # What opens beside other tasks fails as a group.
    if isinstance(problem, SENTENCES):
        return str(problem)
    if isinstance(problem, DatabaseBusy) and problem.detail == DatabaseBusy.sentence:
        return "The database is locked or does not answer. Check DATABASE_URL and DATA_DIR and start again."
    if isinstance(problem, CaptureError):
        return problem.detail
    if isinstance(problem, OSError) and (problem.filename or problem.errno in OF_THE_DISK):
        # A failed write or sync names no file.
        where = os.fsdecode(problem.filename) if problem.filename else "The disk"
        return f"{where} cannot be used ({problem.strerror}). Check DATA_DIR and KEY_DIR and start again."
    return None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m app", description="ClinicPro Capture")
    commands = parser.add_subparsers(required=True, metavar="command")
    commands.add_parser("serve", help="serve the app").set_defaults(run=_serve)
    for name, help_text, command in (
        ("migrate", "bring the database up to date", _migrate),
        ("sweep", "finish uploads whose phone fell silent, now", _sweep),
        ("doctor", "try every part out and say what to change", _doctor),
    ):
        commands.add_parser(name, help=help_text).set_defaults(run=_over_backends(command))
    compare = commands.add_parser("reconcile", help="compare database and store, explain every difference")
    compare.add_argument("--adopt", action="store_true", help="finish what can be finished safely")
    compare.set_defaults(run=_over_backends(_reconcile))
    user = commands.add_parser("user", help="local accounts")
    user.add_argument("action", choices=["list", "add", "reset"])
    user.add_argument("name", nargs="?", default="")
    user.set_defaults(run=_over_backends(_user))
    return parser


def _serve(settings: Settings, _: argparse.Namespace) -> int:
    serving.serve(settings)
    return 0


def _over_backends(command: Command) -> Callable[[Settings, argparse.Namespace], int]:
    """Run a command with every part open; only one that may set up a clinic creates what is missing."""

    async def run(settings: Settings, options: argparse.Namespace) -> int:
        if command is not _migrate and getattr(options, "action", "") != "add":
            require_existing(settings)
        settings = serving.with_lan_origin(settings)
        async with Backends(settings).opened(migrate=command is not _doctor) as backends:
            return await command(backends, options)

    def start(settings: Settings, options: argparse.Namespace) -> int:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(run(settings, options))

    return start


async def _migrate(_: Backends, __: argparse.Namespace) -> int:
    print("The database is up to date.")
    return 0


async def _sweep(backends: Backends, _: argparse.Namespace) -> int:
    report = await backends.sweeper.sweep()
    print(", ".join(f"{name} {count}" for name, count in msgspec.structs.asdict(report).items()))
    return 0


async def _reconcile(backends: Backends, options: argparse.Namespace) -> int:
    """Every difference on a line of its own; 1 when one of them needs an operator."""
    report = await backends.reconciler.run(adopt=options.adopt)
    for one in report.differences:
        word = "explained" if one.explained else "UNEXPLAINED"
        print(f"{word:12} {one.kind:22} {one.key}  {one.because}" + (f" [{one.done}]" if one.done else ""))
    print(
        f"{report.objects} objects, {report.rows} rows, {len(report.differences)} differences, "
        f"{report.unexplained} unexplained"
    )
    return 1 if report.unexplained else 0


async def _doctor(backends: Backends, _: argparse.Namespace) -> int:
    """Reports all it can: a database that is down does not hide the other parts."""
    states = await check_parts(backends.readiness_checks)
    if states["database"] == "ok":
        await backends.sql.migrate()
    findings = await run_checks(checks_of(backends))
    faulty = {one.part for one in findings if one.state == "wrong"}
    for part, state in states.items():
        print(f"{part:12} {'wrong' if state == 'ok' and part in faulty else state}")
    print("", *finding_lines(findings), sep="\n")
    if states["database"] == "ok":
        async with backends.database.transaction() as tx:
            counts = await tx.metrics.counts(backends.clock())
        print("", *count_sentences(counts), sep="\n")
    return 1 if faulty or any(state != "ok" for state in states.values()) else 0


async def _user(backends: Backends, options: argparse.Namespace) -> int:
    accounts = backends.identity.accounts
    if accounts is None:
        print("Accounts are kept by Clerk here; use its dashboard.", file=sys.stderr)
        return 1
    if options.action == "list":
        print("\n".join(await accounts.users()) or "No account yet. The first start makes one.")
        return 0
    change = accounts.add_user if options.action == "add" else accounts.reset_password
    made = await change(options.name)
    if options.action == "reset":
        # A server beside this command may trust a session so long: what is printed is true everywhere.
        await asyncio.sleep(SESSION_CHECK_S)
    print(f"Sign in: {made.name} / {made.password}")
    return 0


if __name__ == "__main__":
    main()
