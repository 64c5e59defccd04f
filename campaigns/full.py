"""``python -m campaigns.full [name …]``: every campaign at its full size, range after range of seeds.

What result files already cover is not run again, so it can be stopped and started at any moment.
Each range is a process of its own: a browser or server that dies takes its range along and nothing else.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from campaigns.browser.cells import MATRIX
from campaigns.results import RESULTS, read_all


@dataclass(frozen=True)
class Size:
    """Seeds 0 to ``seeds``: ``step`` of them in one process and file, which is written every ``chunk``."""

    seeds: int
    step: int
    chunk: int


# The trials behind the seeds: 10 kills, 500 survivors, 20 histories of the server, 4 stops of a worker.
SIZES = {
    "power-loss": Size(40, 20, 2),
    "state-machine": Size(250, 125, 25),
    "postgres-kills": Size(200, 200, 50),
    "disk-faults": Size(1600, 800, 100),
    "server-kills": Size(50, 25, 5),
    "restarts": Size(20, 20, 5),
    "locks": Size(20, 20, 5),
    "many-photos": Size(1, 1, 1),
    "fault-matrix": Size(3 * len(MATRIX), len(MATRIX), 20),
    "worker-stops": Size(500, 100, 10),
    "browser-kills": Size(1000, 200, 20),
    "queue": Size(1_000_000, 250_000, 10_000),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is missing; 0 when nothing was found in it."""
    parser = argparse.ArgumentParser(prog="python -m campaigns.full", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"one of {', '.join(SIZES)}; none for all")
    parser.add_argument("--folder", type=Path, default=RESULTS, help="where result files are")
    options = parser.parse_args(arguments)
    if unknown := sorted(set(options.names) - set(SIZES)):
        parser.error(f"There is no campaign {', '.join(unknown)}.")
    return max([run(name, options.folder) for name in options.names or SIZES])


def run(name: str, folder: Path) -> int:
    """What is missing of one campaign; 0 when nothing was found and every control arm was caught."""
    size, code = SIZES[name], 0
    for part in missing(covered(name, folder), size):
        print(f"{time.strftime('%H:%M:%S')} {name} {part.start}:{part.stop}", flush=True)
        seeds = ["--seeds", f"{part.start}:{part.stop}", "--chunk", str(size.chunk)]
        command = [sys.executable, "-m", "campaigns", name, *seeds, "--folder", str(folder)]
        code |= subprocess.run(command, check=False).returncode
    return code


def covered(name: str, folder: Path) -> list[tuple[int, int]]:
    """Ranges of seeds that have a result."""
    return [seeds for one in read_all(folder) if one.campaign == name for seeds in one.seeds]


def missing(done: Sequence[tuple[int, int]], size: Size) -> Iterator[range]:
    """The ranges still to be run, none longer than a step and none across a border of steps."""
    for begin in range(0, size.seeds, size.step):
        at = begin
        end = min(begin + size.step, size.seeds)
        for first, last in [*sorted(done), (end, end)]:
            if at < min(first, end):
                yield range(at, min(first, end))
            at = max(at, last)


if __name__ == "__main__":
    sys.exit(main())
