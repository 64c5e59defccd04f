"""``python -m bench [--quick] [part …]``: measures and prints one table.

When every part was measured, the numbers are kept in ``bench/results.json`` and ``docs/performance.md``.

A ratio compares two things measured in turn in this very run; quote ratios, since the milliseconds
belong to the machine. Everything stays on loopback. ``--quick`` shows that it works, and no more.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from app.server import log
from bench import listing, opening, presign, replay, shutter, weight
from bench.browsing import Chromium, browser
from bench.machine import describe
from bench.report import Line, table

RESULTS = Path(__file__).with_name("results.json")
PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
BEGIN, END = "<!-- begin: written by make bench -->", "<!-- end: written by make bench -->"
Part = Callable[[Path, Chromium, bool], list[Line]]

PARTS: dict[str, Part] = {
    presign.PART: lambda folder, _, quick: presign.measure(
        folder, presign.Effort(rounds=1, floor=500, single=200, batch=10) if quick else presign.Effort()
    ),
    shutter.PART: lambda folder, chromium, quick: shutter.measure(folder, chromium, 5 if quick else 30),
    replay.PART: lambda folder, chromium, quick: replay.measure(
        folder,
        chromium,
        replay.Effort(near=10, near_rounds=1, far=5, far_rounds=1) if quick else replay.Effort(),
    ),
    listing.PART: lambda folder, _, quick: listing.measure(
        folder, listing.Effort(rounds=1, photos=100, lists=2, empty=20) if quick else listing.Effort()
    ),
    opening.PART: lambda folder, chromium, quick: opening.measure(folder, chromium, 1 if quick else 7),
    weight.PART: lambda *_: weight.measure(),
}


def main() -> None:
    """Run the parts one after the other."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small counts; the numbers mean nothing")
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(PARTS))
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    log.configure("warning")
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder:
        _run(Path(folder), options.parts or list(PARTS), options.quick)


def _run(folder: Path, parts: list[str], quick: bool) -> None:
    began = time.monotonic()
    lines: list[Line] = []
    with browser(folder) as chromium:
        machine = describe(chromium.version)
        for name in parts:
            print(f"… {name}", file=sys.stderr, flush=True)
            lines += PARTS[name](folder, chromium, quick)
    machine |= {
        "seconds": round(time.monotonic() - began),
        "loadAtEnd": [round(n, 2) for n in os.getloadavg()],
    }
    print(f"\n{table(lines)}\n")
    print(_machine_line(machine))
    if not quick and set(parts) == set(PARTS):
        found = {"machine": machine, "lines": msgspec.to_builtins(lines)}
        RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")
        _renew_page(f"{table(lines)}\n\n{_machine_line(machine)}")


def _machine_line(machine: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return (
        f"{machine['when']}, {machine['cpu']}, {machine['cores']} cores, {machine['memoryGb']} GB, "
        f"{machine['system']}; load {machine['loadAtStart'][0]} at the start, "
        f"{machine['loadAtEnd'][0]} at the end; {machine['seconds']} s. {versions}."
    )


def _renew_page(text: str) -> None:
    """Put the numbers of a whole run into the page that speaks of them."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")


if __name__ == "__main__":
    main()
