"""The hub behind a real web server: beside the home page, closed to foreign pages, silent in the log."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from app.domain.signals import subscribe_claims
from app.embedded.hub import HubSignals, redact_queries
from app.embedded.hub.redaction import SERVER_LOGGERS, QueryRedaction
from tests.contract.hub_running import HOST, PAGE, RunningHub, utc_now

HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


@pytest.fixture
async def running() -> AsyncIterator[RunningHub]:
    hub = await RunningHub().start()
    yield hub
    await hub.stop()


@pytest.fixture
async def client(running: RunningHub) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://{HOST}:{running.port}") as found:
        yield found


def address(running: RunningHub, **query: str) -> str:
    assert running.hub
    token = HubSignals(running.hub).token("abc")
    return f"ws://{HOST}:{running.port}/?" + "&".join(
        f"{name}={value}" for name, value in {"access_token": token, **query}.items()
    )


async def test_the_home_page_and_the_hub_share_one_address(
    running: RunningHub, client: httpx.AsyncClient
) -> None:
    """``GET /`` is a page, and a WebSocket at ``/`` is the hub."""
    page = await client.get("/")
    async with connect(address(running)) as socket:
        hello = json.loads(await socket.recv())

    assert (page.status_code, page.text) == (200, PAGE)
    assert hello["action"] == 4


async def test_both_wire_formats_and_both_names_of_the_token_are_understood(running: RunningHub) -> None:
    """Clients in other languages write ``accessToken`` and msgpack."""
    target = address(running, format="msgpack").replace("access_token", "accessToken")

    async with connect(target) as socket:
        hello = msgspec.msgpack.decode(await socket.recv(decode=False))

    assert hello["action"] == 4


@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost:1", "null", "http://localhost"])
async def test_a_page_of_another_origin_cannot_connect(running: RunningHub, origin: str) -> None:
    """Even with a valid token, and before anything is said."""
    with pytest.raises(InvalidStatus) as refused:
        await connect(address(running), origin=Origin(origin))

    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("name", ["localhost", "LOCALHOST", HOST])
async def test_our_own_pages_can_connect(running: RunningHub, name: str) -> None:
    """The public origin, and this machine under its other name."""
    origin = Origin(f"http://{name}:{running.port}")
    async with connect(address(running), origin=origin) as socket:
        assert json.loads(await socket.recv())["action"] == 4


async def test_a_connection_without_a_token_is_refused_and_closed(running: RunningHub) -> None:
    """The library's own connectivity check comes without one."""
    async with connect(f"ws://{HOST}:{running.port}/") as socket:
        refusal = json.loads(await socket.recv())
        with pytest.raises(ConnectionClosed):
            await socket.recv()

    assert refusal["error"]["code"] == 40144


async def test_a_frame_larger_than_any_real_one_ends_the_connection(running: RunningHub) -> None:
    """64 kB is far above what a page ever says."""
    async with connect(address(running)) as socket:
        await socket.recv()
        await socket.send('{"action":0,"id":"' + "x" * 70_000 + '"}')

        ended = json.loads(await socket.recv())

    assert ended["error"]["code"] == 40000


async def test_the_hub_stops_within_two_seconds_with_pages_open(running: RunningHub) -> None:
    """One page that answers the farewell, and one that never says anything again."""
    reader, writer = await asyncio.open_connection(HOST, running.port)
    path = address(running).removeprefix(f"ws://{HOST}:{running.port}")
    writer.write(HANDSHAKE.format(path=path, host=f"{HOST}:{running.port}").encode())
    await reader.readuntil(b"connectionKey")
    async with connect(address(running)) as socket:
        await socket.recv()
        started = asyncio.get_running_loop().time()

        await running.stop()

        assert asyncio.get_running_loop().time() - started < 2
    writer.close()


async def test_the_clock_is_given_in_milliseconds(client: httpx.AsyncClient) -> None:
    """Clients date their token requests by it."""
    answer = await client.get("/time")

    [now] = answer.json()
    assert abs(now / 1000 - utc_now().timestamp()) < 5


async def test_a_stranger_can_publish_nothing(running: RunningHub, client: httpx.AsyncClient) -> None:
    """Neither without credentials nor with a page's own token."""
    assert running.hub
    token = running.hub.sign(subscribe_claims("abc", utc_now()))
    path, body = "/channels/user:abc/messages", {"name": "changed", "data": "x"}

    without = await client.post(path, json=body)
    listener = await client.post(path, json=body, headers={"authorization": f"Bearer {token}"})

    assert (without.status_code, without.json()["error"]["code"]) == (401, 40101)
    assert (listener.status_code, listener.json()["error"]["code"]) == (401, 40160)


async def test_the_key_itself_can_publish_one_or_several(
    running: RunningHub, client: httpx.AsyncClient
) -> None:
    """Control for the refusals above; ids are made where none came."""
    auth = httpx.BasicAuth(running.key.name, running.key.secret)
    async with connect(address(running)) as socket:
        await socket.send('{"action":10,"channel":"user:abc"}')
        while json.loads(await socket.recv())["action"] != 11:
            continue

        answer = await client.post(
            "/channels/user:abc/messages", json=[{"data": "1"}, {"data": "2"}], auth=auth
        )

        frames = [json.loads(await socket.recv()) for _ in range(2)]
    assert (answer.status_code, len(set(answer.json()["serials"]))) == (201, 2)
    assert [frame["messages"][0]["data"] for frame in frames] == ["1", "2"]


@pytest.mark.parametrize("body", ["", "nonsense", "7", "[]", "[1]", '"text"'])
async def test_a_body_that_is_no_message_is_refused(
    running: RunningHub, client: httpx.AsyncClient, body: str
) -> None:
    """In the protocol's own form, and never as a crash."""
    auth = httpx.BasicAuth(running.key.name, running.key.secret)

    for path in ("/channels/user:abc/messages", f"/keys/{running.key.name}/requestToken"):
        answer = await client.post(path, content=body, auth=auth)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, 40000)


@pytest.fixture
def talkative(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """The web server logs as in production, and its lines are kept."""
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.WARNING, "httpx")
    for name in SERVER_LOGGERS:
        caplog.set_level(logging.INFO, name)
    return caplog


async def consultation(running: RunningHub, client: httpx.AsyncClient) -> str:
    """One page load and one connection with a token; returns the token."""
    target = address(running)
    await client.get("/", params={"X-Amz-Signature": "0123abcd"})
    async with connect(target) as socket:
        await socket.recv()
    return target.partition("access_token=")[2]


async def test_no_token_and_no_signature_reaches_the_log(
    running: RunningHub, client: httpx.AsyncClient, talkative: pytest.LogCaptureFixture
) -> None:
    """The lines are there, without what comes after the question mark."""
    redact_queries()
    redact_queries()

    token = await consultation(running, client)

    text = "\n".join(talkative.messages)
    assert token not in text
    assert "0123abcd" not in text
    assert 'WebSocket /?-"' in text
    assert "/?-" in text
    for name in SERVER_LOGGERS:
        filters = logging.getLogger(name).filters
        assert sum(isinstance(found, QueryRedaction) for found in filters) == 1


async def test_without_the_filter_the_token_would_be_logged(
    running: RunningHub, client: httpx.AsyncClient, talkative: pytest.LogCaptureFixture
) -> None:
    """Control: the test above looks where tokens really appear."""
    for name in SERVER_LOGGERS:
        logger = logging.getLogger(name)
        for found in [one for one in logger.filters if isinstance(one, QueryRedaction)]:
            logger.removeFilter(found)

    token = await consultation(running, client)

    assert token in "\n".join(talkative.messages)
