"""Commands as a newcomer meets them: documents that can be pasted, and a set-up that says only its steps."""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
# What only the environment in .venv brings; a bare name is not found, or is another Python's.
PATHS = re.compile(
    r"`((?:app|pwa|service_worker|tests|e2e|campaigns|bench|tools|docs|deploy)/[\w./{},-]+\.\w+)`"
)
BARE = re.compile(r"(?<!\.venv/bin/)\b(python3? -m|pre-commit install)")


def unpasteable(text: str) -> list[str]:
    """Commands that would not run as written."""
    blocks = "".join(re.findall(r"^```\n(.*?)^```", text, re.DOTALL | re.MULTILINE))
    commands = [line.partition("#")[0] for line in blocks.splitlines() if line.startswith(".venv/bin/")]
    return BARE.findall(text) + [line for line in commands if re.search(r"[|\[\]]", line)]


def dead_paths(text: str) -> list[str]:
    """Files that a document names and that are not there."""
    return [name for name in PATHS.findall(text) if "{" not in name and not (ROOT / name).exists()]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_that_a_document_names_is_there(path: Path) -> None:
    """A file that was moved takes its mentions along."""
    assert dead_paths(path.read_text()) == []


def test_a_dead_path_is_found() -> None:
    """The control, beside one that is there."""
    assert dead_paths("`app/main.py`, `pwa/shared/gone.js`") == ["pwa/shared/gone.js"]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_can_be_pasted(path: Path) -> None:
    """From the folder of the repository, after set-up."""
    assert unpasteable(path.read_text()) == []


@pytest.mark.parametrize(
    "text",
    [
        "Run `python -m app migrate`.",
        "`pre-commit install`",
        "```\n.venv/bin/python -m app user list | add NAME\n```\n",
    ],
)
def test_a_command_that_cannot_be_pasted_is_found(text: str) -> None:
    """The control: another Python's, one that is not on the path, and one that is a pipe by mistake."""
    assert unpasteable(text) != []


def test_set_up_can_keep_a_commands_results_to_itself_but_never_its_errors(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Results of npm would be among the steps; its errors say why a step failed."""
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import set_up

    script = "import sys; print('result'); print('trouble', file=sys.stderr)"
    set_up.call([sys.executable, "-c", script], heard=False)

    assert capfd.readouterr() == ("", "trouble\n")
