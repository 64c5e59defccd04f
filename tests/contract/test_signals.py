"""Every implementation of the signals port behaves the same towards a real ably-js client."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import jwt
import pytest

from app.adapters.ably import AblySignals
from app.domain.errors import InvalidField, Unavailable
from app.domain.ports.signals import Signals
from app.domain.signals import subscribe_claims
from app.embedded.hub import HubLimits, HubSignals, new_hub_key
from tests.contract.hub_running import HOST, RunningHub, listening, utc_now
from tests.support.fakes import MemorySignals

PAYLOAD = {"t": "photos.changed", "consultation": "0190a6f2-0000-7000-8000-000000000001", "rev": 3}
SHORT = HubLimits(shortest_token_seconds=1)


@pytest.fixture
async def running() -> AsyncIterator[RunningHub]:
    hub = await RunningHub(limits=SHORT).start()
    yield hub
    await hub.stop()


@pytest.fixture(params=["hub", "ably"])
async def signals(request: pytest.FixtureRequest, running: RunningHub) -> AsyncIterator[Signals]:
    """Both real implementations."""
    async for found in implementation(request.param, running):
        yield found


async def implementation(name: str, running: RunningHub) -> AsyncIterator[Signals]:
    """The built-in hub in memory, or the Ably SDK over HTTP against the same hub."""
    if name == "hub":
        assert running.hub
        yield HubSignals(running.hub)
        return
    adapter = await AblySignals(
        running.key.text, "", utc_now, endpoint=HOST, port=running.port, tls=False
    ).start()
    yield adapter
    await adapter.close()


@pytest.fixture(params=["hub", "ably", "memory"])
async def every(request: pytest.FixtureRequest, running: RunningHub) -> AsyncIterator[Signals]:
    """The fake as well, for the promises that need no page; it is down when the hub is."""
    if request.param == "memory":
        fake = MemorySignals()
        running.on_stop(lambda: setattr(fake, "down", True))
        yield fake
        return
    async for found in implementation(request.param, running):
        yield found


@pytest.mark.parametrize("binary", [False, True], ids=["json", "msgpack"])
async def test_a_signal_reaches_the_users_page_once(
    running: RunningHub, signals: Signals, binary: bool
) -> None:
    """What was published arrives as it was, once."""
    async with listening(running.port, lambda: signals.token("abc"), "user:abc", binary=binary) as page:
        await page.until_attached()

        await signals.publish("abc", "first", PAYLOAD)
        await signals.publish("abc", "last", PAYLOAD)

        received = await page.until_message("first")
        await page.until_message("last")
        assert received == {"event": "message", "id": "first", "name": "changed", "data": PAYLOAD}
        assert page.count("message") == 2


async def test_the_same_id_is_received_once_however_often_it_is_sent(
    running: RunningHub, signals: Signals
) -> None:
    """The relay may send an event again after a crash."""
    async with listening(running.port, lambda: signals.token("abc"), "user:abc") as page:
        await page.until_attached()

        for message_id in ("same", "same", "same", "end"):
            await signals.publish("abc", message_id, PAYLOAD)

        await page.until_message("end")
        assert page.count("message", id="same") == 1


async def test_no_user_receives_the_signals_of_another(running: RunningHub, signals: Signals) -> None:
    """Two pages, two users, one signal."""
    async with (
        listening(running.port, lambda: signals.token("abc"), "user:abc") as mine,
        listening(running.port, lambda: signals.token("xyz"), "user:xyz") as theirs,
    ):
        await mine.until_attached()
        await theirs.until_attached()

        await signals.publish("abc", "for-abc", PAYLOAD)
        await signals.publish("xyz", "for-xyz", PAYLOAD)

        await mine.until_message("for-abc")
        await theirs.until_message("for-xyz")
        assert mine.count("message") == theirs.count("message") == 1


@pytest.mark.parametrize("channel", ["user:xyz", "user:", "user:abc:more", "user:*", "*", "user:ab"])
async def test_a_token_opens_only_its_own_channel(
    running: RunningHub, signals: Signals, channel: str
) -> None:
    """Another user's channel, a prefix, a sub-path and a wildcard are refused."""
    async with listening(running.port, lambda: signals.token("abc"), channel) as page:
        refusal = await page.until(lambda event: event.get("state") == "failed")

        assert (refusal["event"], refusal["code"]) == ("channel", 40160)


