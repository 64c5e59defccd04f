"""Clerk's browser files: exactly the pinned bytes, and of them only what pages load."""

import base64
import hashlib
import importlib.util
import io
import tarfile
from pathlib import Path
from types import ModuleType

import pytest

TOOL = Path(__file__).resolve().parents[2] / "tools" / "clerk_files.py"
CHUNK = "vendors_clerk.browser_a68c22_6.40.0.js"
PACKAGE = {
    "package/dist/clerk.browser.js": b"script",
    f"package/dist/{CHUNK}": b"chunk",
    "package/dist/base-account-sdk_clerk.browser_a68c22_6.40.0.js": b"a wallet",
    "package/dist/vendors_clerk.legacy.browser_ec93b9_6.40.0.js": b"for old browsers",
    "package/dist/../../clerk.browser.js": b"elsewhere",
    "package/README.md": b"words",
}


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    """The tool, which set-up runs before anything is installed."""
    spec = importlib.util.spec_from_file_location("clerk_files", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def packed(path: Path, files: dict[str, bytes]) -> str:
    """A package of these files; its digest as set-up pins it."""
    with tarfile.open(path, "w:gz") as package:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            package.addfile(member, io.BytesIO(content))
    return base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()


def test_only_the_script_and_its_parts_are_taken(tool: ModuleType, tmp_path: Path) -> None:
    """No wallet, no other build, nothing outside the folder; the parts of an older version go."""
    folder = tmp_path / "site" / "vendor"
    folder.mkdir(parents=True)
    (folder / "vendors_clerk.browser_000000_6.39.0.js").write_text("old")
    (folder / "idb.js").write_text("another library")
    digest = packed(tmp_path / "package.tgz", PACKAGE)

    taken = tool.unpack(tmp_path / "package.tgz", folder, digest)

    assert taken == ["clerk.browser.js", CHUNK]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "clerk.browser.js": b"script", CHUNK: b"chunk", "idb.js": b"another library"
    }  # fmt: skip
    assert list((tmp_path / "site").iterdir()) == [folder]


def test_another_package_is_refused_before_anything_is_written(tool: ModuleType, tmp_path: Path) -> None:
    """One changed byte is another package."""
    digest = packed(tmp_path / "pinned.tgz", PACKAGE)
    packed(tmp_path / "package.tgz", PACKAGE | {"package/dist/clerk.browser.js": b"Script"})

    with pytest.raises(tool.WrongPackage, match="not the package that was pinned"):
        tool.unpack(tmp_path / "package.tgz", tmp_path / "vendor", digest)

    assert not (tmp_path / "vendor").exists()


def test_a_package_without_the_script_is_refused(tool: ModuleType, tmp_path: Path) -> None:
    """A version that names its files otherwise is noticed at set-up."""
    digest = packed(tmp_path / "package.tgz", {"package/dist/other.js": b"1"})

    with pytest.raises(tool.WrongPackage, match=r"holds no clerk\.browser\.js"):
        tool.unpack(tmp_path / "package.tgz", tmp_path / "vendor", digest)


def test_the_pins_name_one_version(tool: ModuleType) -> None:
    """The package that is asked for is the one whose digest is pinned."""
    assert f"clerk-clerk-js-{tool.PACKAGE.rpartition('@')[2]}.tgz" == tool.TARBALL
    assert len(base64.b64decode(tool.SHA512)) == 64
