"""Keys are fetched rarely, kept through outages, and never from anywhere but the one address.

The provider is a real HTTP server on loopback that the tests put out of order.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from app.adapters.clerk.jwks import HttpKeySet, PemKeySet, read_keys
from app.adapters.clerk.tokens import SessionTokenVerifier
from app.domain.errors import KeysUnavailable, Unauthenticated
from tests.adapters.test_clerk import FACTORY, NOW
from tests.support.tokens import ISSUER, KID, ORIGIN, encode


class Provider:
    """A JWKS endpoint with switches."""

    def __init__(self) -> None:
        self.fetches = 0
        self.keys = [FACTORY.public_jwk()]
        self.answer: bytes | None = None
        self.asked = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.fetches += 1
        self.asked.set()
        await self.gate.wait()
        writer.write(self.answer or ok(json.dumps({"keys": self.keys}).encode()))
        await writer.drain()
        writer.close()


def ok(body: bytes, status: str = "200 OK", extra: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\n{extra}Content-Length: {len(body)}\r\n\r\n".encode() + body


@asynccontextmanager
async def listening(provider: Provider) -> AsyncIterator[asyncio.Server]:
    server = await asyncio.start_server(provider.serve, "127.0.0.1", 0)
    provider.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/.well-known/jwks.json"
    try:
        yield server
    finally:
        provider.gate.set()
        server.close()
        await server.wait_closed()


class Time:
    """Seconds that pass only when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    provider = Provider()
    async with listening(provider):
        yield provider


@pytest.fixture
def keys(provider: Provider, time: Time) -> HttpKeySet:
    return HttpKeySet(provider.url, monotonic=time, timeout_s=1.0)


@pytest.fixture
def verifier(keys: HttpKeySet) -> SessionTokenVerifier:
    return SessionTokenVerifier(ISSUER, [ORIGIN], keys, lambda: NOW)


async def outcome(verifier: SessionTokenVerifier, token: str) -> str:
    try:
        return (await verifier.verify(token)).id
    except (Unauthenticated, KeysUnavailable) as error:
        return error.code


async def test_a_hundred_cold_requests_cost_one_fetch(
    verifier: SessionTokenVerifier, provider: Provider
) -> None:
    """A server that has just started does not run over its provider."""
    tokens = [FACTORY.good(jti=str(n)) for n in range(100)]

    answers = await asyncio.gather(*(outcome(verifier, token) for token in tokens))

    assert answers == ["user_2aBcDeF"] * 100
    assert provider.fetches == 1


async def test_two_hundred_random_key_ids_cost_one_fetch(
    verifier: SessionTokenVerifier, provider: Provider
) -> None:
    """A stranger cannot make the server fetch keys at will."""
    forged = [FACTORY.sign(FACTORY.header(kid=f"ins_{n}"), FACTORY.claims()) for n in range(200)]

    answers = await asyncio.gather(*(outcome(verifier, token) for token in forged))

    assert set(answers) == {"unauthenticated"}
    assert provider.fetches == 1


@pytest.mark.parametrize("status", ["500 Internal Server Error", "404 Not Found"])
async def test_a_cold_outage_is_not_called_a_bad_sign_in(
    verifier: SessionTokenVerifier, provider: Provider, status: str
) -> None:
    """The phone waits and tries again instead of asking for a password; one fetch in 30 s."""
    provider.answer = ok(b"{}", status)

    answers = await asyncio.gather(*(outcome(verifier, FACTORY.good(jti=str(n))) for n in range(50)))

    assert set(answers) == {"keys-unavailable"}
    assert provider.fetches == 1


async def test_a_known_key_outlives_an_outage_for_a_day(
    keys: HttpKeySet, provider: Provider, time: Time
) -> None:
    """Clinicians keep working while the provider is down; after a day no token is accepted."""
    await keys.key(KID)
    provider.answer = ok(b"{}", "500 Internal Server Error")
    time.now += 86_000

    assert await keys.key(KID) is not None
    await finished(keys)
    time.now += 1_000
    with pytest.raises(KeysUnavailable):
        await keys.key(KID)


async def finished(keys: HttpKeySet) -> None:
    if keys._flight is not None:
        await keys._flight


async def test_a_known_key_answers_while_the_provider_hangs(
    keys: HttpKeySet, provider: Provider, time: Time
) -> None:
    """An hour later the keys are refreshed behind the requests, never in front of them."""
    await keys.key(KID)
    provider.gate.clear()
    time.now += 4_000

    async with asyncio.timeout(0.5):
        found = [await keys.key(KID) for _ in range(100)]

    assert all(found)
    await finished(keys)
    assert provider.fetches == 2


async def test_a_hanging_provider_costs_a_cold_request_its_time_limit_only(
    provider: Provider, time: Time
) -> None:
    """No request waits longer than the limit."""
    provider.gate.clear()
    keys = HttpKeySet(provider.url, monotonic=time, timeout_s=0.05)

    async with asyncio.timeout(2):
        with pytest.raises(KeysUnavailable):
            await keys.key(KID)


async def test_a_failed_fetch_is_tried_again_after_the_cool_down(
    keys: HttpKeySet, provider: Provider, time: Time
) -> None:
    """The provider is asked again 30 s after a failure, and not before."""
    provider.answer = ok(b"{}", "500 Internal Server Error")
    with pytest.raises(KeysUnavailable):
        await keys.key(KID)
    provider.answer = None

    time.now += 29
    with pytest.raises(KeysUnavailable):
        await keys.key(KID)
    time.now += 2
    assert await keys.key(KID) is not None


