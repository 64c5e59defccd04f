"""The Ably adapter's own behaviour; the signals contract checks what it promises as a port."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
import structlog
from jwt.types import Options

from app.adapters.ably import AblySignals
from app.domain.errors import Unavailable
from tests.support.ports import free_port

PUBLISHING = "app1.publish:" + "p" * 43
SIGNING = "app1.sign:" + "s" * 43
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
PAYLOAD: dict[str, object] = {"t": "photos.changed", "consultation": None, "rev": 1}


class Recorder:
    """A server that keeps every request and answers as Ably does."""

    def __init__(self) -> None:
        self.port = 0
        self.lines: list[str] = []
        self.bodies: list[Any] = []
        self._server: asyncio.Server | None = None

    async def start(self) -> "Recorder":
        self.port = free_port()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        return self

    async def stop(self) -> None:
        assert self._server
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next((int(v) for k, _, v in _fields(head) if k.lower() == "content-length"), 0)
        body = json.loads(await reader.readexactly(length) or b"null")
        self.lines.append(head.splitlines()[0])
        self.bodies.append(body)
        answer = json.dumps(_answer(head)).encode()
        writer.write(
            b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nConnection: close\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(answer), answer)
        )
        await writer.drain()
        writer.close()


def _fields(head: str) -> list[tuple[str, str, str]]:
    return [line.partition(": ") for line in head.splitlines()[1:]]


def _answer(head: str) -> object:
    if "/requestToken" in head:
        return {"token": "opaque", "keyName": "app1.publish", "issued": 1, "expires": 1 << 50}
    return {"channel": "user:abc", "serials": ["1"]}


@pytest.fixture
async def recorder() -> AsyncIterator[Recorder]:
    found = await Recorder().start()
    yield found
    await found.stop()


def adapter(port: int = 0, **changes: Any) -> AblySignals:
    # No test here is about time: a busy machine may take seconds for a call.
    server: dict[str, Any] = {"endpoint": "127.0.0.1", "port": port, "tls": False, "deadline": 30.0} | changes
    return AblySignals(PUBLISHING, SIGNING, lambda: NOW, **server)


async def test_a_message_travels_with_the_id_it_was_given(recorder: Recorder) -> None:
    """The same id on every attempt is what makes a second sending harmless."""
    signals = await adapter(recorder.port).start()

    await signals.publish("abc", "event-1", PAYLOAD)
    await signals.close()

    assert recorder.lines[-1].startswith("POST /channels/user:abc/messages ")
    message = recorder.bodies[-1]
    assert (message["id"], message["name"]) == ("event-1", "changed")
    assert json.loads(message["data"]) == PAYLOAD


async def test_without_tls_the_key_is_never_sent_and_the_token_may_only_publish(recorder: Recorder) -> None:
    """The SDK's default would ask for everything that the key may do."""
    signals = await adapter(recorder.port).start()

    await signals.publish("abc", "1", PAYLOAD)
    await signals.close()

    assert json.loads(recorder.bodies[0]["capability"]) == {"user:*": ["publish"]}
    assert "p" * 43 not in json.dumps(recorder.bodies)


async def test_the_signing_key_signs_and_the_publishing_key_does_not() -> None:
    """Two keys, so that neither can do the other's work."""
    token = adapter().token("abc")

    assert jwt.get_unverified_header(token)["kid"] == "app1.sign"
    moment: Options = {"verify_exp": False, "verify_iat": False}
    assert jwt.decode(token, "s" * 43, ["HS256"], options=moment)["exp"] == NOW.timestamp() + 900


async def test_one_key_does_both_where_there_is_only_one() -> None:
    """An installation may start with a single key."""
    token = AblySignals(PUBLISHING, "", lambda: NOW).token("abc")

    assert jwt.get_unverified_header(token)["kid"] == "app1.publish"


async def test_no_channel_is_kept_after_publishing(recorder: Recorder) -> None:
    """The SDK keeps every channel it ever saw unless it is asked to release it."""
    signals = await adapter(recorder.port).start()

    for user in ("a", "b", "c"):
        await signals.publish(user, "1", PAYLOAD)

    assert list(signals._rest.channels) == []
    await signals.close()


async def test_a_failure_names_its_kind_in_the_log_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    """Neither a key, nor a token, nor the SDK's traceback."""
    signals = await adapter(port=1).start()

    with structlog.testing.capture_logs() as lines, caplog.at_level(logging.INFO):
        with pytest.raises(Unavailable):
            await signals.publish("abc", "1", PAYLOAD)
        with pytest.raises(Unavailable):
            await signals.check()
    await signals.close()

    assert [(line["event"], line["part"]) for line in lines] == [
        ("signals.failed", "publish"),
        ("signals.failed", "time"),
    ]
    assert all(line["error"] for line in lines)
    assert not [record for record in caplog.records if record.name.startswith("ably")]


async def test_publishing_before_the_start_is_an_error_and_no_crash() -> None:
    """And closing what never started is none at all."""
    signals = adapter()

    with pytest.raises(Unavailable):
        await signals.publish("abc", "1", PAYLOAD)
    await signals.close()


async def test_a_call_that_is_cancelled_leaves_the_client_usable(recorder: Recorder) -> None:
    """The server stops in the middle of a signal, or the deadline strikes."""
    signals = await adapter(recorder.port).start()
    task = asyncio.create_task(signals.publish("abc", "1", PAYLOAD))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    await signals.publish("abc", "2", PAYLOAD)
    await signals.close()

    assert recorder.bodies[-1]["id"] == "2"


def test_every_loop_can_have_its_own_client() -> None:
    """The SDK's client belongs to one loop; a new start in a new loop works."""

    async def once() -> int:
        recorder = await Recorder().start()
        signals = await adapter(recorder.port).start()
        await signals.publish("abc", "1", PAYLOAD)
        await signals.close()
        await recorder.stop()
        return len(recorder.bodies)

    assert [asyncio.run(once()), asyncio.run(once())] == [2, 2]


@pytest.mark.parametrize(
    ("endpoint", "host"),
    [("", "main.realtime.ably.net"), ("signals.clinic.example", "signals.clinic.example")],
)
async def test_the_key_goes_over_tls_to_the_chosen_server(endpoint: str, host: str) -> None:
    """With Ably's fallback hosts where it is Ably, and with none where it is not."""
    signals = await AblySignals(PUBLISHING, SIGNING, lambda: NOW, endpoint=endpoint).start()
    options = signals._rest.options
    await signals.close()

    assert (options.get_host(), options.tls) == (host, True)
    assert len(options.get_hosts()) == (1 if endpoint else 2)
