"""The app shell: what a phone keeps to start without a network, found from what the page names.

The list is generated from the served files, never typed. The served ``sw.js`` ends in a digest of
the list and of every script the worker loads, because WebKit compares only the main script when it
looks for an update.
"""

import hashlib
import re
from collections.abc import Mapping
from html.parser import HTMLParser

import msgspec

from app.web.site.assets import TYPES, Asset, make_asset
from app.web.site.import_graph import BrokenImport, all_imports, reachable, static_imports, style_links
from app.web.site.manifest import URL as MANIFEST_URL

WORKER_URL = "/service_worker/sw.js"
PRECACHE_URL = "/service_worker/precache.js"
START_URL = "/mobile"
# What a minified library seems to import in its own text is none of ours.
VENDOR = "/pwa/vendor/"

_ICON = re.compile(r"/pwa/icons/[\w.-]+")


class _Links(HTMLParser):
    """Collects what a page loads: style sheets, scripts, icons, images."""

    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        name = "src" if tag in ("script", "img") else "href" if tag == "link" else ""
        self.urls += [value for key, value in attrs if key == name and value]


def preload_list(entry: str, assets: Mapping[str, Asset]) -> list[str]:
    """What ``entry`` imports before it can run, for ``modulepreload`` links; the entry itself first."""
    return reachable(entry, _sources(assets), static_imports)


def complete(assets: dict[str, Asset], page: Asset, manifest: Asset) -> dict[str, Asset]:
    """The assets with the generated list, and the worker's main script with its digest.

    ``page`` is the phone's page exactly as it is served.
    """
    shell = shell_assets(assets, page, manifest)
    precache = _precache(shell)
    served = {**assets, precache.url: precache}
    scripts = reachable(WORKER_URL, _sources(served), all_imports)
    digest = _digest([served[url] for url in scripts])
    worker = make_asset(
        WORKER_URL,
        served[WORKER_URL].body + f"\n// shell {digest}\n".encode(),
        TYPES[".js"],
        {"service-worker-allowed": "/"},
    )
    return {**served, WORKER_URL: worker}


def shell_assets(assets: Mapping[str, Asset], page: Asset, manifest: Asset) -> list[Asset]:
    """The page, the manifest and all they need, sorted by URL."""
    found = {page.url: page, manifest.url: manifest}
    sources = _sources(assets)
    for url in [*_page_links(page), *_ICON.findall(manifest.body.decode())]:
        if url == MANIFEST_URL:
            continue
        if url not in assets:
            raise BrokenImport(f"{page.url} needs {url}, which is not there. Set up again or correct it.")
        links = style_links if url.endswith(".css") else all_imports
        found |= {needed: assets[needed] for needed in reachable(url, sources, links)}
    return [found[url] for url in sorted(found)]


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


def _sources(assets: Mapping[str, Asset]) -> dict[str, str]:
    """Text of scripts and styles; images name nothing further, and a library is bundled by itself."""
    textual = (".js", ".css")
    return {
        url: asset.body.decode() if url.endswith(textual) and not url.startswith(VENDOR) else ""
        for url, asset in assets.items()
    }
