"""Connections of clients that never finish asking: they end by themselves and fill no memory."""

import contextlib
import socket
import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState
from websockets.exceptions import ConnectionClosedError, InvalidMessage
from websockets.sync.client import connect
from websockets.sync.connection import Connection

from app.embedded.hub.limits import HubLimits
from app.server.connection_limits import BoundedHttp, BoundedSocket, is_among
from app.server.serving import options
from tests.support.stores import bound_socket, serving_with
from tests.support.waiting import wait_until

HEAD = b"POST /x HTTP/1.1\r\nHost: localhost\r\n"
LONGEST_WAIT_S = 10.0


class Hasty(BoundedHttp):
    """The same rules with times that a test can wait for; a head still has longer than any test."""

    body_seconds = 0.3
    answered_seconds = 0.3


class Hastier(Hasty):
    """For clients that are slow on purpose: on a busy machine it may be too fast for the others."""

    head_seconds = 0.3


async def reader(scope: Any, receive: Any, send: Any) -> None:
    """Answers once it has the whole body; ``/early`` does not wait for it."""
    if scope["type"] == "websocket":
        await listener(receive, send)
        return
    more = scope["path"] != "/early"
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


async def listener(receive: Any, send: Any) -> None:
    """Accepts any page and answers with the length of its message."""
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": str(len(message.get("bytes") or b""))})


