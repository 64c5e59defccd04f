"""``make seeded-bugs``: each bug is brought back in a copy of the program, and its tests must fail there.

The same tests run on an untouched copy first, or a broken test would pass for a catch.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from campaigns.seeded_bugs.catalogue import BUGS, Bug
from tests.support.bundles import bundle

ROOT = Path(__file__).resolve().parent.parent.parent
SHARED = (".venv", "node_modules", ".setup")
LIMIT_S = 150
FAILURES = (
    re.compile(r"^FAILED (\S+::\S+)", re.MULTILINE),
    re.compile(r"^ERROR (\S+)", re.MULTILINE),
    re.compile(r"^\s*not ok \d+ - (.+?)(?: #.*)?$", re.MULTILINE),
)


def main() -> None:
    """Run all or the named ones; ends with ``caught n of n`` and exit code 0 only if all were."""
    wanted = [bug for bug in BUGS if len(sys.argv) == 1 or any(bug.name.startswith(a) for a in sys.argv[1:])]
    with tempfile.TemporaryDirectory(prefix="seeded-") as folder:
        sound = copy_tree(Path(folder) / "sound")
        broken = run_tests(sound, {test for bug in wanted for test in bug.tests})
        if broken:
            sys.exit(f"these tests fail without any bug: {broken}")
        with ThreadPoolExecutor(max(2, (os.cpu_count() or 2) - 1)) as pool:
            caught = sum(pool.map(lambda bug: is_caught(bug, Path(folder)), wanted))
    print(f"caught {caught} of {len(wanted)}")
    sys.exit(0 if caught == len(wanted) else 1)


def is_caught(bug: Bug, folder: Path) -> bool:
    """Bring one bug back and see its tests fail; prints by which test and in how long."""
    tree = copy_tree(folder / bug.name)
    subprocess.run(["git", "apply", str(bug.patch)], cwd=tree, check=True)
    bundle(tree)
    began = time.monotonic()
    found = run_tests(tree, bug.tests)
    seconds = time.monotonic() - began
    shutil.rmtree(tree, ignore_errors=True)
    verdict = f"caught in {seconds:5.1f} s by {found}" if found else f"SURVIVED {seconds:5.1f} s"
    print(f"{bug.name:36} {bug.harm:44} {verdict}", flush=True)
    return bool(found)


def copy_tree(target: Path) -> Path:
    """The files that git knows, as they are here, beside links to what set-up installed."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    for name in SHARED:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).symlink_to(ROOT / name)
    # The program serves no file from behind a link.
    shutil.copytree(ROOT / "pwa" / "vendor", target / "pwa" / "vendor")
    bundle(target)
    return target


def run_tests(tree: Path, tests: Iterable[str]) -> str:
    """The first test that failed, or nothing; a run that ends otherwise than by tests is an error."""
    tests = sorted(tests)
    node = [test for test in tests if test.endswith(".mjs")]
    python = [test for test in tests if test.endswith(".py")]
    if node and (failed := _failed(tree, ["node", "--test", "--test-reporter=tap", *node])):
        return failed
    for part in ([t for t in python if t.startswith("tests")], [t for t in python if t.startswith("e2e")]):
        if part and (failed := _failed(tree, [sys.executable, "-m", "pytest", "-q", "-x", *part])):
            return failed
    return ""


def _failed(tree: Path, command: list[str]) -> str:
    environment = {**os.environ, "PATH": f"{tree / '.venv' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}
    with subprocess.Popen(
        command,
        cwd=tree,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as run:
        try:
            output, errors = run.communicate(timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            # A bug can make a test run without end; the processes that do it are not the one started here.
            os.killpg(run.pid, signal.SIGKILL)
            return f"no end within {LIMIT_S} s"
    if run.returncode == 0:
        return ""
    for pattern in FAILURES:
        if found := pattern.search(output):
            return found.group(1)
    raise RuntimeError(f"{' '.join(command)} ended without a failed test:\n{output}{errors}"[-2000:])


if __name__ == "__main__":
    main()
