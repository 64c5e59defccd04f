"""A public function of the domain or an embedded service names the errors that it raises.

They stand in its docstring, or in that of the class where every method raises them. Counted is what it
raises itself or through functions of its own class or module; what a port raises is said at the port.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HELD = ("app/domain", "app/embedded")
FILES = sorted(path for folder in HELD for path in (ROOT / folder).rglob("*.py"))

Function = ast.FunctionDef | ast.AsyncFunctionDef
Functions = dict[tuple[str, str], Function]


def functions_of(module: ast.Module) -> Functions:
    """The functions of a module by class (none for its own) and name."""
    found = {("", node.name): node for node in module.body if isinstance(node, Function)}
    for owner in module.body:
        if isinstance(owner, ast.ClassDef):
            found |= {(owner.name, node.name): node for node in owner.body if isinstance(node, Function)}
    return found


def raised(functions: Functions, key: tuple[str, str], seen: frozenset[tuple[str, str]]) -> set[str]:
    """Names of the errors that a function raises, itself or through others of its class or module."""
    if key not in functions or key in seen:
        return set()
    errors: set[str] = set()
    for node in ast.walk(functions[key]):
        if isinstance(node, ast.Raise) and node.exc is not None:
            errors.add(ast.unparse(node.exc).partition("(")[0])
        if isinstance(node, ast.Call):
            owner, _, name = ast.unparse(node.func).rpartition(".")
            errors |= raised(functions, (key[0] if owner == "self" else owner, name), seen | {key})
    return {error for error in errors if error[0].isupper()}


def unnamed(source: str) -> Iterator[str]:
    """Public functions with the errors that no docstring names."""
    module = ast.parse(source)
    functions = functions_of(module)
    classes = {
        node.name: ast.get_docstring(node) or "" for node in module.body if isinstance(node, ast.ClassDef)
    }
    for (owner, name), function in functions.items():
        text = classes.get(owner, "") + (ast.get_docstring(function) or "")
        errors = raised(functions, (owner, name), frozenset())
        missing = sorted(error for error in errors if f"``{error}``" not in text)
        if missing and not owner.startswith("_") and not name.startswith("_"):
            yield f"{owner}.{name}: {', '.join(missing)}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_errors_of_public_functions_are_named(path: Path) -> None:
    """What to expect of a call is known without reading the module."""
    assert list(unnamed(path.read_text())) == []


def test_an_error_that_is_raised_two_calls_away_must_be_named() -> None:
    """The control: own method, own function, and an error that is named already."""
    source = '''
class Clinic:
    def serve(self):
        """Raises ``Late``."""
        self._look()

    def _look(self):
        _check()
        raise Late

def _check():
    raise Closed("today")
'''

    assert list(unnamed(source)) == ["Clinic.serve: Closed"]
