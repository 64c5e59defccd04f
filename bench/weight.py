"""The page's own code in kB of gzip: as it is served, file by file, and as a bundler would make it.

Third-party code (``pwa/vendor``) is counted beside it. A module that is loaded only where Clerk is
configured counts as the page's own, since it is ours.
"""

import gzip
import subprocess
from collections.abc import Iterable
from pathlib import Path

from app.web.site.assets import Asset, read_assets
from app.web.site.import_graph import all_imports, reachable
from app.web.site.shell import PRECACHE_URL
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
    """Three lines for each page and for the worker."""
    assets = read_assets(ROOT)
    sources = {url: asset.body.decode() if url.endswith(".js") else "" for url, asset in assets.items()}
    # Made by the server at start; the list of files is not code.
    sources[PRECACHE_URL] = ""
    lines: list[Line] = []
    for name, entry in ENTRIES.items():
        urls = [url for url in reachable(entry, sources, all_imports) if url != PRECACHE_URL]
        vendor = [assets[url] for url in urls if url.startswith("/pwa/vendor/")]
        own = [assets[url] for url in urls if not url.startswith("/pwa/vendor/")]
        lines += _lines(name, entry, own, vendor)
    return lines


def _lines(name: str, entry: str, own: list[Asset], vendor: list[Asset]) -> list[Line]:
    goal = {"goal": GOALS[name]} if name in GOALS else {}
    return [
        line(PART, f"{name}: {len(own)} own modules, as served", [_packed(own)], "kB gzip", **goal),
        line(PART, f"{name}: the same, bundled and minified", [_bundled(entry)], "kB gzip", **goal),
        line(PART, f"{name}: third-party beside it", [_packed(vendor)], "kB gzip"),
    ]


def _packed(assets: Iterable[Asset]) -> float:
    return sum(len(asset.packed or asset.body) for asset in assets) / 1000


def _bundled(entry: str) -> float:
    made = subprocess.run(
        [ROOT / "node_modules" / ".bin" / "esbuild", Path(ROOT, entry[1:]), "--bundle", "--minify",
         "--format=esm", *(f"--external:{path}" for path in EXTERNAL)],
        capture_output=True, check=True,
    )  # fmt: skip
    return len(gzip.compress(made.stdout, 9, mtime=0)) / 1000
