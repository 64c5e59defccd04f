"""The app shell: what a phone keeps to start without a network, found from what the page names.

The list is generated from the served files, never typed. The served ``sw.js`` ends in a digest of
the list and of every script the worker loads, because WebKit compares only the main script when it
looks for an update.
"""

import hashlib
import posixpath
import re
from collections.abc import Mapping
from html.parser import HTMLParser

import msgspec

from app.web.site.assets import TYPES, Asset, make_asset
from app.web.site.manifest import URL as MANIFEST_URL
from app.web.site.module_graph import BrokenImport, ModuleGraph

WORKER_URL = "/service_worker/sw.js"
PRECACHE_URL = "/service_worker/precache.js"
START_URL = "/mobile"
_ICON = re.compile(r"/pwa/icons/[\w.-]+")
_IN_STYLES = re.compile(r"""url\(\s*["']?([^"')]+)["']?\s*\)""")


class _Links(HTMLParser):
    """Collects what a page loads: style sheets, scripts, icons, images."""

    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        name = "src" if tag in ("script", "img") else "href" if tag == "link" else ""
        self.urls += [value for key, value in attrs if key == name and value]


def complete(assets: dict[str, Asset], graph: ModuleGraph, page: Asset, manifest: Asset) -> dict[str, Asset]:
    """The assets with the generated list, and the worker's main script with its digest.

    ``page`` is the phone's page exactly as it is served.
    """
    shell = _shell_assets(assets, graph, page, manifest)
    precache = _precache(shell)
    entry = graph.entry(WORKER_URL)
    scripts = [*(_asset(assets, url, WORKER_URL) for url in graph.needed(entry)), precache]
    worker = make_asset(
        WORKER_URL,
        assets[entry].body + f"\n// shell {_digest(scripts)}\n".encode(),
        TYPES[".js"],
        {"service-worker-allowed": "/"},
    )
    return {**assets, precache.url: precache, WORKER_URL: worker}


def _shell_assets(
    assets: Mapping[str, Asset], graph: ModuleGraph, page: Asset, manifest: Asset
) -> list[Asset]:
    """The page, the manifest and all they need, sorted by URL."""
    found = {page.url: page, manifest.url: manifest}
    for url in [*_page_links(page), *_ICON.findall(manifest.body.decode())]:
        if url == MANIFEST_URL:
            continue
        _asset(assets, url, page.url)
        needed = {other: _asset(assets, other, url) for other in graph.needed(url)}
        pictures = [path for asset in needed.values() for path in _style_links(asset)]
        found |= needed | {path: _asset(assets, path, url) for path in pictures}
    return [found[url] for url in sorted(found)]


def _asset(assets: Mapping[str, Asset], url: str, user: str) -> Asset:
    if url not in assets:
        raise BrokenImport(f"{user} needs {url}, which is not there. Set up again or correct it.")
    return assets[url]


def _style_links(sheet: Asset) -> list[str]:
    """URL paths of images and fonts that a style sheet names; none for anything else."""
    if not sheet.url.endswith(".css"):
        return []
    found = _IN_STYLES.findall(sheet.body.decode())
    files = [path for path in found if not path.startswith(("data:", "#"))]
    return [posixpath.normpath(posixpath.join(posixpath.dirname(sheet.url), path)) for path in files]


def _page_links(page: Asset) -> list[str]:
    links = _Links()
    links.feed(page.body.decode())
    return [url for url in links.urls if url.startswith("/pwa/")]


def _precache(shell: list[Asset]) -> Asset:
    listed = {
        "version": _digest(shell)[:16],
        "assets": [{"url": asset.url, "sha256": asset.sha256} for asset in shell],
    }
    text = f"export const PRECACHE = {msgspec.json.encode(listed).decode()};\n"
    return make_asset(PRECACHE_URL, text.encode(), TYPES[".js"])


def _digest(assets: list[Asset]) -> str:
    lines = "".join(f"{asset.url} {asset.sha256}\n" for asset in assets)
    return hashlib.sha256(lines.encode()).hexdigest()