async def test_a_page_can_publish_nothing(running: RunningHub, signals: Signals) -> None:
    """Pages only subscribe, even to their own channel."""
    async with listening(running.port, lambda: signals.token("abc"), "user:abc") as page:
        await page.until_attached()

        page.send(publish=True)

        answer = await page.until(lambda event: event["event"] == "published")
        assert answer["code"] == 40160


@pytest.mark.parametrize("user", ["*", "user:*", "abc:def", "a,b", "[meta]", "", "a b", "ä", "x" * 65, "a\n"])
async def test_an_id_that_could_widen_a_grant_gets_none(every: Signals, user: str) -> None:
    """Neither a token nor a signal for an odd user id."""
    with pytest.raises(InvalidField):
        every.token(user)
    with pytest.raises(InvalidField):
        await every.publish(user, "1", PAYLOAD)


def test_a_token_names_one_channel_and_one_right(signals: Signals) -> None:
    """The grant is exactly what the port promises: 15 minutes, one user, subscribe."""
    claims = jwt.decode(signals.token("abc"), options={"verify_signature": False})

    assert json.loads(claims["x-ably-capability"]) == {"user:abc": ["subscribe"]}
    assert claims["x-ably-clientId"] == "abc"
    assert claims["exp"] - claims["iat"] == 900
    assert set(claims) == {"iat", "exp", "x-ably-capability", "x-ably-clientId"}


async def test_signals_that_work_pass_their_check(every: Signals) -> None:
    """The readiness probe of a running part is quiet."""
    await every.check()


async def test_signals_that_stopped_fail_their_check(running: RunningHub, every: Signals) -> None:
    """After the hub is gone, checking and publishing say so."""
    await running.stop()

    with pytest.raises(Unavailable):
        await every.check()
    with pytest.raises(Unavailable):
        await every.publish("abc", "1", PAYLOAD)


def forged(running: RunningHub, **changes: Any) -> Callable[[], str]:
    """A token that is right in everything but ``changes``."""
    options = {"secret": running.key.secret, "kid": running.key.name, "alg": "HS256", **changes}
    claims = subscribe_claims("abc", utc_now(), 60) | options.pop("claims", {})
    secret, kid, alg = options["secret"], options["kid"], options["alg"]
    without = options.get("without", ())
    claims = {name: value for name, value in claims.items() if name not in without}
    if alg == "HS512":
        return lambda: signed_with_sha512(claims, secret, kid)
    return lambda: jwt.encode(claims, secret if alg != "none" else "", alg, headers={"kid": kid})


def signed_with_sha512(claims: dict[str, Any], secret: str, kid: str) -> str:
    """By hand and with the right secret, because the library warns of it."""
    header = {"typ": "JWT", "alg": "HS512", "kid": kid}
    signed = b".".join(jwt.utils.base64url_encode(json.dumps(part).encode()) for part in (header, claims))
    signature = hmac.digest(secret.encode(), signed, hashlib.sha512)
    return b".".join((signed, jwt.utils.base64url_encode(signature))).decode()


FORGERIES: dict[str, tuple[dict[str, Any], int]] = {
    "expired": ({"claims": {"iat": 1_700_000_000, "exp": 1_700_000_900}}, 40142),
    "wrong secret": ({"secret": "x" * 43}, 40144),
    "unsigned": ({"alg": "none"}, 40144),
    "wider algorithm": ({"alg": "HS512"}, 40144),
    "no capability": ({"without": ["x-ably-capability"]}, 40144),
    "no end": ({"without": ["exp"]}, 40144),
    "wrong key": ({"kid": "hub.other"}, 40101),
}


@pytest.mark.parametrize("name", FORGERIES)
async def test_a_forged_token_connects_to_nothing(running: RunningHub, name: str) -> None:
    """The client gets an error code, and never a connection."""
    changes, code = FORGERIES[name]
    async with listening(running.port, forged(running, **changes), "user:abc") as page:
        refusal = await page.until(lambda event: event["event"] == "connection" and event["code"])

        assert refusal["code"] == code
        assert page.count("connection", state="connected") == 0


async def test_the_same_forger_with_nothing_changed_is_let_in(running: RunningHub) -> None:
    """Control: the forgeries above fail for what they change and for nothing else."""
    async with listening(running.port, forged(running), "user:abc") as page:
        await page.until_attached()


