"""A folder is a table of contents: what does not fit on one glance is cut by what a reader looks for."""

import subprocess
from collections import Counter
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[2]
CODE = {".py", ".js", ".mjs", ".css", ".html"}
MOST = {
    "app": 15,
    "pwa": 15,
    "service_worker": 15,
    "tests": 20,
    "e2e": 20,
    "campaigns": 20,
    "bench": 20,
    "tools": 15,
}


def too_full(files: Iterable[str]) -> list[str]:
    """Folders that hold more code files side by side than their kind may."""
    paths = [PurePosixPath(name) for name in files]
    counts = Counter(path.parent for path in paths if path.suffix in CODE and path.name != "__init__.py")
    return [
        f"{folder}: {count}"
        for folder, count in sorted(counts.items())
        if count > MOST.get(folder.parts[0] if folder.parts else "", count)
    ]


def test_no_folder_is_too_full() -> None:
    """Fifteen files of the product, twenty of tests and campaigns."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True)

    assert too_full(listed.stdout.splitlines()) == []


def test_a_full_folder_is_found() -> None:
    """The control: one file more than may be, beside a folder that is just full."""
    files = [f"app/web/a{n}.py" for n in range(16)] + [f"app/domain/a{n}.py" for n in range(15)]

    assert too_full(files) == ["app/web: 16"]
