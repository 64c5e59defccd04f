"""The app shell is generated, complete, and new whenever one of its files is."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.web.site.module_graph import BrokenImport
from tests.support.bundles import bundle
from tests.web.conftest import REPOSITORY, MakeApp, client_of, signed_in, write

REQUIRED = {
    "/mobile",
    "/manifest.webmanifest",
    "/pwa/icons/icon.svg",
    "/pwa/icons/icon-192.png",
    "/pwa/icons/maskable-512.png",
    "/pwa/icons/apple-touch-icon.png",
}


MODULE_PRELOAD = r'modulepreload" href="([^"]+)"'
PHONE = r"/pwa/bundles/phone-[A-Z0-9]{8}\.js"
STYLE = r"/pwa/bundles/phone-style-[A-Z0-9]{8}\.css"


async def precache(client: httpx.AsyncClient) -> dict[str, Any]:
    """The generated list, read as a browser's module would be."""
    text = (await client.get("/service_worker/precache.js")).text
    found = re.fullmatch(r"export const PRECACHE = (\{.*\});\n", text)
    assert found is not None
    return dict(json.loads(found[1]))


async def shell_of(make_app: MakeApp) -> tuple[object, str]:
    """Version of the list, and the last line of the worker's main script."""
    async with client_of(make_app()) as client:
        worker = (await client.get("/service_worker/sw.js")).text
        return (await precache(client))["version"], worker.rstrip().splitlines()[-1]


async def test_the_list_has_all_the_phone_needs_with_true_digests(stranger: httpx.AsyncClient) -> None:
    """Each listed file is served, under that digest; the desktop's modules are not among them."""
    listed = {asset["url"]: asset["sha256"] for asset in (await precache(stranger))["assets"]}

    assert listed.keys() >= REQUIRED
    assert [len([url for url in listed if re.fullmatch(kind, url)]) for kind in (PHONE, STYLE)] == [1, 1]
    assert not [url for url in listed if "desktop" in url or url.endswith(".map")]
    for url, digest in listed.items():
        answer = await stranger.get(url)
        assert hashlib.sha256(answer.content).hexdigest() == digest, url


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("pwa/queue/queue.js", "{}", "2"),
        ("pwa/styles/base.css", "0", "1"),
        ("pwa/icons/icon.svg", "#fff", "#eee"),
        ("pwa/page/words/phone.js", '"Keep"', '"Keep it"'),
        ("pwa/templates/mobile.html", "<main>", "<main lang='en'>"),
        ("pwa/templates/layout.html", "viewport-fit=cover", "viewport-fit=auto"),
    ],
)
async def test_a_changed_file_makes_a_new_version(
    make_app: MakeApp, tree: Path, name: str, old: str, new: str
) -> None:
    """The list and the worker's main script both change, so that every engine sees the update."""
    before = await shell_of(make_app)
    assert await shell_of(make_app) == before
    (tree / name).write_text((tree / name).read_text().replace(old, new))
    bundle(tree)
    after = await shell_of(make_app)

    assert after[0] != before[0]
    assert after[1] != before[1]


async def test_a_change_in_the_worker_alone_changes_its_main_script(make_app: MakeApp, tree: Path) -> None:
    """WebKit compares only the main script, so an imported one must show there."""
    write(
        tree,
        {
            "service_worker/sw.js": 'import "./precache.js";\nimport "./shell.js";\n',
            "service_worker/shell.js": "self.one = 1;\n",
        },
    )
    bundle(tree)
    before = await shell_of(make_app)
    write(tree, {"service_worker/shell.js": "self.one = 2;\n"})
    bundle(tree)
    after = await shell_of(make_app)

    assert after[0] == before[0]
    assert after[1] != before[1]


async def test_a_change_for_the_desktop_alone_updates_no_phone(make_app: MakeApp, tree: Path) -> None:
    """The control: what the phone does not load does not touch its shell."""
    before = await shell_of(make_app)
    write(tree, {"pwa/desktop/main.js": "self.changed = 1;\n"})
    bundle(tree)

    assert await shell_of(make_app) == before


async def test_images_of_style_sheets_and_later_modules_belong_to_it(make_app: MakeApp, tree: Path) -> None:
    """Everything that could be missing offline."""
    write(
        tree,
        {
            "pwa/styles/base.css": "main { background: url(../icons/favicon.ico) }",
            "pwa/capture/main.js": 'self.late = () => import("./late.js");\n',
            "pwa/capture/late.js": "export const late = 1;\n",
        },
    )
    bundle(tree)
    async with client_of(make_app()) as client:
        listed = [asset["url"] for asset in (await precache(client))["assets"]]
        page = (await client.get("/mobile")).text

    [later] = [url for url in listed if "/late-" in url or "/part-" in url]
    assert "/pwa/icons/favicon.ico" in listed
    assert later not in page


