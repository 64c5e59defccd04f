"""One web app over the real services and a real SQLite file; only the outside world is in memory."""

import atexit
import functools
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar

from app.adapters.database.engine import SqlDatabase
from app.config.settings import Settings, read_settings
from app.domain.consultations.service import ConsultationService
from app.domain.devices.inventory import InventoryService
from app.domain.photos.uploads import Uploads
from app.web.app import create_web_app
from app.web.services import Services
from tests.support.bundles import bundle
from tests.support.fakes import (
    FixedClock,
    MemorySignals,
    MemoryStore,
    NamedProfiles,
    OpenTokens,
    PlainSigner,
    SequentialIds,
    TrustingInspector,
)

REPOSITORY = Path(__file__).resolve().parents[2]
ORIGIN = "http://localhost:8000"
ANNA, BEN = "user_anna", "user_ben"

MakeApp = Callable[..., Litestar]
Files = dict[str, str | bytes]


def write(root: Path, files: Files) -> None:
    """Files by path below ``root``."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())


def plant(root: Path) -> Path:
    """A small copy of what is served: own pages and modules, the real layout, icons and trust page."""
    return Path(shutil.copytree(_bundled(), root))


@functools.cache
def _bundled() -> Path:
    root = Path(tempfile.mkdtemp(prefix="tree-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    page = """{% extends "layout.html" %}
{% block styles %}<link rel="stylesheet" href="{{ served('/pwa/styles/phone.css') }}">{% endblock %}
{% block body %}<main>{{ phone.keep }}</main>{% endblock %}
"""
    write(
        root,
        {
            "pwa/templates/mobile.html": page,
            "pwa/templates/desktop.html": page,
            "pwa/templates/sign-in.html": page,
            "pwa/capture/main.js": 'import { add } from "../queue/queue.js";\nadd();\n',
            "pwa/desktop/main.js": 'import { api } from "../page/api.js";\napi();\n',
            "pwa/page/api.js": "export const api = () => {};\n",
            "pwa/page/words/phone.js": 'export const phone = { keep: "Keep", of: (n) => `${n} photos` };\n',
            "pwa/queue/queue.js": "export const add = () => {};\n",
            "pwa/styles/tokens.css": ":root { --ink: #12212b; }\n" * 20,
            "pwa/styles/base.css": "body { margin: 0; }\n",
            "pwa/styles/phone.css": '@import "./tokens.css";\n@import "./base.css";\n',
            "pwa/styles/trust.css": "li { margin: 0; }\n",
            "service_worker/sw.js": 'import { PRECACHE } from "./precache.js";\nself.shell = PRECACHE;\n',
        },
    )
    for name in ("layout.html", "trust.html"):
        write(root, {f"pwa/templates/{name}": (REPOSITORY / "pwa/templates" / name).read_bytes()})
    for icon in (REPOSITORY / "pwa" / "icons").iterdir():
        write(root, {f"pwa/icons/{icon.name}": icon.read_bytes()})
    bundle(root)
    return root


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return plant(tmp_path / "tree")


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def store(clock: FixedClock) -> MemoryStore:
    return MemoryStore(clock)


@pytest.fixture
def signals() -> MemorySignals:
    return MemorySignals()


@pytest.fixture
def tokens() -> OpenTokens:
    return OpenTokens()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqlDatabase]:
    opened = await SqlDatabase.open(tmp_path / "capture.sqlite3")
    await opened.migrate()
    yield opened
    await opened.close()


def _silent() -> None:
    """No test here waits for the outbox."""


def settings_of(tmp_path: Path, **variables: str) -> Settings:
    """Settings from these variables and the defaults."""
    places = {"DATA_DIR": str(tmp_path / "data"), "KEY_DIR": str(tmp_path / "keys")}
    return read_settings({**places, **variables})


def build_app(folder: Path, root: Path, database: SqlDatabase, /, **changes: Any) -> Litestar:
    """The app over a database; keywords replace parts, upper-case ones are environment variables."""
    variables = {name: changes.pop(name) for name in list(changes) if name.isupper()}
    clock = changes.pop("clock", None) or FixedClock()
    store = changes.pop("store", None) or MemoryStore(clock)
    signals, ids = changes.pop("signals", None) or MemorySignals(), SequentialIds()
    parts: dict[str, Any] = {
        "settings": settings_of(folder, **variables),
        "database": database,
        "uploads": Uploads(database, store, TrustingInspector(), clock, ids, _silent),
        "consultations": ConsultationService(database, clock, ids, _silent),
        "inventory": InventoryService(database, clock, ids, _silent),
        "signals": signals,
        "signers": lambda origin, _: PlainSigner(origin),
        "verifier": OpenTokens(),
        "profiles": NamedProfiles(),
        "clock": clock,
        "readiness_checks": {"database": database.check, "store": store.check, "signals": signals.check},
        "root": root,
    }
    return create_web_app(Services(**parts | changes))


@pytest.fixture
def make_app(
    tmp_path: Path,
    tree: Path,
    clock: FixedClock,
    store: MemoryStore,
    signals: MemorySignals,
    database: SqlDatabase,
) -> MakeApp:
    """``build_app`` over this test's parts."""

    def make(**changes: Any) -> Litestar:
        shared = {"clock": clock, "store": store, "signals": signals}
        return build_app(tmp_path, tree, database, **shared | changes)

    return make


def client_of(
    app: Litestar, base: str = ORIGIN, /, *, peer: str = "127.0.0.1", **headers: str
) -> httpx.AsyncClient:
    """A client at an origin; it answers 500 as a server would, instead of raising."""
    # httpx takes a scope of any mapping, Litestar its own TypedDicts.
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False, client=(peer, 50_000))  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url=base, headers=headers)


def signed_in(user: str = ANNA, origin: str = ORIGIN) -> dict[str, str]:
    """Headers of one of our own pages with a session token."""
    return {"authorization": f"Bearer token-of-{user}", **own_page(origin)}


def own_page(origin: str = ORIGIN) -> dict[str, str]:
    """Headers that a browser sends for one of our own pages."""
    return {"origin": origin, "sec-fetch-site": "same-origin", "x-cp-client": "1"}


@pytest.fixture
def app(make_app: MakeApp) -> Litestar:
    return make_app()


@pytest.fixture
async def anna(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """Anna's page, signed in."""
    async with client_of(app, **signed_in()) as client:
        yield client


@pytest.fixture
async def stranger(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """A client without any credential."""
    async with client_of(app) as client:
        yield client
