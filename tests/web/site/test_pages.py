"""The pages, the manifest, the QR and the way to trust the local certificate."""

import html
import io
import json
import re
from pathlib import Path

import httpx
import pytest
from jinja2 import UndefinedError
from PIL import Image

from app.web.site.pages import qr_asset
from tests.web.conftest import MakeApp, client_of, write

LAN = {"PUBLIC_ORIGINS": "http://localhost:8000,https://192.168.1.20:8443"}
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148"
ANDROID = "Mozilla/5.0 (Linux; Android 14; Pixel 8) Chrome/126.0 Mobile Safari/537.36"
DESKTOP = "Mozilla/5.0 (X11; Linux x86_64) Chrome/126.0 Safari/537.36"


@pytest.mark.parametrize(
    ("headers", "place"),
    [
        ({"user-agent": IPHONE}, "/mobile"),
        ({"user-agent": ANDROID}, "/mobile"),
        ({"user-agent": DESKTOP}, "/desktop"),
        ({"user-agent": ""}, "/desktop"),
        ({"user-agent": DESKTOP, "sec-ch-ua-mobile": "?1"}, "/mobile"),
    ],
)
async def test_the_front_door_leads_by_device(
    stranger: httpx.AsyncClient, headers: dict[str, str], place: str
) -> None:
    """And no cache remembers one device's way for another."""
    answer = await stranger.get("/", headers=headers)

    assert (answer.status_code, answer.headers["location"]) == (302, place)
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("page", ["/mobile", "/desktop", "/trust"])
async def test_pages_contain_no_inline_script_or_style(stranger: httpx.AsyncClient, page: str) -> None:
    """The policy would refuse them."""
    answer = await stranger.get(page)

    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert not re.search(r"<style|<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=", answer.text)


async def test_the_configuration_says_public_facts_only(make_app: MakeApp, tree: Path) -> None:
    """The publishable key is public; secrets of the settings are nowhere in the page."""
    write(tree, {"pwa/vendor/clerk.browser.js": "1;\n"})
    app = make_app(
        PUBLIC_ORIGINS="https://capture.clinic.example",
        CLERK_PUBLISHABLE_KEY="pk_live_Y2xlcmsuY2xpbmljLmV4YW1wbGUk",
        CLERK_SECRET_KEY="sk_live_hidden",
        ABLY_API_KEY="app.key:hidden",
    )
    async with client_of(app, "https://capture.clinic.example") as client:
        page = (await client.get("/mobile")).text

    content = re.search(r'name="cp-config" content="([^"]*)"', page)
    assert content is not None
    assert json.loads(html.unescape(content[1])) == {
        "identity": "clerk",
        "clerkPublishableKey": "pk_live_Y2xlcmsuY2xpbmljLmV4YW1wbGUk",
        "production": True,
        "phoneUrl": "https://capture.clinic.example/mobile",
        "trustUrl": None,
    }
    assert "hidden" not in page


async def test_the_layout_says_what_a_phone_needs(stranger: httpx.AsyncClient) -> None:
    """Language, viewport, colours of both schemes, manifest, iOS icon."""
    page = (await stranger.get("/mobile")).text

    for part in (
        '<html lang="en">', "viewport-fit=cover", 'rel="manifest" href="/manifest.webmanifest"',
        'media="(prefers-color-scheme: dark)"', 'name="apple-mobile-web-app-capable" content="yes"',
        'rel="apple-touch-icon"', 'name="color-scheme"', '<script type="module" src="/pwa/bundles/phone-',
    ):  # fmt: skip
        assert part in page


async def test_the_manifest_is_installable(stranger: httpx.AsyncClient) -> None:
    """What Chromium asks of an installable app, with icons of the sizes they claim."""
    answer = await stranger.get("/manifest.webmanifest")
    manifest = answer.json()

    assert answer.headers["content-type"] == "application/manifest+json"
    assert (manifest["id"], manifest["start_url"], manifest["scope"]) == ("/mobile", "/mobile", "/")
    assert manifest["display"] == "standalone"
    assert {shortcut["name"]: shortcut["url"] for shortcut in manifest["shortcuts"]} == {
        "Open camera": "/mobile?start=camera",
        "Desktop": "/desktop",
    }
    assert {(icon["sizes"], icon["purpose"]) for icon in manifest["icons"]} == {
        ("192x192", "any"), ("512x512", "any"), ("192x192", "maskable"), ("512x512", "maskable")
    }  # fmt: skip
    for icon in manifest["icons"]:
        image = Image.open(io.BytesIO((await stranger.get(icon["src"])).content))
        assert f"{image.width}x{image.height}" == icon["sizes"]


async def test_the_qr_is_the_constant_address_of_the_phones_page(make_app: MakeApp) -> None:
    """Drawn from the last public origin, under whichever name a client asks."""
    app = make_app(**LAN)
    pictures = set()
    for base in ("http://localhost:8000", "https://192.168.1.20:8443"):
        async with client_of(app, base) as client:
            answer = await client.get("/qr.svg")
            pictures.add(answer.content)
    async with client_of(make_app()) as client:
        other = (await client.get("/qr.svg")).content

    assert answer.headers["content-type"] == "image/svg+xml"
    assert pictures == {qr_asset("https://192.168.1.20:8443/mobile").body}
    assert other not in pictures


async def test_trust_leads_a_phone_to_the_certificate(make_app: MakeApp) -> None:
    """With a local authority the page explains both systems and hands the certificate over."""
    fingerprint = ":".join(f"{number:02X}" for number in range(32))
    app = make_app(authority=b"-----BEGIN CERTIFICATE-----\n", fingerprint=fingerprint, **LAN)
    async with client_of(app) as client:
        page = (await client.get("/trust")).text
        answer = await client.get("/trust/authority.crt")

    assert "https://192.168.1.20:8443/trust" in page
    assert "Show Details" in page
    assert "iPhone and iPad" in page
    assert "Android" in page
    assert "https://192.168.1.20:8443/mobile" in page
    assert fingerprint in re.sub(r"<[^>]*>", "", page)
    assert "this computer only" not in page
    assert "every address in private" in page
    assert answer.headers["content-type"] == "application/x-x509-ca-cert"
    assert answer.content.startswith(b"-----BEGIN CERTIFICATE")


async def test_without_an_authority_there_is_nothing_to_trust(stranger: httpx.AsyncClient) -> None:
    """The page says so, and there is no certificate."""
    assert "needs no certificate" in (await stranger.get("/trust")).text
    assert (await stranger.get("/trust/authority.crt")).status_code == 404


@pytest.mark.parametrize("page", ["mobile", "desktop", "sign-in"])
@pytest.mark.parametrize(
    ("name", "why"),
    [("cofnig", "cofnig"), ("phone.kepe", "kepe"), ("phone.of", "of"), ("phone.items", "items")],
    ids=["name", "word", "sentence with a gap", "method"],
)
def test_a_template_mistake_stops_the_start(
    make_app: MakeApp, tree: Path, page: str, name: str, why: str
) -> None:
    """A misspelled name must not become an empty text in front of a clinician; the control is right."""
    template = tree / f"pwa/templates/{page}.html"
    right = template.read_text()
    template.write_text(right.replace("phone.keep", name))

    with pytest.raises(UndefinedError, match=f"'{why}'"):
        make_app()
    template.write_text(right)
    make_app()
