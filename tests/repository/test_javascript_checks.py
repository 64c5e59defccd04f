"""The controls of ``make check`` for JavaScript: a check that checks nothing would be green as well."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run_node(script: str, *options: str, cwd: Path = ROOT, stdin: str = "") -> str:
    """What a checker of ``node_modules`` prints."""
    command = ["node", str(ROOT / "node_modules" / script), *options]
    return subprocess.run(command, cwd=cwd, input=stdin, capture_output=True, text=True, check=False).stdout


def write_files(folder: Path, files: dict[str, str]) -> None:
    """Files by their paths in a folder."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


@pytest.mark.parametrize(("field", "errors"), [("user.name", 0), ("user.surname", 1)])
def test_a_wrong_use_of_an_answer_is_a_type_error(tmp_path: Path, field: str, errors: int) -> None:
    """The types that set-up made of the OpenAPI document are those that ``tsc`` reads."""
    types = f'import("{ROOT}/pwa/shared/api-types.js").Me'
    project = {"extends": f"{ROOT}/tsconfig.worker.json", "include": ["page.js"]}
    page = f"export const read = (/** @type {{{types}}} */ me) => me.{field};\n"
    write_files(tmp_path, {"page.js": page, "tsconfig.json": json.dumps(project)})

    printed = run_node("typescript/bin/tsc", "-p", str(tmp_path / "tsconfig.json"))

    assert (printed.count("error TS"), printed.count("error TS2339")) == (errors, errors), printed


FAULTY = """import { openDB } from "../vendor/idb.js";
export const send = () => fetched();
export const page = () => document;
export const mine = () => close;
export const deep = (a) => a?.b?.c?.d?.e?.f?.g?.h?.i;
// eslint-disable-next-line no-undef
export const fine = 1;
"""


def test_faults_are_found() -> None:
    """One of each kind, as if they stood in the queue, which knows no document."""
    options = ["--format", "json", "--stdin", "--stdin-filename", "pwa/queue/faulty.js"]

    (report,) = json.loads(run_node("eslint/bin/eslint.js", *options, stdin=FAULTY))

    assert [(message["line"], message["ruleId"]) for message in report["messages"]] == [
        (1, "no-unused-vars"),
        (2, "no-undef"),
        (3, "no-undef"),
        (4, "no-restricted-globals"),
        (5, "complexity"),
        (6, None),
    ]


@pytest.mark.parametrize(
    ("options", "found"), [([], "unused"), (["--production", "--include", "files"], "tried.js")]
)
def test_what_nothing_takes_is_found(tmp_path: Path, options: list[str], found: str) -> None:
    """An export without a user, and a module that tests alone take."""
    write_files(
        tmp_path,
        {
            "pwa/capture/main.js": 'import { used } from "../queue/queue.js";\nused();\n',
            "pwa/queue/queue.js": "export const used = () => {};\nexport const unused = 1;\n",
            "pwa/queue/tried.js": "export const tried = 1;\n",
            "tests/js/queue.test.mjs": 'import { tried } from "../../pwa/queue/tried.js";\ntried;\n',
            "package.json": '{ "type": "module" }',
        },
    )
    shutil.copy(ROOT / "knip.json", tmp_path)

    assert found in run_node("knip/bin/knip.js", *options, cwd=tmp_path)