def serving(rules: type[BoundedHttp]) -> Iterator[int]:
    """A server with the options of production, but for the times."""
    settings = options() | {"http": rules, "lifespan": "off"}
    with bound_socket() as listening, serving_with(uvicorn.Config(reader, **settings), listening):
        yield listening.getsockname()[1]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Where a head may take as long as it likes here, and nothing else."""
    yield from serving(Hasty)


@pytest.fixture(scope="module")
def hasty_port() -> Iterator[int]:
    """Where a head must come at once as well."""
    yield from serving(Hastier)


def asked(port: int, *parts: bytes, between: float = 0.0) -> bytes:
    """All that comes back until the server ends the connection; fails when it does not."""
    answer = bytearray()
    with socket.create_connection(("127.0.0.1", port), timeout=LONGEST_WAIT_S) as wire:
        try:
            for part in parts:
                wire.sendall(part)
                time.sleep(between)
            while some := wire.recv(65_536):
                answer += some
        except ConnectionError:
            pass
    return bytes(answer)


AMBIGUOUS = {
    "host twice": b"GET /x HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
    "host twice and the same": b"GET /x HTTP/1.1\r\nHost: localhost\r\nhost: localhost\r\n\r\n",
    "no host": b"GET /x HTTP/1.1\r\n\r\n",
    "old version twice": b"GET /x HTTP/1.0\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
    "old version in chunks": b"POST /x HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a version before heads": b"GET /x\r\n\r\n",
    "a version of another form": b"GET /x HTTP/2.0\r\nHost: localhost\r\n\r\n",
    "whole address": b"GET http://localhost/x HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "whole address of another": b"GET https://evil.example/x HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "authority alone": b"CONNECT evil.example:443 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "asterisk": b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "folded": b"GET /x HTTP/1.1\r\nHost: localhost\r\nX-A: one\r\n two\r\n\r\n",
    "folded host": b"GET /x HTTP/1.1\r\nHost: localhost\r\n .evil.example\r\n\r\n",
    "length twice": HEAD + b"Content-Length: 0\r\nContent-Length: 0\r\n\r\n",
    "two lengths": HEAD + b"Content-Length: 0\r\nContent-Length: 5\r\n\r\nhello",
    "length with a sign": HEAD + b"Content-Length: +0\r\n\r\n",
    "length of a list": HEAD + b"Content-Length: 0, 0\r\n\r\n",
    "length and chunks": HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "chunks twice": HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "another coding": HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "coding that is none": HEAD + b"Transfer-Encoding: identity\r\n\r\n",
    "space before the colon": b"GET /x HTTP/1.1\r\nHost : localhost\r\n\r\n",
    "upgrade to another host": b"GET /x HTTP/1.1\r\nHost: localhost\r\nHost: b\r\nConnection: Upgrade\r\n"
    b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
}


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_a_head_that_could_mean_two_things_is_refused(port: int, name: str) -> None:
    """400 and the end of the connection, so that nothing behind it is taken for a request."""
    answer = asked(port, AMBIGUOUS[name] + HEAD + b"Content-Length: 0\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 400")
    assert answer.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize(
    "head",
    [
        b"GET /x HTTP/1.0\r\n\r\n",
        b"POST /x HTTP/1.0\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi",
        HEAD + b"Connection: close\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        b"GET /x?u=http://a/ HTTP/1.1\r\nHost: localhost:8000\r\nConnection: close\r\nX-A: \tone \r\n\r\n",
    ],
    ids=["probe", "old proxy", "chunks", "address in the query"],
)
def test_a_head_with_one_meaning_is_answered(port: int, head: bytes) -> None:
    """The control: what probes, proxies and browsers send."""
    assert asked(port, head).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [b"POST /x HT"],
        [HEAD + b"X-Slow: "],
        [HEAD + b"Content-Length: 5\r\n\r\n", b"ab"],
        [HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"],
        [HEAD + b"Content-Length: 0\r\n\r\n" + HEAD],
    ],
    ids=["nothing", "half a line", "half a head", "half a body", "no last chunk", "half a second request"],
)
def test_a_request_that_does_not_come_ends_the_connection(hasty_port: int, parts: list[bytes]) -> None:
    """One machine cannot occupy every connection without sending a request."""
    asked(hasty_port, *parts)  # It comes back.


def test_a_head_that_drips_ends_all_the_same(hasty_port: int) -> None:
    """The time is for the whole of it: a byte now and then buys nothing."""
    assert asked(hasty_port, HEAD, *[b"X: y\r\n"] * 12, between=0.05) == b""


def test_a_client_with_its_answer_may_not_go_on_sending(port: int) -> None:
    """Bytes of a body that is not read keep no connection."""
    head = HEAD.replace(b"/x", b"/early") + b"Content-Length: 3000000\r\n\r\n"

    with socket.create_connection(("127.0.0.1", port), timeout=LONGEST_WAIT_S) as wire:
        wire.sendall(head)
        assert b"200 OK" in wire.recv(65_536)
        with pytest.raises(ConnectionError):
            _drip(wire)


def _drip(wire: socket.socket) -> None:
    begun = time.monotonic()
    while time.monotonic() - begun < LONGEST_WAIT_S:
        wire.sendall(b"a")
        time.sleep(0.05)


@pytest.mark.parametrize(
    "start",
    [
        b"POST /",
        HEAD + b"X-Long: ",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX-Trailer: ",
    ],
    ids=["address", "header", "trailer"],
)
def test_an_endless_head_is_cut_off(port: int, start: bytes) -> None:
    """Long before it weighs anything."""
    answer = asked(port, start, *[b"a" * 60_000] * 20)

    assert answer == b"" or answer.startswith(b"HTTP/1.1 400")


def test_requests_of_ordinary_size_pass(port: int) -> None:
    """The control: a large head and a body far above the limit of heads, on one connection."""
    large = HEAD + b"X-Large: " + b"a" * 30_000 + b"\r\nContent-Length: 2000000\r\n\r\n" + b"b" * 2_000_000
    last = HEAD + b"Connection: close\r\nContent-Length: 0\r\n\r\n"

    assert asked(port, large, last).count(b"200 OK") == 2


def test_a_body_may_take_the_longer_the_larger_it_is(port: int) -> None:
    """The control of the slow ones: a photo on a weak link is not cut off."""
    head = HEAD + b"Connection: close\r\nContent-Length: 15000\r\n\r\n"

    assert asked(port, head, *[b"a" * 1_000] * 15, between=0.05).endswith(b"ok")


def test_a_packed_message_is_not_unpacked(port: int) -> None:
    """A few bytes that unpack to megabytes would fill the memory before any sign-in."""
    with connect(f"ws://127.0.0.1:{port}/", compression="deflate") as page:
        page.send(b"a" * 100)

        assert page.recv() == "100"
        assert page.protocol.extensions == []


def exchange(page: Connection, parts: Sequence[bytes]) -> str | bytes:
    """Send one message in parts and receive the answer; the connection may end in either."""
    page.send(parts)
    return page.recv()


def test_a_message_is_cut_off_where_pages_never_go(port: int) -> None:
    """While it comes, in one piece or in many, and not once it is here."""
    limit = HubLimits().frame_bytes
    with connect(f"ws://127.0.0.1:{port}/") as page:
        page.send(b"a" * limit)
        assert page.recv() == str(limit)

        with pytest.raises(ConnectionClosedError) as ended:
            exchange(page, [b"a" * (limit // 2)] * 3)

    assert ended.value.rcvd is not None
    assert ended.value.rcvd.code == 1009


class Crowded(BoundedHttp):
    """Three connections for each address, this computer's own among them."""

    most_of_one_address = 3

    def is_shared_address(self, host: str) -> bool:
        return False


