"""The web app manifest: what an installed icon opens, and how it looks."""

import msgspec

from app.web.site.assets import Asset, make_asset
from app.web.site.templates import PRODUCT

URL = "/manifest.webmanifest"
TYPE = "application/manifest+json"
CANVAS = "#f3f6f7"


def manifest_asset() -> Asset:
    """The manifest as it is served."""
    document = {
        "id": "/mobile",
        "name": PRODUCT,
        "short_name": "Capture",
        "description": "Clinical photos from the phone to the consultation, online or not.",
        "lang": "en",
        "dir": "ltr",
        "start_url": "/mobile",
        "scope": "/",
        "display": "standalone",
        "orientation": "any",
        "background_color": CANVAS,
        "theme_color": CANVAS,
        "icons": [
            _icon("icon-192.png", "192x192", "any"),
            _icon("icon-512.png", "512x512", "any"),
            _icon("maskable-192.png", "192x192", "maskable"),
            _icon("maskable-512.png", "512x512", "maskable"),
        ],
        "shortcuts": [
            _shortcut("Open camera", "/mobile?start=camera"),
            _shortcut("Desktop", "/desktop"),
        ],
    }
    return make_asset(URL, msgspec.json.encode(document), TYPE)


def _shortcut(name: str, url: str) -> dict[str, object]:
    return {"name": name, "url": url, "icons": [_icon("icon-192.png", "192x192", "any")]}


def _icon(name: str, sizes: str, purpose: str) -> dict[str, str]:
    return {"src": f"/pwa/icons/{name}", "sizes": sizes, "type": "image/png", "purpose": purpose}
