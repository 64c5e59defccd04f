"""Packages are pinned by hash, fetched from the machine's own index, and never copied in here."""

import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYTHON_LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
# Put together here, so that this file does not contain them either.
PACKAGE_HOSTS = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("jsdelivr", "net"),
        ("unpkg", "com"),
        ("esm", "sh"),
        ("cdnjs", "cloudflare", "com"),
        ("skypack", "dev"),
    )
]
INDEX_OPTION = re.compile(
    r"^\s*(-i|--index-url|--extra-index-url|--find-links|-f|--trusted-host)\b", re.MULTILINE
)
PINNED = re.compile(r"^[A-Za-z0-9][\w.\[\],-]*==[^\s;]+")


def tracked() -> list[Path]:
    """Every file of the repository as it will be cloned."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.split("\0") if name]


def entries(lock: str) -> list[str]:
    """Requirements of a lock file, each with its hashes on one line."""
    joined = lock.replace("\\\n", " ")
    return [line for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def faults(lock: str) -> list[str]:
    """Entries that are not pinned by version and hash, and options that name a place to fetch from."""
    loose = [one for one in entries(lock) if not PINNED.match(one) or "--hash=sha256:" not in one]
    return loose + [match[0] for match in INDEX_OPTION.finditer(lock)] + re.findall(r"https?://\S+", lock)


@pytest.mark.parametrize("lock", PYTHON_LOCKS, ids=lambda path: path.name)
def test_python_packages_are_pinned_by_hash_and_by_no_address(lock: Path) -> None:
    """A machine with another index installs the very same files."""
    assert len(entries(lock.read_text())) > 0
    assert faults(lock.read_text()) == []


@pytest.mark.parametrize(
    "wrong",
    [
        "idna==3.10",
        "idna>=3 --hash=sha256:00",
        "--index-url https://index.example.org/simple\nidna==3.10 --hash=sha256:00",
        "idna @ https://files.example.org/idna.whl --hash=sha256:00",
    ],
)
def test_a_loose_lock_file_is_noticed(wrong: str) -> None:
    """The control of the test above."""
    assert faults(wrong) != []


@pytest.mark.parametrize("lock", ["package-lock.json", "bench/lighthouse/package-lock.json"])
def test_browser_packages_are_pinned_by_hash_and_by_no_address(lock: str) -> None:
    """Every package of an npm lock file carries its integrity; no address of any kind stands there."""
    text = (ROOT / lock).read_text()
    packages = json.loads(text)["packages"]
    foreign = {name: one for name, one in packages.items() if name}

    assert foreign
    assert [name for name, one in foreign.items() if not one.get("integrity", "").startswith("sha512-")] == []
    assert [name for name, one in foreign.items() if "resolved" in one] == []
    assert "://" not in text


def hosts_in(text: bytes) -> list[str]:
    """Package hosts that a text names."""
    return [host for host in PACKAGE_HOSTS if host.encode() in text.lower()]


def test_no_file_names_a_package_host() -> None:
    """Nothing is fetched from a place that this repository chose, at set-up or in the browser."""
    naming = {
        str(path.relative_to(ROOT)): hosts_in(path.read_bytes()) for path in tracked() if path.is_file()
    }

    assert {name: hosts for name, hosts in naming.items() if hosts} == {}
    assert hosts_in(b"https://" + PACKAGE_HOSTS[0].upper().encode() + b"/simple") == PACKAGE_HOSTS[:1]


def test_nothing_foreign_is_committed() -> None:
    """Libraries come at set-up into folders that git does not see."""
    names = [path.relative_to(ROOT).as_posix() for path in tracked()]

    assert "pwa/queue/queue.js" in names
    assert [
        name for name in names if re.search(r"(^|/)(node_modules|\.venv|\.setup)/|^pwa/vendor/", name)
    ] == []
