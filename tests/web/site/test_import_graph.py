"""What a module needs is read from its imports, and from nothing that only looks like one."""

import pytest

from app.web.site.import_graph import (
    BrokenImport,
    all_imports,
    reachable,
    static_imports,
    style_links,
    without_comments,
)

SOURCE = """\
/** @type {import("./only-a-type.js").Thing} */
import { a,
  b as c } from "./one.js";
import * as everything from '../two.js';
import "./three.js";
import whole, { part } from "/pwa/four.js";
export { d } from "./five.js";
export * from "./six.js";
// import { old } from "./old.js";
const accept = "image/*"; import { e } from "./seven.js"; const other = "*/";
const text = `import x from "./in-a-template.js"`;
const late = await import("./late.js");
const helper = new Worker(new URL("./helper.js", import.meta.url), { type: "module" });
const found = await import(name);
export const important = { from: "./not-an-import.js" };
"""


def test_static_imports_in_every_spelling() -> None:
    """Named, namespace, bare, default, re-exported, over several lines; never from a comment."""
    assert static_imports("/pwa/page/main.js", SOURCE) == [
        "/pwa/page/one.js",
        "/pwa/two.js",
        "/pwa/page/three.js",
        "/pwa/four.js",
        "/pwa/page/five.js",
        "/pwa/page/six.js",
        "/pwa/page/seven.js",
    ]


def test_later_imports_belong_to_the_shell_too() -> None:
    """A literal dynamic import and a worker's URL are needed offline; a computed one cannot be known."""
    later = set(all_imports("/pwa/page/main.js", SOURCE)) - set(static_imports("/pwa/page/main.js", SOURCE))

    assert later == {"/pwa/page/late.js", "/pwa/page/helper.js"}


def test_comments_go_and_strings_stay() -> None:
    """``"image/*"`` opens no comment."""
    assert without_comments('a = "image/*"; // b\nc = "*/"; /* d */ e') == 'a = "image/*";  \nc = "*/";   e'


def test_everything_reachable_once_in_loading_order() -> None:
    """Diamonds and circles end."""
    sources = {
        "/a.js": 'import "./b.js"; import "./c.js";',
        "/b.js": 'import "./d.js";',
        "/c.js": 'import "./d.js"; import "./a.js";',
        "/d.js": "",
    }

    assert reachable("/a.js", sources, static_imports) == ["/a.js", "/b.js", "/c.js", "/d.js"]


def test_an_import_that_leads_nowhere_stops_the_start() -> None:
    """A page that could not load must not be served, and the message says which file."""
    with pytest.raises(BrokenImport, match=r"/a\.js needs /gone\.js"):
        reachable("/a.js", {"/a.js": 'import "./gone.js";'}, static_imports)


def test_style_sheets_name_images_and_sheets() -> None:
    """Embedded data and fragments are no files."""
    css = '@import "print.css"; a { background: url(../icons/a.svg) } b { fill: url("#c") url(data:x,y) }'

    assert style_links("/pwa/styles/base.css", css) == ["/pwa/styles/print.css", "/pwa/icons/a.svg"]