def is_refused(wire: socket.socket) -> bool:
    """Whether the server ended a connection instead of answering on it."""
    wire.sendall(HEAD + b"Content-Length: 0\r\n\r\n")
    try:
        return wire.recv(65_536) == b""
    except ConnectionError:
        return True


def test_one_address_holds_so_many_connections_and_no_more() -> None:
    """A client with all of them gets no further one until one of them ends; a page's signals free theirs."""
    settings = options() | {"http": Crowded, "lifespan": "off"}
    with bound_socket() as listening, serving_with(uvicorn.Config(reader, **settings), listening):
        address = ("127.0.0.1", listening.getsockname()[1])
        page = connect(f"ws://127.0.0.1:{address[1]}/")
        connections = [socket.create_connection(address, timeout=LONGEST_WAIT_S) for _ in range(3)]
        assert [is_refused(wire) for wire in connections] == [False] * 3

        with socket.create_connection(address, timeout=LONGEST_WAIT_S) as one_more:
            assert is_refused(one_more)

        connections.pop().close()
        until_free(address)
        for wire in connections:
            wire.close()
        page.close()
    assert not Crowded._open


class FewPages(BoundedSocket):
    """Three pages for each address, this computer's own among them."""

    most_of_one_address = 3

    def is_shared_address(self, host: str) -> bool:
        return False


def test_one_address_holds_so_many_sockets_and_no_more() -> None:
    """An upgrade is no way around the bound: no token has been asked for by then."""
    settings = options() | {"ws": FewPages, "lifespan": "off"}
    with bound_socket() as listening, serving_with(uvicorn.Config(reader, **settings), listening):
        address = f"ws://127.0.0.1:{listening.getsockname()[1]}/"
        pages = [connect(address) for _ in range(3)]

        with pytest.raises((EOFError, ConnectionError, InvalidMessage)):
            connect(address)

        pages.pop().close()
        with connect(address):
            pass
        for page in pages:
            page.close()
    assert not FewPages._open


def test_a_message_in_endless_pieces_ends_the_connection() -> None:
    """Empty pieces are within every bound of bytes, and each is kept until the last; a few are well."""
    settings = options() | {"lifespan": "off"}
    with bound_socket() as listening, serving_with(uvicorn.Config(reader, **settings), listening):
        address = f"ws://127.0.0.1:{listening.getsockname()[1]}/"
        with connect(address) as page:
            page.send([b"a"] * 20)
            assert page.recv(10) == "20"
            with contextlib.suppress(ConnectionClosedError):
                page.send([b""] * 10_000)
            with pytest.raises(ConnectionClosedError):
                page.recv(10)


UPGRADE = (
    b" / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


@pytest.mark.parametrize(
    "head",
    [
        b"POST" + UPGRADE,
        b"GET" + UPGRADE + b"Content-Length: 5\r\n",
        b"GET" + UPGRADE + b"Transfer-Encoding: chunked\r\n",
        b"GET" + UPGRADE + b"X: y\r\n" * 200,
        b"GET" + UPGRADE + b"X: " + b"y" * 9_000 + b"\r\n",
    ],
    ids=["another method", "a length", "chunks", "many headers", "a long header"],
)
def test_what_only_looks_like_a_websocket_ends_the_connection(port: int, head: bytes) -> None:
    """The one parser passes it on and the other never answers: it would stay open without end."""
    assert b"101" not in asked(port, head + b"\r\n")  # It comes back.


def until_free(address: tuple[str, int]) -> None:
    """Until the server has noticed that a connection ended."""

    def is_free() -> bool:
        with socket.create_connection(address, timeout=LONGEST_WAIT_S) as wire:
            return not is_refused(wire)

    wait_until(is_free, "an ended connection is still counted", LONGEST_WAIT_S)


@pytest.mark.parametrize(
    ("host", "spared"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("10.0.0.7", True),
        ("", True),
        ("10.0.1.7", False),
        ("2001:db8::1", False),
    ],
)
def test_this_computer_and_a_named_proxy_carry_many_clients(host: str, spared: bool) -> None:
    """Their clients cannot be distinguished by address."""
    assert is_among(host, ("127.0.0.0/8", "::1/128", "10.0.0.0/24")) is spared


async def test_a_proxy_is_spared_only_where_a_setting_names_it() -> None:
    """The bound holds for every other address."""
    answers = []
    for proxies in ((), ("10.0.0.7/32",)):
        config = uvicorn.Config(reader, **options(proxies) | {"lifespan": "off"})
        config.load()
        protocol = BoundedHttp(config, ServerState(), {})
        answers.append([protocol.is_shared_address(host) for host in ("10.0.0.7", "127.0.0.1", "10.0.0.8")])

    assert answers == [[False, True, False], [True, True, False]]
