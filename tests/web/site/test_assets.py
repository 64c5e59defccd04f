"""Static files: only what is meant to be public, small, and always asked for again."""

import gzip
import hashlib
from pathlib import Path

import httpx
import pytest
from litestar import Litestar

from app.web.site.assets import etag_matches, make_asset, read_assets
from tests.web.conftest import MakeApp, client_of, write


async def test_a_script_with_type_tag_and_digest(stranger: httpx.AsyncClient, tree: Path) -> None:
    """The bytes of the file, never reused without asking."""
    answer = await stranger.get("/pwa/capture/main.js", headers={"accept-encoding": "identity"})

    assert answer.content == (tree / "pwa/capture/main.js").read_bytes()
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["etag"].strip('"') == hashlib.sha256(answer.content).hexdigest()[:32]


async def test_compressed_where_it_helps(stranger: httpx.AsyncClient, tree: Path) -> None:
    """Each form has a tag of its own; a picture is left as it is."""
    url = "/pwa/styles/tokens.css"
    packed = await stranger.get(url, headers={"accept-encoding": "br, gzip;q=0.5"})
    plain = await stranger.get(url, headers={"accept-encoding": "gzip;q=0"})
    picture = await stranger.get("/pwa/icons/icon-192.png", headers={"accept-encoding": "gzip"})

    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < len(plain.content)
    assert packed.content == plain.content == (tree / "pwa/styles/tokens.css").read_bytes()
    assert packed.headers["etag"] != plain.headers["etag"]
    assert packed.headers["vary"] == plain.headers["vary"] == "accept-encoding"
    assert "content-encoding" not in picture.headers


@pytest.mark.parametrize("name", ["phone-*.js", "phone-style-*.css"])
async def test_a_bundle_is_kept_for_good_and_comes_in_the_smallest_form(
    stranger: httpx.AsyncClient, tree: Path, name: str
) -> None:
    """Its name changes with its content; the worker, whose name does not, is asked for again."""
    [bundle] = (tree / "pwa/bundles").glob(name)
    url = f"/pwa/bundles/{bundle.name}"
    plain = await stranger.get(url, headers={"accept-encoding": "identity"})
    worker = await stranger.get("/pwa/bundles/sw.js")
    mapped = await stranger.get(f"{url}.map")

    assert plain.content == bundle.read_bytes()
    assert plain.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert worker.headers["cache-control"] == "no-cache"
    assert mapped.json()["version"] == 3


def test_brotli_comes_before_gzip(tmp_path: Path) -> None:
    """Made at set-up, where it is smaller; a client without it gets the other form."""
    body = b"export const a = 1;\n" * 50
    write(tmp_path, {"pwa/bundles/a-ABCDEFGH.js": body, "pwa/bundles/a-ABCDEFGH.js.br": b"small"})
    [asset] = read_assets(tmp_path).values()

    assert list(asset.packed) == ["br", "gzip"]
    assert asset.packed["br"] == b"small"


async def test_the_tag_of_one_form_does_not_confirm_the_other(stranger: httpx.AsyncClient) -> None:
    """A cache must not mix compressed and plain bytes."""
    url = "/pwa/styles/tokens.css"
    tag = (await stranger.get(url, headers={"accept-encoding": "gzip"})).headers["etag"]

    same = await stranger.get(url, headers={"accept-encoding": "gzip", "if-none-match": tag})
    other = await stranger.get(url, headers={"accept-encoding": "identity", "if-none-match": tag})
    assert (same.status_code, same.content, other.status_code) == (304, b"", 200)


async def test_head_is_answered(stranger: httpx.AsyncClient) -> None:
    """Monitors ask so."""
    for url in ("/mobile", "/pwa/capture/main.js", "/service_worker/sw.js", "/manifest.webmanifest"):
        assert (await stranger.head(url)).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/pwa/templates/layout.html",
        "/pwa/templates/notes.js",
        "/pwa/.secret.js",
        "/pwa/.git/hook.js",
        "/pwa/notes.md",
        "/pwa/capture",
        "/pwa/",
        "/pwa",
        "/pwa/../pyproject.toml",
        "/pwa/%2e%2e/pyproject.toml",
        "/pwa/..%2fpyproject.toml",
        "/pwa/capture/..%2f..%2f..%2fsecret.js",
        "/pwa/capture/%2e%2e/%2e%2e/%2e%2e/secret.js",
        "/pwa/..%5csecret.js",
        "/pwa//etc/passwd",
        "/pwa/capture/main.js%00.png",
        "/pwa/capture/MAIN.JS",
        "/pwa/outside.js",
        "/service_worker/..%2fpwa%2ftemplates%2flayout.html",
        "/service_worker/notes.json",
        "/service_worker/",
    ],
)
async def test_nothing_else_is_served(make_app: MakeApp, tree: Path, path: str) -> None:
    """Templates, dot files, other endings, other spellings and links that lead out do not exist."""
    secret = "export const secret = 1;\n"
    write(
        tree,
        {
            "secret.js": secret, "pwa/.secret.js": secret, "pwa/.git/hook.js": secret, "pwa/notes.md": secret,
            "pwa/templates/notes.js": secret, "service_worker/notes.json": secret, "pyproject.toml": secret,
        },
    )  # fmt: skip
    (tree / "pwa/outside.js").symlink_to(tree / "secret.js")
    async with client_of(make_app()) as client:
        answer = await client.get(httpx.URL("http://localhost:8000").copy_with(raw_path=path.encode()))

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_reading_lists_what_is_there(tree: Path) -> None:
    """The control of the refusals above: the served files are in the table."""
    urls = read_assets(tree).keys()

    assert {"/pwa/capture/main.js", "/pwa/icons/icon.svg", "/service_worker/sw.js"} <= urls
    assert not [url for url in urls if "templates" in url]


def test_the_same_body_always_has_the_same_bytes() -> None:
    """A restart must not make phones fetch what they have."""
    first, second = (make_asset("/a.js", b"export const a = 1;\n" * 50, "text/javascript") for _ in range(2))

    assert first == second
    assert gzip.decompress(first.packed["gzip"]) == first.body


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('"a"', True),
        ('W/"a"', True),
        ('"b", "a"', True),
        ("*", True),
        ('"b"', False),
        ("", False),
        ("a", False),
    ],
)
def test_tags_are_compared_weakly(header: str, expected: bool) -> None:
    """As If-None-Match asks."""
    assert etag_matches(header, '"a"') is expected


async def test_the_favicon_is_there(app: Litestar) -> None:
    """Browsers ask for it unasked; a 404 would be in every console."""
    async with client_of(app) as client:
        answer = await client.get("/favicon.ico")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/x-icon")
