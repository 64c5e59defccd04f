"""The command line: ``python -m app serve | migrate | user | sweep | doctor``."""

import argparse
import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Sequence

import msgspec
import uvloop

from app import log, serving
from app.domain.errors import CaptureError
from app.embedded.store_keys import StoreKeyError
from app.main import Assembly
from app.settings import Settings, SettingsError, read_settings
from app.web.controllers.operations import check_parts

Command = Callable[[Assembly, argparse.Namespace], Awaitable[int]]


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the settings once, then do what was asked; what is wrong ends with its sentence."""
    wish = _parser().parse_args(arguments)
    try:
        settings = read_settings(os.environ)
        log.configure(settings.log_level)
        sys.exit(wish.run(settings, wish))
    except (SettingsError, StoreKeyError, serving.CannotServe) as problem:
        sys.exit(f"clinicpro-capture: {problem}")
    except CaptureError as problem:
        sys.exit(f"clinicpro-capture: {problem.detail}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m app", description="ClinicPro Capture")
    commands = parser.add_subparsers(required=True, metavar="command")
    commands.add_parser("serve", help="serve the app").set_defaults(run=_serve)
    for name, help_text, command in (
        ("migrate", "bring the database up to date", _migrate),
        ("sweep", "finish uploads whose phone fell silent, now", _sweep),
        ("doctor", "check every part and say what is wrong", _doctor),
    ):
        commands.add_parser(name, help=help_text).set_defaults(run=_over_assembly(command))
    user = commands.add_parser("user", help="local accounts")
    user.add_argument("action", choices=["list", "add", "reset"])
    user.add_argument("name", nargs="?", default="")
    user.set_defaults(run=_over_assembly(_user))
    return parser


def _serve(settings: Settings, _: argparse.Namespace) -> int:
    serving.serve(settings)
    return 0


def _over_assembly(command: Command) -> Callable[[Settings, argparse.Namespace], int]:
    """Run a command with every part open."""

    async def run(settings: Settings, wish: argparse.Namespace) -> int:
        async with Assembly(settings).opened() as assembly:
            return await command(assembly, wish)

    def start(settings: Settings, wish: argparse.Namespace) -> int:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(run(settings, wish))

    return start


async def _migrate(_: Assembly, __: argparse.Namespace) -> int:
    print("The database is up to date.")
    return 0


async def _sweep(assembly: Assembly, _: argparse.Namespace) -> int:
    report = await assembly.sweeper.sweep()
    print(", ".join(f"{name} {count}" for name, count in msgspec.structs.asdict(report).items()))
    return 0


async def _doctor(assembly: Assembly, _: argparse.Namespace) -> int:
    states = await check_parts(assembly.readiness)
    for part, state in states.items():
        print(f"{part:12} {state}")
    async with assembly.database.transaction() as records:
        counts = await records.counts(assembly.clock())
    for name, value in counts.items():
        print(f"{name:24} {value:g}")
    return 0 if all(state == "ok" for state in states.values()) else 1


async def _user(assembly: Assembly, wish: argparse.Namespace) -> int:
    accounts = assembly.people.accounts
    if accounts is None:
        print("Accounts are kept by Clerk here; use its dashboard.", file=sys.stderr)
        return 1
    if wish.action == "list":
        print("\n".join(await accounts.users()))
        return 0
    change = accounts.add_user if wish.action == "add" else accounts.reset_password
    made = await change(wish.name)
    print(f"Sign in: {made.name} / {made.password}")
    return 0


if __name__ == "__main__":
    main()
