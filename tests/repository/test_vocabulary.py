"""Code, tests and documents use the words of ``docs/glossary.md``, and cite what is defined."""

import re
import subprocess
from fnmatch import fnmatch
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("app", "pwa", "service_worker", "tests", "e2e", "campaigns", "bench", "tools", "docs", "deploy")
ENDINGS = {".py", ".js", ".mjs", ".ts", ".html", ".css", ".md"}
# The page itself names what is not said, and so does its test; the changelog tells what once was.
UNREAD = ("docs/glossary.md", "tests/repository/test_vocabulary.py", "campaigns/results/*")
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
CITED = re.compile(r"(?<![\w.-])([IF][1-9]\d?)(?![\w.-])")


def rows(heading: str, text: str) -> list[list[str]]:
    """The cells of the table under a heading."""
    part = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


GLOSSARY = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
PROSE = re.search(r"^Not in [^:]+: (.+)\.$", GLOSSARY, re.MULTILINE)
assert PROSE is not None
REFUSED = {word for row in rows("Terms", GLOSSARY) for word in row[2].split(", ") if word} | set(
    PROSE[1].split(", ")
)
KEPT = [row[0].strip("`") for row in rows("Kept spellings", GLOSSARY)]


def refused_words(text: str) -> set[str]:
    """Which refused words stand in a text, in prose or as a part of a name; plurals count."""
    for spelling in KEPT:
        text = text.replace(spelling, "")
    words = [word.lower() for word in WORD.findall(text)]
    found = {*words, *(f"{one} {two}" for one, two in pairwise(words))}
    return {word for word in REFUSED if word in found or f"{word}s" in found}


def tracked() -> list[str]:
    """The files that are read, by their paths."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True)
    return [
        name
        for name in listed.stdout.splitlines()
        if (name.split("/")[0] in FOLDERS or name in {"README.md", "CONTRIBUTING.md"})
        and Path(name).suffix in ENDINGS
        and not any(fnmatch(name, place) for place in UNREAD)
        and (ROOT / name).is_file()
    ]


FILES = tracked()


@pytest.mark.parametrize("name", FILES)
def test_a_file_says_what_the_glossary_says(name: str) -> None:
    """No word that the glossary refuses, neither in the file nor in its name."""
    assert refused_words(f"{name}\n{(ROOT / name).read_text(encoding='utf-8')}") == set()


def test_a_kept_spelling_is_still_needed() -> None:
    """A spelling that no file has any longer is not kept, nor is one without a refused word."""
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in FILES]

    assert [spelling for spelling in KEPT if not any(spelling in text for text in texts)] == []


def test_the_glossary_names_what_exists() -> None:
    """Each name in backticks in a meaning stands in the code."""
    names = {name for row in rows("Terms", GLOSSARY) for name in re.findall(r"`([^`]+)`", row[1])}
    code = "\n".join(
        (ROOT / name).read_text(encoding="utf-8") for name in FILES if name.startswith(("app", "pwa"))
    )

    assert {name for name in names if name not in code and not list(ROOT.rglob(f"pwa/**/{name}"))} == set()


def test_what_is_cited_is_defined() -> None:
    """Each invariant and fault that is named stands once in ``docs/invariants.md``."""
    text = (ROOT / "docs/invariants.md").read_text(encoding="utf-8")
    defined = re.findall(r"^\| ([IF]\d+) \|", text, re.MULTILINE)
    cited = {
        tag
        for name in FILES
        if name.startswith(("app", "pwa", "service_worker", "tests", "e2e", "campaigns"))
        for tag in CITED.findall((ROOT / name).read_text(encoding="utf-8"))
    }

    assert len(defined) == len(set(defined))
    assert cited - set(defined) == set()


@pytest.mark.parametrize(
    "text",
    [
        "const patience = 3;",
        "class DoomedPhoto: ...",
        "# waits for ever",
        "def ring_bell(): ...",
        "Visits",
    ],
)
def test_a_refused_word_is_found(text: str) -> None:
    """The control: in a constant, within a name, in a comment, in snake case and in the plural."""
    assert refused_words(text)