async def test_text_that_is_no_token_connects_to_nothing(running: RunningHub) -> None:
    """Garbage is refused like a bad signature."""
    async with listening(running.port, lambda: "not.a.token", "user:abc") as page:
        refusal = await page.until(lambda event: event["event"] == "connection" and event["code"])

        assert refusal["code"] == 40144


async def test_a_token_is_renewed_in_time_without_a_drop_and_without_a_storm(running: RunningHub) -> None:
    """Four tokens of 3 s last at least 6 s, and the page stays attached all the while."""
    assert running.hub
    signals = HubSignals(running.hub, seconds=3)
    loop = asyncio.get_running_loop()
    async with listening(running.port, lambda: signals.token("abc"), "user:abc") as page:
        await page.until_attached()
        started = loop.time()

        await page.until(lambda _: page.count("token-wanted") >= 4, seconds=40)

        assert loop.time() - started > 3.5
        await signals.publish("abc", "after-renewals", PAYLOAD)
        await page.until_message("after-renewals")
        assert page.count("connection", state="disconnected") == 0
        assert page.count("channel", state="attached") == 1


async def test_a_token_that_is_not_renewed_ends_its_connection(running: RunningHub) -> None:
    """A page whose session has ended receives nothing any more."""
    assert running.hub
    signals = HubSignals(running.hub, seconds=4)
    # Made when it is asked for: the client itself may need longer to start than a token lives.
    tokens = (signals.token("abc") for _ in range(1))
    async with listening(running.port, lambda: or_refuse(tokens), "user:abc") as page:
        await page.until_attached()

        ended = await page.until(lambda event: event.get("state") in ("failed", "disconnected"))

        assert ended["event"] in ("connection", "channel")
        assert page.count("connection", state="connected") == 1


def or_refuse(tokens: Any) -> dict[str, Any]:
    token = next(tokens, None)
    return {"token": token} if token else {"refuse": 403}


async def test_a_restarted_hub_admits_that_it_forgot(running: RunningHub) -> None:
    """After a restart the client learns that messages may be missing, so that the page fetches."""
    assert running.hub
    before = HubSignals(running.hub)
    async with listening(running.port, lambda: before.token("abc"), "user:abc") as page:
        await page.until_attached()
        await before.publish("abc", "before", PAYLOAD)
        await page.until_message("before")

        await running.stop()
        await page.until(lambda event: event.get("state") == "disconnected")
        await running.start()
        update = await page.until(
            lambda event: event["event"] == "channel" and event["code"] == 80008, seconds=15
        )

        assert update["resumed"] is False
        after = HubSignals(running.hub)
        await after.publish("abc", "after", PAYLOAD)
        await page.until_message("after")


@pytest.fixture
async def pretender() -> AsyncIterator[Callable[..., Any]]:
    """Servers that are not Ably: each call starts one with the given answer, or none."""
    servers: list[asyncio.Server] = []
    writers: list[asyncio.StreamWriter] = []

    async def start(answer: bytes | None) -> int:
        async def handle(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writers.append(writer)
            if answer is not None:
                writer.write(answer)
            while answer == DRIP and not writer.is_closing():
                writer.write(b"x")
                await asyncio.sleep(0.05)

        server = await asyncio.start_server(handle, HOST, 0)
        servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    yield start
    for writer in writers:
        writer.close()
    for server in servers:
        server.close()
        await server.wait_closed()


async def adapter_at(port: int) -> AblySignals:
    """The Ably adapter, pointed at a port of this machine, with a deadline of half a second."""
    return await AblySignals(
        new_hub_key().text, "", utc_now, endpoint=HOST, port=port, tls=False, deadline=0.5
    ).start()


# One byte now and then keeps every time limit of the SDK from striking.
DRIP = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
PORTAL = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\nConnection: close\r\n\r\nWifi"
BROKEN = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize(
    "answer",
    [None, DRIP, PORTAL, BROKEN, b"nonsense\r\n\r\n"],
    ids=["hangs", "drips", "captive portal", "broken", "not HTTP"],
)
async def test_a_server_that_is_not_ably_costs_no_more_than_the_deadline(
    pretender: Callable[..., Any], answer: bytes | None
) -> None:
    """Every kind of trouble is the same error, within our own deadline."""
    adapter = await adapter_at(await pretender(answer))
    loop = asyncio.get_running_loop()
    started = loop.time()

    with pytest.raises(Unavailable):
        await adapter.publish("abc", "1", PAYLOAD)

    assert loop.time() - started < 2
    await adapter.close()
