"""``LAN=1``: phones in the same network reach this computer over https that they can trust."""

import base64
import hashlib
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import BrowserContext, Page, Playwright, expect

from app.server.lan import lan_address
from app.server.serving import ONLY_HERE
from e2e.conftest import PHONE, chromium
from e2e.support.clinic import Clinic, open_clinic
from e2e.support.startup_output import code_of, lines, printed_code
from e2e.support.verbs import capture, expect_arrived, sign_in, sign_in_by_form, start_consultation
from e2e.support.watch import Watch
from tests.support.ports import free_port


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    """A clinic that serves its network."""
    with open_clinic(tmp_path / "clinic", LAN="1", HTTPS_PORT=str(free_port())) as clinic:
        yield clinic


def phone_origin(clinic: Clinic) -> str:
    """The address that a phone is sent to."""
    return f"https://{lan_address()}:{clinic.settings['HTTPS_PORT']}"


def authority(clinic: Clinic) -> Path:
    """The certificate that a phone is asked to trust."""
    return clinic.folder / "keys" / "tls" / "authority.pem"


def asking(clinic: Clinic) -> httpx.Client:
    """A client that trusts the local authority alone."""
    return httpx.Client(verify=ssl.create_default_context(cafile=str(authority(clinic))), trust_env=False)


def test_line_and_code_lead_the_phone_to_the_network_address(clinic: Clinic) -> None:
    """The desktop stays on this computer's own name, where its browser trusts it."""
    code = code_of(f"{phone_origin(clinic)}/mobile")

    clinic.stop()  # What follows the sign-in line is read to its end.

    assert f"Desktop: {clinic.url}/desktop" in lines(clinic)
    assert f"Phone: {phone_origin(clinic)}/mobile" in lines(clinic)
    assert f"First time on a phone: {phone_origin(clinic)}/trust" in lines(clinic)
    assert ONLY_HERE not in lines(clinic)
    assert printed_code(clinic, len(code)) == code


def test_the_certificate_is_valid_only_for_clients_that_trust_the_authority(clinic: Clinic) -> None:
    """The page that explains it offers exactly the authority's certificate, and never a key."""
    with asking(clinic) as client:
        page = client.get(f"{phone_origin(clinic)}/trust")
        offered = client.get(f"{phone_origin(clinic)}/trust/authority.crt")

    assert 'href="/trust/authority.crt"' in page.text
    assert offered.content == authority(clinic).read_bytes()
    assert offered.headers["content-type"] == "application/x-x509-ca-cert"
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(f"{phone_origin(clinic)}/trust", trust_env=False)


def test_hsts_is_sent_only_on_the_network_address(clinic: Clinic) -> None:
    """The network address keeps https; this computer's own name, plain or not, is never bound to https."""
    port = clinic.settings["HTTPS_PORT"]
    with asking(clinic) as client:
        network = client.get(f"{phone_origin(clinic)}/mobile").headers
    own = httpx.get(f"https://localhost:{port}/mobile", verify=False, trust_env=False).headers
    plain = httpx.get(f"{clinic.url}/mobile", trust_env=False).headers

    assert "max-age=" in network["strict-transport-security"]
    assert "strict-transport-security" not in own
    assert "strict-transport-security" not in plain


def test_terminal_page_and_certificate_show_one_fingerprint(
    clinic: Clinic, open_context: Callable[..., BrowserContext]
) -> None:
    """A phone can be checked against what an attacker on the network cannot change."""
    page = open_context(viewport={"width": 320, "height": 568}).new_page()
    page.goto("/trust")
    certificate = x509.load_pem_x509_certificate(authority(clinic).read_bytes())
    shown = certificate.fingerprint(hashes.SHA256()).hex(":").upper()

    expect(page.get_by_text(shown, exact=True)).to_be_visible()
    assert f"Fingerprint of this computer's certificate authority: {shown}" in lines(clinic)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_a_restart_keeps_the_certificate_that_phones_trust(clinic: Clinic) -> None:
    """Trusting once is enough."""
    before = authority(clinic).read_bytes()

    clinic.stop()
    clinic.start()

    with asking(clinic) as client:
        assert client.get(f"{phone_origin(clinic)}/trust/authority.crt").content == before


@pytest.fixture
def phone(
    clinic: Clinic, playwright: Playwright, browser_arguments: list[str], watch: Watch
) -> Iterator[Page]:
    """A phone on the network address, in a browser that is set to trust the clinic's certificate."""
    leaf = x509.load_pem_x509_certificate((authority(clinic).parent / "leaf.pem").read_bytes())
    public = leaf.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pin = base64.b64encode(hashlib.sha256(public).digest()).decode()
    arguments = [*browser_arguments, f"--ignore-certificate-errors-spki-list={pin}"]
    browser = playwright.chromium.launch(executable_path=chromium(), args=arguments)
    context = browser.new_context(**PHONE, base_url=phone_origin(clinic))
    context.set_default_timeout(15_000)
    watch.context(context)
    yield context.new_page()
    browser.close()


def test_photos_travel_from_the_network_address_to_the_desktop(
    clinic: Clinic, phone: Page, open_context: Callable[..., BrowserContext]
) -> None:
    """Phone on https in the network, desktop on this computer's own name: one store."""
    desktop = open_context(viewport={"width": 1440, "height": 900}).new_page()
    sign_in(desktop, clinic, "/desktop")
    start_consultation(desktop, "Room 2")
    expect(desktop.get_by_text(f"First time on a phone: {phone_origin(clinic)}/trust")).to_be_visible()
    sign_in_by_form(phone, "/mobile", clinic.name, clinic.password)
    expect(phone.get_by_role("heading", name="Room 2")).to_be_visible()

    capture(phone, 2)

    expect_arrived(phone, desktop, clinic, 2)
    assert phone.evaluate("isSecureContext && Boolean(navigator.serviceWorker.controller)")
    assert {cookie["secure"] for cookie in phone.context.cookies()} == {True}


def test_a_copy_of_the_data_contains_no_key_that_a_phone_trusts(clinic: Clinic) -> None:
    """With such a key an attacker could pose as this computer to every phone that trusts the authority."""
    found = {
        folder: [
            path.name for path in (clinic.folder / folder).rglob("*.pem") if b"PRIVATE" in path.read_bytes()
        ]
        for folder in ("data", "keys")
    }

    assert found["data"] == []
    assert "authority-key.pem" in found["keys"]
