"""What a script needs is what the bundler found, and bundles of other sources are noticed."""

import json
from pathlib import Path

import pytest

from app.web.site.assets import read_assets
from app.web.site.module_graph import GRAPH_FILE, BrokenImport, ModuleGraph, reachable, read_graph
from tests.support.bundles import bundle
from tests.web.conftest import write

PHONE, QUEUE, LATE = "/pwa/capture/main.js", "/pwa/queue/queue.js", "/pwa/capture/late.js"


def graph_of(tree: Path, *, modules: bool = False) -> ModuleGraph:
    """As a server reads it at its start."""
    digests = {asset.url: asset.sha256 for asset in read_assets(tree).values()}
    return read_graph(tree, digests, modules=modules)


@pytest.fixture
def tree(tree: Path) -> Path:
    """A phone that loads one module at once and one later."""
    main = """
/** @type {import("./only-a-type.js").Thing} */
import { add } from "../queue/queue.js";
// import { old } from "./old.js";
add("image/*", `import x from "./in-a-template.js"`, "*/");
export const late = () => import("./late.js");
"""
    write(tree, {PHONE[1:]: main, LATE[1:]: "export const late = 1;\n"})
    bundle(tree)
    return tree


def test_modules_by_themselves(tree: Path) -> None:
    """Imports in every spelling that runs; none from a comment, a type or a text."""
    graph = graph_of(tree, modules=True)

    assert graph.preloaded(PHONE) == [PHONE, QUEUE]
    assert graph.needed(PHONE) == [PHONE, QUEUE, LATE]
    assert graph.entry("/service_worker/sw.js") == "/service_worker/sw.js"


def test_bundles_with_names_of_their_contents(tree: Path) -> None:
    """One file for what is needed at once, and a part for later; a changed module changes the name."""
    graph = graph_of(tree)
    entry = graph.entry(PHONE)
    write(tree, {QUEUE[1:]: "export const add = () => 2;\n"})
    bundle(tree)

    assert entry.startswith("/pwa/bundles/phone-")
    assert graph.preloaded(PHONE) == [entry]
    assert len(graph.needed(entry)) == 2
    assert graph_of(tree).entry(PHONE) != entry


def test_styles_in_one_sheet_that_is_named_by_its_content(tree: Path) -> None:
    """By themselves a sheet needs those that it imports."""
    sheet = "/pwa/styles/phone.css"
    graph, single = graph_of(tree), graph_of(tree, modules=True)
    bundled = graph.entry(sheet)

    assert bundled.startswith("/pwa/bundles/phone-style-")
    assert graph.needed(bundled) == [bundled]
    assert single.needed(single.entry(sheet)) == [sheet, "/pwa/styles/tokens.css", "/pwa/styles/base.css"]


def test_the_sentences_of_a_catalogue_without_those_that_have_gaps(tree: Path) -> None:
    """Templates show what stands as it is; the scripts fill in the rest."""
    assert graph_of(tree).words == graph_of(tree, modules=True).words == {"phone": {"keep": "Keep"}}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (QUEUE, "export const add = () => 3;\n"),
        ("/service_worker/sw.js", "self.x = 1;\n"),
        ("/pwa/styles/base.css", "body { margin: 1px; }\n"),
    ],
)
def test_bundles_of_other_sources_stop_the_start(tree: Path, name: str, text: str) -> None:
    """Rather no server than one that serves what nobody reads; modules by themselves need no bundle."""
    write(tree, {name[1:]: text})

    with pytest.raises(BrokenImport, match=rf"made before {name} was changed\. Start with make run"):
        graph_of(tree)
    assert graph_of(tree, modules=True).preloaded(PHONE) == [PHONE, QUEUE]


@pytest.mark.parametrize("text", [None, "{", json.dumps({"modules": {}})])
def test_a_graph_that_cannot_be_read_stops_the_start(tree: Path, text: str | None) -> None:
    """Missing, cut short, or of another kind."""
    (tree / GRAPH_FILE).unlink()
    if text is not None:
        write(tree, {GRAPH_FILE: text})

    with pytest.raises(BrokenImport, match=r"graph\.json is missing or damaged\. Start with make run"):
        graph_of(tree)


def test_everything_reachable_once_in_loading_order() -> None:
    """Diamonds and circles end."""
    links = {"a": ["b", "c"], "b": ["d"], "c": ["d", "a"], "d": []}

    assert reachable("a", links.__getitem__) == ["a", "b", "c", "d"]
