"""Whether a session lives is asked rarely, and an outage of the provider ends nothing.

The provider is a real HTTP server on loopback.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.adapters.clerk.sessions import ClerkSessions
from tests.adapters.test_key_set import Time, ok

SESSION = "sess_2aBcDeF"


class BackendApi:
    """``GET /v1/sessions/{id}`` with one answer for all."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.answer = ok(b'{"id": "sess_2aBcDeF", "status": "active"}')

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.requests.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(self.answer)
        await writer.drain()
        writer.close()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def provider() -> BackendApi:
    return BackendApi()


@pytest.fixture
async def sessions(provider: BackendApi, time: Time) -> AsyncIterator[ClerkSessions]:
    server = await asyncio.start_server(provider.serve, "127.0.0.1", 0)
    base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield ClerkSessions("sk_test_secret", base=base, monotonic=time)
    server.close()
    await server.wait_closed()


async def test_an_active_session_lives_and_is_asked_for_every_five_minutes(
    sessions: ClerkSessions, provider: BackendApi, time: Time
) -> None:
    """Twenty photos cost one question."""
    for _ in range(20):
        assert await sessions.alive(SESSION)
    assert len(provider.requests) == 1

    time.now += 301
    assert await sessions.alive(SESSION)
    assert len(provider.requests) == 2
    assert provider.requests[0].startswith(f"GET /v1/sessions/{SESSION} HTTP/1.1\r\n")
    assert "authorization: bearer sk_test_secret" in provider.requests[0].lower()


@pytest.mark.parametrize(
    "answer",
    [
        ok(b'{"status": "revoked"}'),
        ok(b'{"status": "ended"}'),
        ok(b'{"status": "expired"}'),
        ok(b"{}", "404 Not Found"),
    ],
)
async def test_a_session_that_was_ended_elsewhere_is_over(
    sessions: ClerkSessions, provider: BackendApi, time: Time, answer: bytes
) -> None:
    """A lost phone stops sending within five minutes of being signed out."""
    assert await sessions.alive(SESSION)
    provider.answer = answer
    time.now += 301

    assert not await sessions.alive(SESSION)
    assert not await sessions.alive(SESSION)


@pytest.mark.parametrize("answer", [ok(b"{}", "500 Internal Server Error"), ok(b"<html>"), b""])
async def test_a_provider_in_trouble_ends_no_session(
    sessions: ClerkSessions, provider: BackendApi, answer: bytes
) -> None:
    """Photos do not wait for a third party; the cookie has an end of its own."""
    provider.answer = answer

    assert await sessions.alive(SESSION)


async def test_a_foreign_session_id_is_not_put_into_an_address(
    sessions: ClerkSessions, provider: BackendApi
) -> None:
    """Only ids of the provider's own form are asked for."""
    assert not await sessions.alive("sess_../users")
    assert provider.requests == []


@pytest.mark.parametrize(
    "status", ["401 Unauthorized", "403 Forbidden", "400 Bad Request", "422 Unprocessable"]
)
async def test_an_answer_that_refuses_this_server_confirms_no_session(
    sessions: ClerkSessions, provider: BackendApi, status: str
) -> None:
    """A wrong secret key confirms nothing, and is no trouble of the network."""
    provider.answer = ok(b"{}", status)

    assert not await sessions.alive(SESSION)
    assert sessions.unconfirmed_s == 0


@pytest.mark.parametrize(
    "answer",
    [b"", ok(b"<html>"), ok(b"", "302 Found", "Location: https://login.hospital.example/\r\n"),
     ok(b"{}", "407 Proxy Authentication"), ok(b"{}", "429 Too Many Requests"), ok(b"{}", "502 Bad")],
)  # fmt: skip
async def test_only_the_network_lets_a_session_pass_and_says_for_how_long(
    sessions: ClerkSessions, provider: BackendApi, time: Time, answer: bytes
) -> None:
    """Counted from the first question without an answer, until one is answered."""
    provider.answer = answer
    assert await sessions.alive(SESSION)
    time.now += 400
    assert await sessions.alive(SESSION)
    assert sessions.unconfirmed_s == 400

    provider.answer = ok(b'{"status": "active"}')
    time.now += 400
    assert await sessions.alive(SESSION)
    assert sessions.unconfirmed_s == 0
