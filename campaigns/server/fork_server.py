"""The fork server: one process that has imported the program under test and forks a child per start.

Run as a module under the preload shim. Each line on its input is a ``Plan``, answered by the pid of a
child that serves as ``python -m app serve`` does; an empty line asks for the exit status of the last
child.
"""

import os
import sys
import traceback
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from app import __main__
from app.config.settings import Settings
from app.main import Overrides, create_app
from app.server import serving
from campaigns.faults.barriers import Door, Part, Transactions, Trap
from campaigns.faults.faulty_builds import FAULTY_BUILDS
from campaigns.powerloss import shim
from campaigns.server.plan import Plan


def main() -> None:
    """Fork for each plan until the input ends."""
    child = 0
    for line in sys.stdin:
        if line.strip():
            child = os.fork()
            if child == 0:
                live(msgspec.json.decode(line, type=Plan))
            print(child, flush=True)
        else:
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def live(plan: Plan) -> None:
    """A child's whole life; its output goes to the plan's output file."""
    _redirect(Path(plan.output))
    code = 1
    try:
        serve(plan)
        code = 0
    except SystemExit as end:
        code = _exit_code(end.code)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


def serve(plan: Plan) -> None:
    """The product's own ``serve``, with its ports wrapped and its clock moved."""
    os.environ.update(plan.environment())
    if plan.faulty_build:
        FAULTY_BUILDS[plan.faulty_build]()
    shim.watch(Path(plan.folder), Path(plan.trace) if plan.trace else None)
    trap = Trap(plan.barrier, plan.nth)
    real: Any = serving
    real.create_app = lambda chosen: _app(chosen, plan, trap)
    if plan.fault is not None:
        _arm(plan, plan.fault)
    __main__.main(["serve"])


def _exit_code(code: str | int | None) -> int:
    """What Python does with the code of an exit."""
    if isinstance(code, str):
        print(code, file=sys.stderr)
        return 1
    return code or 0


def _app(settings: Settings, plan: Plan, trap: Trap) -> Any:
    ahead = timedelta(seconds=plan.clock_s)
    parts = Overrides(clock=lambda: datetime.now(UTC) + ahead)
    if plan.barrier:
        parts = replace(
            parts,
            database=lambda real: Transactions(real, trap),
            store=lambda real: Part(real, trap, ("read", "delete")),
            signals=lambda real: Part(real, trap, ("publish",)),
        )
    return Door(create_app(settings, parts), trap)


def _arm(plan: Plan, fault: shim.Fault) -> None:
    if plan.fault_at_start:
        shim.arm(fault)
        return
    real: Any = serving
    print_addresses = real._print_addresses

    def armed(*arguments: Any) -> None:
        shim.arm(fault)
        print_addresses(*arguments)

    real._print_addresses = armed


def _redirect(output: Path) -> None:
    handle = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    sys.stdout = os.fdopen(1, "w", buffering=1, closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)


if __name__ == "__main__":
    main()
