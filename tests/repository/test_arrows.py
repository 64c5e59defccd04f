"""The house plan: an import never goes up a floor, and neighbours on one floor do not meet."""

import ast
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOUNDATION = {"app.config"}
PYTHON = {
    "app.domain": {"app.domain"},
    "app.adapters": {"app.domain", "app.adapters"} | FOUNDATION,
    "app.embedded": {"app.domain", "app.embedded"} | FOUNDATION,
    "app.web": {"app.domain", "app.web"} | FOUNDATION,
    "app.checks": {"app.domain", "app.adapters", "app.checks"} | FOUNDATION,
    "app.config": {"app.config"},
    "app.server.log": set(),
}
PURE = {"app.domain": {"msgspec"}}
# Only imports that the browser follows: those inside JSDoc comments name types alone.
STATIC_IMPORT = re.compile(r"""^(?:import|export)\b(?:[^;"']*?\bfrom)?\s*["']([^"']+)["']""", re.MULTILINE)
JAVASCRIPT = {
    "pwa/shared": {"pwa/shared"},
    "pwa/queue": {"pwa/queue", "pwa/shared", "pwa/vendor/idb.js"},
    "service_worker": {"service_worker", "pwa/queue", "pwa/shared"},
    "pwa/page": {"pwa/page", "pwa/queue", "pwa/shared", "pwa/vendor/ably.js"},
    "pwa/capture": {"pwa/capture", "pwa/page", "pwa/queue", "pwa/shared"},
    "pwa/desktop": {"pwa/desktop", "pwa/page", "pwa/shared"},
}


def within(name: str, floors: set[str], separator: str) -> bool:
    """Whether a module or file lies on one of the floors."""
    return any(name == floor or name.startswith(floor + separator) for floor in floors)


def python_imports(source: str) -> set[str]:
    """Dotted names that a module imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {
                f"{node.module}.{alias.name}" if node.module == "app" else node.module for alias in node.names
            }
    return found


def wrong_python(module: str, source: str) -> list[str]:
    """Imports that the floor of ``module`` does not allow."""
    floor = next((name for name in PYTHON if within(module, {name}, ".")), None)
    if floor is None:
        return []
    own = [name for name in python_imports(source) if name.split(".")[0] == "app"]
    wrong = [name for name in own if not within(name, PYTHON[floor], ".")]
    if floor in PURE:
        wrong += [name for name in python_imports(source) if not _plain(name, PURE[floor])]
    return wrong


def _plain(name: str, allowed: set[str]) -> bool:
    top = name.split(".")[0]
    return top == "app" or top in allowed or top in sys.stdlib_module_names


def wrong_javascript(file: str, source: str) -> list[str]:
    """Imports that the floor of ``file`` does not allow."""
    floor = next(name for name in JAVASCRIPT if within(file, {name}, "/"))
    wrong = []
    for target in re.findall(STATIC_IMPORT, source):
        generated = target.endswith("/precache.js")
        path = (ROOT / file).parent.joinpath(target).resolve()
        name = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else target
        if not target.startswith(".") or not (generated or within(name, JAVASCRIPT[floor], "/")):
            wrong.append(target)
    return wrong


MODULES = sorted((ROOT / "app").rglob("*.py"))
FILES = sorted(path for floor in JAVASCRIPT for path in (ROOT / floor).rglob("*.js"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_python_arrows_point_down(path: Path) -> None:
    """domain < adapters, embedded, web < main < __main__; checks use the domain and the adapters."""
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")

    assert wrong_python(module, path.read_text()) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_javascript_arrows_point_down(path: Path) -> None:
    """shared < queue < page < capture, desktop; the worker knows the queue alone."""
    assert wrong_javascript(path.relative_to(ROOT).as_posix(), path.read_text()) == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("app.domain.photos.model", "import boto3"),
        ("app.domain.photos.model", "from app.web import problems"),
        ("app.web.problems", "from app.adapters.s3.store import S3Store"),
        ("app.embedded.store.store", "import app.web.site.assets"),
    ],
)
def test_an_arrow_that_points_up_is_found(module: str, source: str) -> None:
    """The control: the detector sees what it is for."""
    assert wrong_python(module, source) != []


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("pwa/queue/replay/replay.js", 'import { toast } from "../../page/toasts.js";'),
        ("pwa/desktop/main.js", 'import { Camera } from "../capture/camera.js";'),
        ("pwa/page/names.js", 'import x from "idb";'),
    ],
)
def test_a_javascript_arrow_that_points_up_is_found(file: str, source: str) -> None:
    """The control for the browser's modules."""
    assert wrong_javascript(file, source) != []
