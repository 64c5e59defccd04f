"""Kind 6: every call out of the server goes through the hospital's proxy and trusts the hospital's CA.

The proxy and the TLS server are real ones on loopback; the addresses asked lie outside, so that nothing is
reached by any other way.
"""

import asyncio
import json
import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

import pytest

from app.adapters.ably import AblySignals
from app.adapters.clerk.jwks import HttpKeySet
from app.adapters.clerk.sessions import ClerkSessions
from app.adapters.outgoing import CA_VARIABLES, proxy_for, set_library_environment
from app.adapters.s3.store import S3Store, build_client
from app.config.settings import SettingsError, read_settings
from app.domain.errors import KeysUnavailable, StoreUnavailable, Unavailable
from app.embedded.certificates import Certificates, certificates_for
from tests.adapters.test_clerk import FACTORY
from tests.support.pooler import listening, pass_on

# A client that gives up in the middle of a connection leaves it to the collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

OUTSIDE = "192.0.2.10"  # reserved for documents: no route leads there
PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")
# The calls have deadlines of their own, which a busy machine must not meet.
LIMIT_S = 30.0


class Outside:
    """A TLS server that answers like each service, behind a proxy that is the only way to it."""

    def __init__(self) -> None:
        self.connects: list[str] = []
        self.seen: list[str] = []
        self.proxy = ""
        self.port = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := (await reader.readuntil(b"\r\n\r\n")).decode():
            method, path, _ = head.split(" ", 2)
            self.seen.append(f"{method} {path.partition('?')[0]}")
            body = self._body(path)
            headers = f"Content-Type: application/json\r\nContent-Length: {len(body)}"
            writer.write(f"HTTP/1.1 200 OK\r\n{headers}\r\n\r\n".encode())
            writer.write(body if method != "HEAD" else b"")
            await writer.drain()

    def _body(self, path: str) -> bytes:
        if "jwks" in path:
            return json.dumps({"keys": [FACTORY.public_jwk()]}).encode()
        if "sessions" in path:
            return b'{"status": "active"}'
        return b"[1795000000000]"

    async def forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """CONNECT to any host, which here is always the one server."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.connects.append(head.split(" ")[1])
        there = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await pass_on(reader, writer, there)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates_for(OUTSIDE, tmp_path_factory.mktemp("authority") / "tls", datetime.now(UTC))


@pytest.fixture
async def outside(authority: Certificates) -> AsyncIterator[Outside]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.leaf, authority.leaf_key)
    world = Outside()
    async with listening(world.answer, ssl=context) as world.port, listening(world.forward) as port:
        world.proxy = f"http://127.0.0.1:{port}"
        yield world


@pytest.fixture
def environ() -> Iterator[MutableMapping[str, str]]:
    """Nothing of this machine's own network, and everything as it was at the end."""
    with patch.dict(os.environ):
        for name in (*CA_VARIABLES, *PROXIES, "SSL_CERT_DIR", *(name.lower() for name in PROXIES)):
            os.environ.pop(name, None)
        os.environ |= {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
        yield os.environ


async def fetch_keys() -> None:
    await HttpKeySet(f"https://{OUTSIDE}/.well-known/jwks.json", timeout_s=LIMIT_S).check()


async def ask_session() -> None:
    asking = ClerkSessions("sk_test_x", base=f"https://{OUTSIDE}")
    assert await asking.alive("sess_2aBcDeF")
    if asking.unconfirmed_s:
        raise Unavailable


async def ask_store() -> None:
    settings = read_settings(
        {"S3_BUCKET": "photos", "S3_ENDPOINT": f"https://{OUTSIDE}", "S3_ADDRESSING": "path"}
    )
    store = S3Store(build_client(settings), "photos")
    try:
        await store.check()
    finally:
        store.close()


async def ask_signals() -> None:
    signals = AblySignals("app.key:secret", "", lambda: datetime.now(UTC), endpoint=OUTSIDE, deadline=LIMIT_S)
    await signals.start()
    try:
        await signals.check()
    finally:
        await signals.close()


CALLS: dict[str, tuple[Callable[[], Awaitable[None]], str, type[Exception]]] = {
    "keys": (fetch_keys, "GET /.well-known/jwks.json", KeysUnavailable),
    "sessions": (ask_session, "GET /v1/sessions/sess_2aBcDeF", Unavailable),
    "store": (ask_store, "HEAD /photos", StoreUnavailable),
    "signals": (ask_signals, "GET /time", Unavailable),
}


@pytest.mark.parametrize(
    ("proxy", "ca"),
    [
        *(("HTTPS_PROXY", ca) for ca in CA_VARIABLES),
        ("https_proxy", CA_VARIABLES[0]),
        ("ALL_PROXY", CA_VARIABLES[1]),
    ],
)
@pytest.mark.parametrize("name", CALLS)
async def test_a_call_goes_through_the_proxy_and_trusts_the_hospitals_authority(
    outside: Outside,
    environ: MutableMapping[str, str],
    authority: Certificates,
    name: str,
    proxy: str,
    ca: str,
) -> None:
    """Whichever variable says so: each library reads some of them by itself, and none reads all."""
    call, request, _ = CALLS[name]
    environ.update({proxy: outside.proxy, ca: str(authority.authority)})
    set_library_environment(os.environ)

    await call()

    assert outside.connects == [f"{OUTSIDE}:443"]
    assert outside.seen == [request]


@pytest.mark.parametrize("name", CALLS)
async def test_an_authority_that_no_setting_names_is_not_trusted(
    outside: Outside, environ: MutableMapping[str, str], name: str
) -> None:
    """The control: the proxy was asked, and no request was made."""
    call, _, refused = CALLS[name]
    environ["HTTPS_PROXY"] = outside.proxy
    set_library_environment(os.environ)

    with pytest.raises(refused):
        await call()

    assert outside.connects
    assert outside.seen == []


@pytest.mark.parametrize(
    ("listed", "url", "through"),
    [
        ("", "https://api.clerk.com/v1", True),
        ("clerk.com", "https://api.clerk.com/v1", False),
        (".clerk.com", "https://api.clerk.com/v1", False),
        ("*.clerk.com", "https://api.clerk.com/v1", False),
        ("lerk.com", "https://api.clerk.com/v1", True),
        ("*", "https://api.clerk.com/v1", False),
        ("10.0.0.0/8", "https://10.1.2.3:9000/", False),
        ("10.0.0.0/8", "https://11.1.2.3:9000/", True),
        ("store.clinic.example:9000", "https://store.clinic.example:9000", False),
        ("store.clinic.example:9000", "https://store.clinic.example:9001", True),
        ("", "http://127.0.0.1:9000", False),
        ("", "http://169.254.169.254/latest", False),
        ("a.example, CLERK.com", "https://api.clerk.com/v1", False),
    ],
)
def test_what_needs_no_proxy_is_asked_directly(listed: str, url: str, through: bool) -> None:
    """Names, networks, ports; this computer and the cloud's own address never go through one."""
    found = proxy_for(url, {"ALL_PROXY": "proxy.example:3128", "NO_PROXY": listed})

    assert found == ("http://proxy.example:3128" if through else None)


def test_each_kind_of_address_has_its_own_proxy() -> None:
    """And the one for all where there is none."""
    environ = {"HTTPS_PROXY": "http://a:1", "ALL_PROXY": "http://b:2"}

    assert (proxy_for("https://x.example", environ), proxy_for("http://x.example", environ)) == (
        "http://a:1", "http://b:2"
    )  # fmt: skip


@pytest.mark.parametrize(
    "wrong", [{"ALL_PROXY": "socks5://p:1080"}, {"HTTPS_PROXY": "ftp://p"}, {"AWS_CA_BUNDLE": "/nowhere.pem"}]
)
def test_what_cannot_be_used_is_a_sentence_at_the_start(wrong: dict[str, str]) -> None:
    """It names the variable and not its value."""
    with pytest.raises(SettingsError, match=next(iter(wrong))) as refused:
        set_library_environment(dict(wrong))
    assert next(iter(wrong.values())) not in str(refused.value)


def test_a_folder_of_certificates_stays_as_it_is(tmp_path: Path) -> None:
    """A variable that is set is never overwritten."""
    bundle = tmp_path / "ca.pem"
    bundle.write_text("")
    environ = {"SSL_CERT_FILE": str(bundle), "AWS_CA_BUNDLE": str(bundle)}
    set_library_environment(environ)

    assert environ == {"SSL_CERT_FILE": str(bundle), "AWS_CA_BUNDLE": str(bundle)}
