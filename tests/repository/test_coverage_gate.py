"""The gates of `make test` fail where a branch was run by no test: the controls of both."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYTHON_RULE = "def rule(number):\n    if number:\n        number += 1\n    return number\n"
JS_RULE = "export const rule = (number) => {\n  if (number) return 1;\n  return number;\n};\n"


def run(folder: Path, *command: object) -> subprocess.CompletedProcess[str]:
    """A command, as the Makefile runs it, over files of a test's own."""
    return subprocess.run([str(part) for part in command], cwd=folder, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("calls", "unseen", "missed"),
    [
        ("rule(1) + rule(0)", False, []),
        ("rule(1)", False, ["app/domain/rule.py", "2->4"]),
        ("rule(1) + rule(0)", True, ["app/domain/unseen.py", "0%"]),
    ],
    ids=["every branch", "one branch", "a file that nothing imports"],
)
def test_a_branch_of_the_domain_that_no_test_takes_fails_the_run(
    tmp_path: Path, calls: str, unseen: bool, missed: list[str]
) -> None:
    """With this repository's own settings."""
    domain = tmp_path / "app" / "domain"
    domain.mkdir(parents=True)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (domain / "rule.py").write_text(PYTHON_RULE)
    if unseen:
        (domain / "unseen.py").write_text(PYTHON_RULE)
    test = f"from app.domain.rule import rule\n\n\ndef test_rule():\n    assert {calls}\n"
    (tmp_path / "test_rule.py").write_text(test)

    done = run(tmp_path, sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "test_rule.py", "--cov")

    assert (done.returncode != 0) == bool(missed)
    assert all(text in done.stdout for text in ["1 passed", *missed])


@pytest.mark.parametrize(
    ("calls", "unseen", "missed"),
    [
        ("rule(1) + rule(0)", False, []),
        ("rule(1)", False, ["queue/rule.js:3 "]),
        ("rule(1) + rule(0)", True, ["queue/unseen.js:1 "]),
    ],
    ids=["every branch", "one branch", "a file that nothing imports"],
)
def test_a_branch_of_the_queue_that_no_test_takes_fails_the_run(
    tmp_path: Path, calls: str, unseen: bool, missed: list[str]
) -> None:
    """Counts of several processes are put together, as those of several test files are."""
    queue = tmp_path / "queue"
    queue.mkdir()
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (queue / "rule.js").write_text(JS_RULE)
    if unseen:
        (queue / "unseen.js").write_text(JS_RULE)
    for call in calls.split(" + "):
        script = f"import {{ rule }} from './queue/rule.js'; {call}"
        run(tmp_path, "env", "NODE_V8_COVERAGE=reports", "node", "--input-type=module", "-e", script)

    done = run(tmp_path, "node", ROOT / "tools" / "js_coverage.mjs", "reports", "queue")

    assert done.returncode == bool(missed)
    assert all(text in done.stderr for text in missed)
    assert len(done.stderr.splitlines()) == len(missed)


def test_both_gates_are_part_of_the_tests_own_run() -> None:
    """No second run measures what another one tests."""
    recipes = (ROOT / "Makefile").read_text()

    assert recipes.count(" --cov\n") == 1
    assert "tools/js_coverage.mjs .setup/js-coverage pwa/queue\n" in recipes
