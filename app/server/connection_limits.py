"""HTTP connections with bounds on what a client may send, and how slowly, before its request is whole.

The web server itself waits without end for the rest of a request and keeps any number of headers, so
that one machine could occupy every connection or fill the memory without a single whole request.
"""

import ipaddress
from asyncio import TimerHandle
from collections import Counter
from collections.abc import Iterable
from typing import Any, ClassVar, Protocol

import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from app.domain.client_network import client_network
from app.domain.photos.model import MAX_PHOTO_BYTES
from app.server.request_heads import fault_of_head

_log = structlog.get_logger("clinicpro")


class ConnectionTicket(Protocol):
    """What a connection took when it was accepted."""

    def mark_active(self) -> None:
        """Its first request is here."""
        ...

    def release(self) -> None:
        """It has ended."""
        ...


class PerAddressLimit:
    """A connection that counts among those of its kind from its address."""

    # A clinic behind one address: thirty users, each with a desktop and a phone, six connections apiece.
    most_of_one_address = 512

    client: Any
    config: Any
    transport: Any
    # None where connections are not counted when they are accepted.
    ticket: ConnectionTicket | None = None
    _open: ClassVar[Counter[str]]
    _counted = ""

    def _count(self) -> None:
        """Close this connection where its address has too many already."""
        host = self.client[0] if self.client else ""
        if self.is_shared_address(host):
            return
        self._counted = client_network(host)
        self._open[self._counted] += 1
        if self._open[self._counted] > self.most_of_one_address:
            _log.info("connection.refused", reason="many")
            self.transport.close()

    def _uncount(self) -> None:
        if self._counted:
            self._open[self._counted] -= 1
            if not self._open[self._counted]:
                del self._open[self._counted]
            self._counted = ""

    def _end(self) -> None:
        """The connection is gone: it counts nowhere any more."""
        self._uncount()
        if self.ticket is not None:
            self.ticket.release()

    def is_shared_address(self, host: str) -> bool:
        """Whether the clients of one address cannot be distinguished: this computer, or a named proxy."""
        proxies = self.config.forwarded_allow_ips if self.config.proxy_headers else ()
        return is_among(host, ("127.0.0.0/8", "::1/128", *proxies))


class BoundedHttp(PerAddressLimit, HttpToolsProtocol):
    """Ends a connection whose request does not come in time, or sends too much without a whole head."""

    head_bytes = 65_536
    head_seconds = 30.0
    body_seconds = 40.0
    # Slower than the built-in store allows, so that its own answer comes first.
    slowest_bytes_per_second = 1_500
    # A browser that is still sending when its answer comes would see a broken connection instead.
    answered_seconds = 10.0

    _open: ClassVar[Counter[str]] = Counter()
    _unparsed = 0
    _deadline: TimerHandle | None = None
    _receiving = True

    def connection_made(self, transport: Any) -> None:
        """A request is expected at once: browsers close what they opened ahead by themselves."""
        super().connection_made(transport)
        self._expect_within(self.head_seconds)
        self._count()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more is waited for."""
        self._expect_nothing()
        self._end()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what brings neither the end of a head nor a byte of a body: both callbacks reset it."""
        self._unparsed += len(data)
        super().data_received(data)
        if self._unparsed > self.head_bytes and not self.transport.is_closing():
            self._refuse("long")
            self.send_400_response("The head of the request is too long.")

    def on_message_begin(self) -> None:
        """The first byte of a request, on a new connection or on one that was kept."""
        super().on_message_begin()
        self._receiving = True
        self._expect_within(self.head_seconds)

    def on_headers_complete(self) -> None:
        """The longer the declared body, the longer it may take.

        A head that could mean two things is an error of the parser's, which answers 400 and closes.
        """
        self._unparsed = 0
        fault = fault_of_head(self.headers, self.url, self.parser.get_http_version())
        if fault is not None:
            self._refuse(f"head-{fault}")
            raise ValueError(fault)
        length = _declared_length(self.headers)
        self._expect_within(self.body_seconds + length / self.slowest_bytes_per_second)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Bytes of a body, which the app reads."""
        self._unparsed = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The whole request is here; no limit applies to the time of its answer."""
        self._receiving = False
        self._expect_nothing()
        if self.ticket is not None:
            self.ticket.mark_active()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """A client that has its answer may not go on sending for long."""
        super().on_response_complete()
        if self._receiving and not self.transport.is_closing():
            self._expect_within(self.answered_seconds)

    def handle_websocket_upgrade(self) -> None:
        """From here on the connection obeys the rules of WebSockets, and counts among those."""
        self._expect_nothing()
        self._uncount()
        # Typed as a class, of which uvicorn only asks that it can be called.
        bounded: Any = self
        make, ticket = bounded.ws_protocol_class, self.ticket
        if ticket is not None:
            ticket.mark_active()

        def make_with_ticket(**parts: Any) -> Any:
            made: Any = make(**parts)
            made.ticket = ticket
            return made

        bounded.ws_protocol_class = make_with_ticket
        super().handle_websocket_upgrade()

    def _expect_within(self, seconds: float) -> None:
        self._expect_nothing()
        self._deadline = self.loop.call_later(seconds, self._give_up)

    def _expect_nothing(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._refuse("slow")
        self.transport.close()

    def _refuse(self, reason: str) -> None:
        self._expect_nothing()
        _log.info("connection.refused", reason=reason)


class BoundedSocket(PerAddressLimit, WebSocketsSansIOProtocol):
    """A page's WebSocket, counted until it ends; what only looked like the beginning of one ends at once."""

    # Pages send a message in one; empty pieces would fill the memory within every bound of bytes.
    most_pieces = 64

    _open: ClassVar[Counter[str]] = Counter()

    def connection_made(self, transport: Any) -> None:
        """Takes a connection over from HTTP."""
        super().connection_made(transport)
        self._count()

    def connection_lost(self, exc: Exception | None) -> None:
        """It counts no longer."""
        self._end()
        super().connection_lost(exc)

    def handle_cont(self, event: Any) -> None:
        """One more piece of a message."""
        if self.transport.is_closing():
            return
        if len(self.frames) >= self.most_pieces:
            _log.info("connection.refused", reason="pieces")
            self.transport.abort()
            return
        super().handle_cont(event)

    def data_received(self, data: bytes) -> None:
        """The first call brings the whole head of the request.

        The parser takes one that HTTP allows and WebSockets do not (POST, a body, too many headers) for
        the end of the connection and reports nothing, and the web server would wait without end.
        """
        if self.transport.is_closing():
            return
        super().data_received(data)
        if not self.handshake_initiated and not self.transport.is_closing():
            _log.info("connection.refused", reason="upgrade")
            self.transport.close()


def is_among(host: str, networks: Iterable[str]) -> bool:
    """Whether an address lies in one of these networks; what is no address, such as a socket's, does."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return True
    return any(address in ipaddress.ip_network(network) for network in networks)


def _declared_length(headers: list[tuple[bytes, bytes]]) -> int:
    """The length of the body that a head declares, at most that of the largest photo."""
    length = dict(headers).get(b"content-length", b"")
    return min(int(length[:12]), MAX_PHOTO_BYTES) if length.isdigit() else 0
