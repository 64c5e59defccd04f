"""Which scripts and styles a page or the service worker needs, as the bundler found them at set-up.

``pwa/bundles/graph.json`` (made by ``tools/bundle.mjs``) says what each file and each bundle imports.
Files are named by the paths of their URLs. What a script loads later, by a literal ``import("…")``,
belongs to the shell but is not preloaded.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

GRAPH_FILE = "pwa/bundles/graph.json"

Links = Callable[[str], list[str]]
Words = Mapping[str, Mapping[str, str]]


class BrokenImport(Exception):
    """A page or script names a file that is not served, or not as it was; the message names it."""


class Imports(msgspec.Struct, frozen=True):
    """What a script needs before it runs, and what it may load later."""

    static: list[str]
    dynamic: list[str]


class _GraphFile(msgspec.Struct, frozen=True):
    """``sources`` gives the SHA-256 of each file that the bundles were made of.

    ``words`` gives the sentences without gaps of each catalogue, by their names.
    """

    sources: dict[str, str]
    modules: dict[str, Imports]
    bundles: dict[str, Imports]
    entries: dict[str, str]
    words: Words


class ModuleGraph:
    """What an entry is served as, and what it imports."""

    def __init__(
        self, imports: Mapping[str, Imports], entries: Mapping[str, str], words: Words | None = None
    ) -> None:
        self._imports = imports
        self._entries = entries
        self.words = words or {}

    def entry(self, module: str) -> str:
        """What is served for a main module or a page's style sheet: its bundle, or the file itself."""
        return self._entries.get(module, module)

    def preloaded(self, module: str) -> list[str]:
        """What must be there before the entry runs, itself first, in the order of loading."""
        return reachable(self.entry(module), lambda url: self._of(url).static)

    def needed(self, file: str) -> list[str]:
        """Every script or sheet that a served one may ever load, itself first."""
        return reachable(file, lambda url: [*self._of(url).static, *self._of(url).dynamic])

    def _of(self, url: str) -> Imports:
        return self._imports.get(url, Imports([], []))


def read_graph(root: Path, digests: Mapping[str, str], *, modules: bool) -> ModuleGraph:
    """The graph of the modules themselves, or of their bundles.

    ``digests`` gives the SHA-256 of what is served; bundles of other sources raise ``BrokenImport``.
    """
    try:
        graph = msgspec.json.decode((root / GRAPH_FILE).read_bytes(), type=_GraphFile)
    except (OSError, msgspec.MsgspecError):
        raise BrokenImport(f"{GRAPH_FILE} is missing or damaged. {SET_UP_AGAIN}") from None
    if modules:
        return ModuleGraph(graph.modules, {}, graph.words)
    for source, digest in graph.sources.items():
        if digests.get(source) != digest:
            raise BrokenImport(f"The bundles were made before {source} was changed. {SET_UP_AGAIN}")
    return ModuleGraph(graph.bundles, graph.entries, graph.words)


SET_UP_AGAIN = "Start with make run, which bundles the pages again."


def reachable(start: str, links: Links) -> list[str]:
    """Everything a file leads to, itself first, each once."""
    found, waiting = [start], [start]
    while waiting:
        for target in links(waiting.pop(0)):
            if target not in found:
                found.append(target)
                waiting.append(target)
    return found
