"""Which modules a JavaScript module needs, read from its own import statements.

Served paths are repository paths, so the graph is over URL paths. What a module loads later, by a
literal ``import("…")`` or ``new URL("…", import.meta.url)``, belongs to the shell but is not
preloaded.
"""

import posixpath
import re
from collections.abc import Callable, Mapping

# Strings are matched first, so that "image/*" does not open a comment.
_STRINGS_AND_COMMENTS = re.compile(
    r""" (?P<kept>"(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' | `(?:\\.|[^`\\])*`)
       | /\*.*?\*/ | //[^\n]* """,
    re.DOTALL | re.VERBOSE,
)
_STATIC = re.compile(r"""(?:^|[;}\s])(?:import|export)\s*(?:[\w$*{][^"'`;()]*?\bfrom\s*)?["']([^"']+)["']""")
_LATER = re.compile(
    r"""\bimport\(\s*["']([^"']+)["']\s*\)|\bnew URL\(\s*["']([^"']+)["']\s*,\s*import\.meta\.url"""
)
_CSS = re.compile(r"""url\(\s*["']?([^"')]+)["']?\s*\)|@import\s+["']([^"']+)["']""")

Links = Callable[[str, str], list[str]]


class BrokenImport(Exception):
    """A module names a file that is not served; the message names both."""


def static_imports(url: str, source: str) -> list[str]:
    """URL paths that must be loaded before this module runs."""
    return _resolved(url, _STATIC.findall(without_comments(source)))


def all_imports(url: str, source: str) -> list[str]:
    """URL paths that this module may ever load, itself not among them."""
    bare = without_comments(source)
    later = [first or second for first, second in _LATER.findall(bare)]
    return _resolved(url, [*_STATIC.findall(bare), *later])


def style_links(url: str, source: str) -> list[str]:
    """URL paths of images, fonts and sheets that a style sheet names."""
    found = [first or second for first, second in _CSS.findall(without_comments(source))]
    return _resolved(url, [path for path in found if not path.startswith(("data:", "#"))])


def reachable(start: str, sources: Mapping[str, str], links: Links) -> list[str]:
    """Everything a file needs, itself first, each once, in the order in which a browser finds it."""
    found, waiting = [start], [start]
    while waiting:
        url = waiting.pop(0)
        for target in links(url, sources[url]):
            if target not in sources:
                raise BrokenImport(f"{url} needs {target}, which is not there. Set up again or correct it.")
            if target not in found:
                found.append(target)
                waiting.append(target)
    return found


def without_comments(source: str) -> str:
    """The source with comments blanked; JSDoc types name modules that are never loaded."""
    return _STRINGS_AND_COMMENTS.sub(lambda match: match["kept"] or " ", source)


def _resolved(url: str, targets: list[str]) -> list[str]:
    folder = posixpath.dirname(url)
    return list(dict.fromkeys(posixpath.normpath(posixpath.join(folder, target)) for target in targets))
