"""The image: every file it copies is there and not ignored, and everything the program reads is copied."""

import re
import shlex
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "Containerfile").read_text().replace("\\\n", " ")
IGNORED = [line for line in (ROOT / ".containerignore").read_text().splitlines() if line]
STAGES = re.split(r"^FROM ", TEXT, flags=re.MULTILINE)[1:]


def words(instruction: str, stage: str) -> list[list[str]]:
    """The arguments of every such instruction of a stage."""
    return [shlex.split(line) for line in re.findall(rf"^{instruction} (.*)$", stage, re.MULTILINE)]


def sources() -> list[str]:
    """Paths of this repository that any stage copies."""
    copies = [copy for stage in STAGES for copy in words("COPY", stage) if not copy[0].startswith("--")]
    return [path for copy in copies for path in copy[:-1]]


def is_sent(path: str, rules: list[str]) -> bool:
    """Whether the builder gets a path; the last rule that matches decides."""
    sent = True
    for rule in rules:
        if fnmatch(path, rule.removeprefix("!")):
            sent = rule.startswith("!")
    return sent


@pytest.mark.parametrize("path", sources())
def test_what_is_copied_is_there_and_reaches_the_builder(path: str) -> None:
    """A renamed folder would only show at the next build."""
    assert (ROOT / path).exists()
    assert is_sent(path, IGNORED)


def test_nothing_private_or_made_here_reaches_the_builder() -> None:
    """Data, keys, history and what set-up made stay out; the control is a folder that must go in."""
    private = [
        ".git",
        ".venv",
        "data",
        "keys",
        "node_modules",
        "pwa/vendor",
        "pwa/bundles",
        ".setup",
        "tests",
    ]

    assert [path for path in private if is_sent(path, IGNORED)] == []
    assert is_sent("app", IGNORED)


def test_the_served_stage_has_everything_the_program_reads() -> None:
    """Its own folders from here, Python packages and browser libraries from the first stage."""
    last = words("COPY", STAGES[-1])

    own = {copy[0] for copy in last if not copy[0].startswith("--")}
    built = {copy[1].removeprefix("/srv/capture/") for copy in last if copy[0].startswith("--from=")}
    assert own == {"app", "pwa", "service_worker"}
    assert built == {".venv", "pwa/vendor", "pwa/bundles"}


def test_the_program_runs_without_rights_and_keeps_data_and_keys_apart() -> None:
    """A user by name, never root, and two volumes."""
    last = STAGES[-1]
    settings = dict(word.split("=", 1) for line in words("ENV", last) for word in line)

    assert words("USER", last) == [["capture"]]
    assert last.index("USER ") < last.index("\nCMD ")
    assert not Path(settings["KEY_DIR"]).is_relative_to(settings["DATA_DIR"])
    for folder in (settings["DATA_DIR"], settings["KEY_DIR"]):
        assert re.search(rf"^VOLUME .*{re.escape(folder)}", last, re.MULTILINE)
        assert re.search(rf"install -d -o capture -g capture .*{re.escape(folder)}", last)


def test_both_stages_have_the_same_base() -> None:
    """The environment made in the first stage names the Python of its base by path."""
    assert len({stage.split()[0] for stage in STAGES}) == 1