async def test_the_worker_may_rule_the_whole_app_and_is_never_stale(stranger: httpx.AsyncClient) -> None:
    """Only the main script carries the right; none is taken from a cache unasked."""
    worker = await stranger.get("/service_worker/sw.js")
    other = await stranger.get("/service_worker/precache.js")

    assert worker.headers["service-worker-allowed"] == "/"
    assert worker.headers["cache-control"] == other.headers["cache-control"] == "no-cache"
    assert "service-worker-allowed" not in other.headers
    assert re.fullmatch(r"// shell [0-9a-f]{64}", worker.text.rstrip().splitlines()[-1])


async def test_the_phones_page_is_the_same_for_every_client(make_app: MakeApp) -> None:
    """Byte by byte, for any client and query: it is cached by its digest."""
    app = make_app()
    bodies = set()
    for headers in ({}, signed_in(), {"user-agent": "iPhone"}, {"cookie": "cp_upload=x"}):
        for base in ("http://localhost:8000", "http://127.0.0.1:8000"):
            async with client_of(app, base, **headers) as client:
                answer = await client.get("/mobile?start=camera")
                bodies.add(answer.content)
                assert "set-cookie" not in answer.headers

    assert len(bodies) == 1


async def test_scripts_are_preloaded_in_loading_order(stranger: httpx.AsyncClient, make_app: MakeApp) -> None:
    """What the entry imports is fetched at once instead of in turns."""
    page = (await stranger.get("/mobile")).text

    async with client_of(make_app(MODULES="1")) as client:
        single = (await client.get("/mobile")).text

    [bundled] = re.findall(MODULE_PRELOAD, page)
    assert re.fullmatch(PHONE, bundled)
    assert f'<script type="module" src="{bundled}"></script>' in page
    assert re.findall(MODULE_PRELOAD, single) == ["/pwa/capture/main.js", "/pwa/queue/queue.js"]


@pytest.mark.parametrize("modules", ["0", "1"])
async def test_the_repositorys_own_pages_are_whole(make_app: MakeApp, modules: str) -> None:
    """Every file that the real phone and desktop name is there and served, with the true digest."""
    async with client_of(make_app(root=REPOSITORY, MODULES=modules)) as client:
        listed = {asset["url"]: asset["sha256"] for asset in (await precache(client))["assets"]}
        bodies = {url: (await client.get(url)).content for url in listed}
        desktop, phone = [(await client.get(path)).text for path in ("/desktop", "/mobile")]
        named = re.findall(r'(?:src|href)="(/pwa/[^"]+)"', desktop)
        statuses = {(await client.get(url)).status_code for url in named}

    assert {url: hashlib.sha256(body).hexdigest() for url, body in bodies.items()} == listed
    assert listed.keys() >= REQUIRED
    # The phone opens signals after the server's first answer: kept with the shell, preloaded by no page.
    signals = [url for url, body in bodies.items() if url.endswith(".js") and b"wss://" in body]
    assert len(signals) == 1
    assert signals[0] not in phone
    assert len(named) > 10
    assert statuses == {200}


async def test_what_only_clerk_needs_is_kept_for_offline_and_loaded_by_no_other_page(
    make_app: MakeApp,
) -> None:
    """A page of local accounts starts without it."""
    async with client_of(make_app(root=REPOSITORY, MODULES="1")) as client:
        listed = [asset["url"] for asset in (await precache(client))["assets"]]
        pages = [(await client.get(path)).text for path in ("/mobile", "/desktop", "/sign-in")]

    assert "/pwa/page/session/clerk.js" in listed
    assert ["session-clerk" in page for page in pages] == [False] * 3


@pytest.mark.parametrize(
    ("name", "text", "missing"),
    [
        (
            "pwa/templates/mobile.html",
            '{% extends "layout.html" %}{% block body %}<img src="/pwa/gone.png" alt="">{% endblock %}',
            "/pwa/gone.png",
        ),
        ("pwa/styles/base.css", "main { background: url(../gone.svg) }", "/pwa/gone.svg"),
    ],
)
async def test_a_missing_file_stops_the_start(
    make_app: MakeApp, tree: Path, name: str, text: str, missing: str
) -> None:
    """Rather no server than one whose phones cannot start offline."""
    write(tree, {name: text})
    bundle(tree)

    with pytest.raises(BrokenImport, match=re.escape(missing)):
        make_app()
