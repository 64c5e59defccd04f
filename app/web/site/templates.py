"""Pages rendered from templates with the configuration that the browser reads.

What a shell gets is the same for every user, so that it can be kept by its digest: no user, no
session, no nonce.
"""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2
import msgspec

from app.config.settings import Settings
from app.web.site.module_graph import ModuleGraph

PRODUCT = "ClinicPro Capture"


class Pages:
    """Renders templates; what an entry imports is named in ``modulepreload`` links.

    Their sentences are those of the scripts' catalogues, each under its catalogue's name; one that is
    missing there ends the start.
    """

    def __init__(self, folder: Path, settings: Settings, graph: ModuleGraph) -> None:
        self._graph = graph
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(folder),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            keep_trailing_newline=True,
        )
        clerk = settings.cloud_identity
        config = _page_config(settings)
        # Not as mappings: a word may be called like one of their methods.
        words = {name: SimpleNamespace(**catalogue) for name, catalogue in graph.words.items()}
        self._environment.globals.update(words, served=graph.entry)
        self._environment.globals.update(product=PRODUCT, config=config, clerk=clerk)

    def render(self, name: str, entry: str = "", **values: Any) -> bytes:
        """The page; ``entry`` is the URL path of its main module."""
        scripts = self._graph.preloaded(entry) if entry else []
        return self._environment.get_template(name).render(scripts=scripts, **values).encode()


def _page_config(settings: Settings) -> str:
    """What ``<meta name="cp-config">`` says, as JSON text: public facts only."""
    return msgspec.json.encode(
        {
            "identity": "clerk" if settings.cloud_identity else "local",
            "clerkPublishableKey": settings.clerk_publishable_key or None,
            "production": settings.primary_origin.startswith("https:"),
            "phoneUrl": phone_url(settings),
            "trustUrl": trust_url(settings) if settings.lan else None,
        }
    ).decode()


def phone_url(settings: Settings) -> str:
    """What the QR says: constant, without token or id."""
    return f"{settings.primary_origin}/mobile"


def trust_url(settings: Settings) -> str:
    """Where a phone goes first; its browser warns there once, since it trusts no certificate of ours yet."""
    return f"{settings.primary_origin}/trust"
