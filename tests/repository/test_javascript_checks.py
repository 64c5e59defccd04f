"""The controls of ``make check`` for JavaScript: a check that checks nothing would be green as well."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run_node(*command: str, cwd: Path = ROOT, stdin: str = "") -> str:
    """What a checker in ``node_modules`` prints."""
    script, *arguments = command
    checker = ROOT / "node_modules" / script
    done = subprocess.run(
        ["node", checker, *arguments], cwd=cwd, input=stdin, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    ("field", "errors"), [("user.name", 0), ("user.surname", 1), ("images.format.length.x", 1)]
)
def test_a_wrong_use_of_an_answer_is_a_type_error(tmp_path: Path, field: str, errors: int) -> None:
    """The types that set-up made of the OpenAPI document are those that ``tsc`` reads."""
    types = f'import("{ROOT}/pwa/shared/api-types.js").Me'
    (tmp_path / "page.js").write_text(f"export const read = (/** @type {{{types}}} */ me) => me.{field};\n")
    (tmp_path / "tsconfig.json").write_text(
        f'{{"extends": "{ROOT}/tsconfig.worker.json", "include": ["page.js"]}}'
    )

    printed = run_node("typescript/bin/tsc", "-p", str(tmp_path / "tsconfig.json"))

    assert printed.count("error TS2339") == errors, printed
