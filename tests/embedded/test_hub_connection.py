"""One connection, frame by frame, over a socket that the test controls."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from app.domain.signals import subscribe_claims
from app.embedded.hub import HubLimits, new_hub_key
from app.embedded.hub.connection_registry import ConnectionRegistry
from app.embedded.hub.errors import HubError
from app.embedded.hub.frames import Action, Flag

LIMITS = HubLimits(shortest_token_seconds=1, idle_seconds=0.05, send_seconds=0.1, flush_seconds=0.1)


class ScriptedSocket:
    """Frames go in and come out as the test says; ``stuck`` makes sending hang like a full buffer."""

    def __init__(self) -> None:
        self.sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.stuck = False
        self._coming: asyncio.Queue[str | bytes | None] = asyncio.Queue()

    async def receive(self) -> str | bytes:
        data = await self._coming.get()
        if data is None:
            raise EOFError
        return data

    async def send(self, data: str | bytes) -> None:
        if self.stuck:
            await asyncio.Event().wait()
        self.sent.put_nowait(json.loads(data))

    def give(self, data: object) -> None:
        """A frame from the page; raw text and bytes go as they are, None is the end."""
        self._coming.put_nowait(data if isinstance(data, str | bytes | None) else json.dumps(data))

    async def next(self, action: Action) -> dict[str, Any]:
        """The next frame with this action."""
        async with asyncio.timeout(5):
            while True:
                frame = await self.sent.get()
                if frame["action"] == action:
                    return frame


class ConnectedPage:
    """A registry, one open connection of a page, and tokens by user."""

    def __init__(
        self, registry: ConnectionRegistry, socket: ScriptedSocket, serving: asyncio.Task[None]
    ) -> None:
        self.registry = registry
        self.socket = socket
        self.serving = serving

    def token(self, user: str = "abc", seconds: int = 900) -> str:
        return self.registry.tokens.sign(subscribe_claims(user, datetime.now(UTC), seconds))

    async def attach(self, **fields: str) -> dict[str, Any]:
        self.socket.give({"action": Action.ATTACH, "channel": "user:abc", **fields})
        return await self.socket.next(Action.ATTACHED)

    def publish(self, message_id: str) -> None:
        self.registry.publish("user:abc", {"id": message_id, "name": "changed", "data": "{}"})


@asynccontextmanager
async def connected(seconds: int = 900, limits: HubLimits = LIMITS) -> AsyncIterator[ConnectedPage]:
    registry = ConnectionRegistry(new_hub_key(), lambda: datetime.now(UTC), (), limits)
    token = registry.tokens.sign(subscribe_claims("abc", datetime.now(UTC), seconds))
    socket = ScriptedSocket()
    serving = asyncio.create_task(registry.serve(socket, "json", registry.tokens.read(token)))
    try:
        yield ConnectedPage(registry, socket, serving)
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


async def assert_ended(page: ConnectedPage) -> None:
    """The connection has ended by itself and left nothing behind."""
    async with asyncio.timeout(2):
        await page.serving
    assert page.registry.connections == 0


async def test_a_connection_starts_with_what_the_client_must_know() -> None:
    """Without these details the client library throws."""
    async with connected() as page:
        hello = await page.socket.next(Action.CONNECTED)

        details = hello["connectionDetails"]
        assert details["clientId"] == "abc"
        assert details["maxIdleInterval"] == 50
        assert details["connectionKey"].startswith(hello["connectionId"])


async def test_a_quiet_connection_is_kept_awake() -> None:
    """A heartbeat within every promised interval."""
    async with connected() as page:
        started = asyncio.get_running_loop().time()

        for _ in range(3):
            await page.socket.next(Action.HEARTBEAT)

        assert 0.1 < asyncio.get_running_loop().time() - started < 1


async def test_a_ping_is_answered_by_its_id() -> None:
    """The client measures its round trip by it."""
    async with connected() as page:
        page.socket.give({"action": Action.HEARTBEAT, "id": "p1"})

        while "id" not in (answer := await page.socket.next(Action.HEARTBEAT)):
            continue
        assert answer["id"] == "p1"


async def test_attaching_gives_the_right_to_listen_and_a_place_to_come_back_to() -> None:
    """A first attach is never called a continuation."""
    async with connected() as page:
        answer = await page.attach()

        assert answer["flags"] == Flag.SUBSCRIBE
        assert answer["channelSerial"] == page.registry.channels.serial
        assert "error" not in answer


async def test_a_client_that_reconnects_gets_what_it_missed_as_a_continuation() -> None:
    """From the last serial on, with the flag that spares the page a fetch."""
    async with connected() as page:
        known = (await page.attach())["channelSerial"]
        page.socket.give({"action": Action.DETACH, "channel": "user:abc"})
        await page.socket.next(Action.DETACHED)
        page.publish("missed")

        again = await page.attach(channelSerial=known)

        assert again["flags"] == Flag.SUBSCRIBE | Flag.RESUMED
        assert (await page.socket.next(Action.MESSAGE))["messages"][0]["id"] == "missed"


async def test_a_renewed_token_keeps_the_channel() -> None:
    """CONNECTED again, and no frame about the channel."""
    async with connected() as page:
        await page.attach()

        page.socket.give({"action": Action.AUTH, "auth": {"accessToken": page.token()}})

        await page.socket.next(Action.CONNECTED)
        page.publish("after")
        await page.socket.next(Action.MESSAGE)


@pytest.mark.parametrize(
    ("auth", "code"),
    [
        ({"accessToken": "nonsense"}, 40144),
        ({}, 40000),
        (None, 40000),
        ("other user", 40102),
    ],
)
async def test_a_renewal_that_is_not_right_ends_the_connection(auth: Any, code: int) -> None:
    """No token turns one user's connection into another's."""
    async with connected() as page:
        request = {"accessToken": page.token("xyz")} if auth == "other user" else auth
        page.socket.give({"action": Action.AUTH, "auth": request})

        ended = await page.socket.next(Action.DISCONNECTED if code == 40000 else Action.ERROR)

        assert ended["error"]["code"] == code
        await assert_ended(page)


async def test_a_renewal_is_asked_for_once() -> None:
    """A page that does not answer is not asked again and again."""
    async with connected(seconds=2) as page:
        ended = await page.socket.next(Action.DISCONNECTED)

        assert ended["error"]["code"] == 40142
        await assert_ended(page)
    async with connected(seconds=2) as page:
        await page.serving
        frames = [page.socket.sent.get_nowait() for _ in range(page.socket.sent.qsize())]
        assert sum(frame["action"] == Action.AUTH for frame in frames) == 1


@pytest.mark.parametrize(
    "data",
    ["", "nonsense", "[]", "{}", '{"action": "10"}', b"\xc1", b"\x91\x01", '{"action": 10}', "[" * 50_000],
)
async def test_a_frame_that_means_nothing_ends_the_connection_in_good_order(data: str | bytes) -> None:
    """The client gets an error, and nothing is left behind."""
    async with connected() as page:
        page.socket.give(data)

        ended = await page.socket.next(Action.DISCONNECTED)

        assert ended["error"]["code"] == 40000
        await assert_ended(page)


async def test_an_action_from_the_future_is_passed_over() -> None:
    """A newer client library may send more than this hub understands."""
    async with connected() as page:
        page.socket.give({"action": 99})

        assert await page.attach()


async def test_a_stuck_reader_is_disconnected() -> None:
    """Its memory is freed within the time limit of one frame."""
    async with connected() as page:
        await page.attach()
        page.socket.stuck = True

        page.publish("unread")

        await assert_ended(page)


async def test_a_page_that_leaves_is_forgotten() -> None:
    """Both the polite way and the cable that was pulled."""
    for last_frame in ({"action": Action.CLOSE}, {"action": Action.DISCONNECT}, None):
        async with connected() as page:
            await page.attach()

            page.socket.give(last_frame)

            await assert_ended(page)


async def test_a_close_is_confirmed() -> None:
    """The client waits for it."""
    async with connected() as page:
        page.socket.give({"action": Action.CLOSE})

        assert await page.socket.next(Action.CLOSED)


async def test_a_closing_hub_asks_clients_to_reconnect() -> None:
    """With a status of 500 or more the client tries again by itself; below it would give up."""
    async with connected() as page:
        await page.attach()

        await page.registry.close()

        assert (await page.socket.next(Action.DISCONNECTED))["error"]["statusCode"] >= 500
        await assert_ended(page)


async def test_one_user_cannot_take_all_the_connections() -> None:
    """The next connection of that user alone is refused for the moment."""
    async with connected(limits=HubLimits(connections_for_each_user=1)) as page:
        await page.socket.next(Action.CONNECTED)

        with pytest.raises(HubError) as refused:
            page.registry.check_capacity(page.registry.tokens.read(page.token("abc")))
        page.registry.check_capacity(page.registry.tokens.read(page.token("xyz")))

        assert refused.value.status >= 500