async def test_a_new_key_is_picked_up_and_a_retired_one_refused(
    keys: HttpKeySet, provider: Provider, time: Time
) -> None:
    """A rotation at the provider needs no restart here."""
    await keys.key(KID)
    provider.keys = [FACTORY.public_jwk(kid="ins_new")]
    time.now += 31

    assert await keys.key("ins_new") is not None
    assert await keys.key(KID) is None


async def test_a_cancelled_request_does_not_waste_the_fetch(keys: HttpKeySet, provider: Provider) -> None:
    """A phone that hangs up leaves the keys to the next one."""
    provider.gate.clear()
    first = asyncio.create_task(keys.key(KID))
    await provider.asked.wait()
    first.cancel()
    provider.gate.set()

    assert await keys.key(KID) is not None
    assert provider.fetches == 1


async def test_a_redirect_is_not_followed(keys: HttpKeySet, provider: Provider) -> None:
    """Nothing but the configured address is ever asked, whatever the provider answers."""
    target = Provider()
    async with listening(target):
        provider.answer = ok(b"", "302 Found", f"Location: {target.url}\r\n")
        with pytest.raises(KeysUnavailable):
            await keys.key(KID)

    assert target.fetches == 0


async def test_a_file_is_not_read(tmp_path: Path) -> None:
    """The address cannot name a file of the server."""
    document = tmp_path / "jwks.json"
    document.write_text(json.dumps({"keys": [FACTORY.public_jwk()]}))

    with pytest.raises(KeysUnavailable):
        await HttpKeySet(f"file://{document}").key(KID)


async def test_a_proxy_of_the_environment_is_not_used(
    keys: HttpKeySet, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy setting cannot give the server other keys."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    assert await keys.key(KID) is not None


async def test_an_answer_over_the_cap_is_refused(keys: HttpKeySet, provider: Provider) -> None:
    """A huge document cannot fill the memory."""
    provider.answer = ok(json.dumps({"keys": [FACTORY.public_jwk()], "more": "x" * 70_000}).encode())

    with pytest.raises(KeysUnavailable):
        await keys.key(KID)


def unusable() -> dict[str, object]:
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    return {
        "too short": FACTORY.public_jwk(short),
        "for encryption": FACTORY.public_jwk(use="enc"),
        "without use": {k: v for k, v in FACTORY.public_jwk().items() if k != "use"},
        "with a private part": FACTORY.public_jwk(d=encode(b"1" * 256)),
        "symmetric": {"kty": "oct", "use": "sig", "kid": KID, "k": encode(b"secret" * 8)},
        "of a curve": {"kty": "EC", "crv": "P-256", "use": "sig", "kid": KID, "x": "AA", "y": "AA"},
        "of another algorithm": FACTORY.public_jwk(alg="PS256"),
        "without an id": FACTORY.public_jwk(kid=None),
        "with a long id": FACTORY.public_jwk(kid="k" * 129),
        "with a broken modulus": FACTORY.public_jwk(n="*"),
        "no object": "key",
    }


@pytest.mark.parametrize("name", unusable())
def test_an_unusable_key_is_left_out(name: str) -> None:
    """Only public RSA signing keys of 2048 bits and more can verify tokens."""
    good = FACTORY.public_jwk(kid="ins_good")

    assert list(read_keys(json.dumps({"keys": [unusable()[name], good]}).encode())) == ["ins_good"]


@pytest.mark.parametrize("document", [b"", b"[]", b"{}", b'{"keys": 1}', b'{"keys": []}', b"[" * 50_000])
def test_a_document_without_usable_keys_is_a_failure(document: bytes) -> None:
    """A maintenance page does not wipe out the keys that are known."""
    with pytest.raises(ValueError, match="key"):
        read_keys(document)


async def test_readiness_asks_the_provider_once_and_then_relies_on_its_keys(
    keys: HttpKeySet, provider: Provider, time: Time
) -> None:
    """A probe every few seconds costs no fetches, and an outage of an hour is none of ours."""
    for _ in range(20):
        await keys.check()
        time.now += 60
    provider.answer = ok(b"{}", "500 Internal Server Error")
    time.now += 10_000
    await keys.check()
    await finished(keys)

    assert provider.fetches == 2
    time.now += 90_000
    with pytest.raises(KeysUnavailable):
        await keys.check()


async def test_readiness_says_when_no_keys_can_be_had(keys: HttpKeySet, provider: Provider) -> None:
    """A server that can verify no token is not ready."""
    provider.answer = ok(b"{}", "500 Internal Server Error")

    with pytest.raises(KeysUnavailable):
        await keys.check()


async def test_a_key_from_the_settings_needs_no_network() -> None:
    """One PEM serves every key id, also with its lines joined by backslash-n."""
    for pem in (FACTORY.pem().decode(), FACTORY.pem().decode().replace("\n", "\\n")):
        assert await PemKeySet(pem).key("ins_any") == FACTORY.key.public_key()


def test_only_a_public_rsa_key_is_taken_from_the_settings() -> None:
    """A private key, a curve or a short key stops the start."""
    private = FACTORY.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    curve = ec.generate_private_key(ec.SECP256R1()).public_key()
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key()
    for pem in (private, *(public(key) for key in (curve, short)), b"nonsense"):
        with pytest.raises(ValueError, match="must be a public RSA key"):
            PemKeySet(pem.decode())


def public(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> bytes:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
