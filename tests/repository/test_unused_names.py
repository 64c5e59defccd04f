"""What is public in ``app`` has a user; of what JavaScript exports ``make check`` says the same."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Libraries call them by these names.
CALLBACKS = {"process_bind_param", "process_result_value", "handle_starttag", "collect", "wait_closed"}


def names_in(source: str) -> Iterator[str]:
    """Every name that a module reads or imports; a string may be one, as for ``getattr``."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                yield name
            case ast.alias(name=dotted) | ast.Constant(value=str(dotted)):
                yield from dotted.split(".")


def public_names(source: str) -> Iterator[tuple[str, bool]]:
    """Classes, and the functions and methods that no decorator takes; True for the functions."""
    for node in ast.parse(source).body:
        for each in (node, *(node.body if isinstance(node, ast.ClassDef) else ())):
            match each:
                case (
                    ast.ClassDef(name=name)
                    | ast.FunctionDef(name=name, decorator_list=[])
                    | ast.AsyncFunctionDef(name=name, decorator_list=[])
                ) if not name.startswith("_"):
                    yield name, each is node and not isinstance(each, ast.ClassDef)


def unused(product: dict[str, str], others: dict[str, str]) -> list[str]:
    """Names that nothing in the product reads, and functions that their own module alone reads."""
    readers: dict[str, set[str]] = defaultdict(set)
    for module, source in (product | others).items():
        for name in names_in(source):
            readers[name].add(module)
    return [
        f"{module}: {name}"
        for module, source in product.items()
        for name, is_function in public_names(source)
        if name not in CALLBACKS
        and (readers[name].isdisjoint(product) or (is_function and readers[name] == {module}))
    ]


def sources(*folders: str) -> dict[str, str]:
    """The Python files below these folders, by their paths."""
    paths = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return {path.relative_to(ROOT).as_posix(): path.read_text() for path in paths}


def test_everything_public_has_a_user() -> None:
    """A test or a campaign makes a function public, but no code that it alone runs is kept."""
    assert unused(sources("app"), sources("tests", "e2e", "campaigns", "bench", "tools")) == []


def test_what_has_no_user_is_found() -> None:
    """The control: a method that tests alone call, and a function that its own module alone calls."""
    product = {
        "app/a.py": "class Taken:\n def used(self): ...\n def tried(self): ...\n"
        "def helper(): ...\ndef offered(): return helper()\n@get('/')\ndef route(): ...\n",
        "app/b.py": "from app.a import Taken, offered\nTaken().used()\noffered()\n",
    }

    found = unused(product, {"tests/test_a.py": "from app.a import Taken\nTaken().tried()\n"})

    assert found == ["app/a.py: tried", "app/a.py: helper"]
