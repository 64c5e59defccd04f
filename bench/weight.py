"""The scripts of a page in kB: as they are served, and our own code in them without third-party libraries.

A module that is loaded only where Clerk is configured counts as the page's own, since it is ours.
"""

import gzip
import subprocess
from pathlib import Path

from app.web.site.assets import read_assets
from app.web.site.module_graph import read_graph
from bench.report import Line, line
from e2e.support.clinic import ROOT

PART = "weight"
ENTRIES = {
    "phone": "/pwa/capture/main.js",
    "desktop": "/pwa/desktop/main.js",
    "worker": "/service_worker/sw.js",
}
EXTERNAL = ("../vendor/*", "../../vendor/*", "../../pwa/vendor/*", "./precache.js")
GOALS = {"phone": 15.0}


def measure() -> list[Line]:
    """Two lines for each page and for the worker."""
    assets = read_assets(ROOT)
    graph = read_graph(ROOT, {asset.url: asset.sha256 for asset in assets.values()}, modules=False)
    lines: list[Line] = []
    for name, entry in ENTRIES.items():
        goal = {"goal": GOALS[name]} if name in GOALS else {}
        scripts = [assets[url] for url in graph.preloaded(entry)]
        served = sum(len(next(iter(script.packed.values()), script.body)) for script in scripts) / 1000
        lines += [
            line(PART, f"{name}: {len(scripts)} scripts at its start, as served", [served], "kB brotli"),
            line(PART, f"{name}: our own code in all of them, minified", [_own(entry)], "kB gzip", **goal),
        ]
    return lines


def _own(entry: str) -> float:
    made = subprocess.run(
        [ROOT / "node_modules" / ".bin" / "esbuild", Path(ROOT, entry[1:]), "--bundle", "--minify",
         "--format=esm", *(f"--external:{path}" for path in EXTERNAL)],
        capture_output=True, check=True,
    )  # fmt: skip
    return len(gzip.compress(made.stdout, 9, mtime=0)) / 1000
