"""Accepts connections one by one, so that they are counted before TLS begins."""

import asyncio
import contextlib
import socket
import ssl
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import structlog
import uvicorn
from uvicorn.config import STARTUP_FAILURE

from app.server.admission import OUT_OF_DESCRIPTORS, Admission, Ticket
from app.server.connection_limits import BoundedHttp

HANDSHAKE_S = 10.0
# Until connections that were dropped have returned their descriptors.
RETRY_PAUSE_S = 0.02

_log = structlog.get_logger("clinicpro")

MakeProtocol = Callable[[Ticket], asyncio.Protocol]


class AdmittingServer(uvicorn.Server):
    """A web server whose connections are admitted one by one; takes listening sockets only."""

    def __init__(self, config: uvicorn.Config, admission: Admission) -> None:
        super().__init__(config)
        self._admission = admission

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept on every socket."""
        if sockets is None:
            return await super().startup()
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            sys.exit(STARTUP_FAILURE)
        tls = self.config.ssl
        # uvicorn lists its own servers here; of each it calls ``close`` and ``wait_closed``, as of these.
        self.servers = [Acceptor(each, self._protocol, tls, self._admission) for each in sockets]  # type: ignore[misc]
        self.started = True
        return None

    def _protocol(self, ticket: Ticket) -> asyncio.Protocol:
        protocol: Any = self.config.http_protocol_class  # uvicorn knows it as any protocol.
        made: BoundedHttp = protocol(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        made.ticket = ticket
        return made


class Acceptor:
    """Accepts on one socket until it is closed."""

    def __init__(
        self,
        listening: socket.socket,
        protocol: MakeProtocol,
        tls: ssl.SSLContext | None,
        admission: Admission,
    ) -> None:
        listening.setblocking(False)
        self._listening = listening
        self._protocol = protocol
        self._tls = tls
        self._admission = admission
        self._loop = asyncio.get_running_loop()
        self._beginning: set[asyncio.Task[None]] = set()
        self._accepting = self._loop.create_task(self._accept())

    def close(self) -> None:
        """Accept nothing more; connections that are still beginning are dropped."""
        self._accepting.cancel()
        for task in self._beginning:
            task.cancel()

    async def wait_closed(self) -> None:
        """Until nothing of it is under way; the framework waits for this at the end."""
        await asyncio.gather(self._accepting, *self._beginning, return_exceptions=True)

    async def _accept(self) -> None:
        while True:
            try:
                wire, peer = await self._loop.sock_accept(self._listening)
            except OSError as problem:
                await self._recover(problem)
                continue
            self._admit(wire, peer)

    async def _recover(self, problem: OSError) -> None:
        """A connection that was gone already, or no descriptor left: neither ends the accepting."""
        if problem.errno in OUT_OF_DESCRIPTORS:
            _log.warning("connection.refused", reason="descriptors")
            self._admission.drop_longest_waiting()
        await asyncio.sleep(RETRY_PAUSE_S)

    def _admit(self, wire: socket.socket, peer: object) -> None:
        host = str(peer[0]) if isinstance(peer, tuple) and peer else ""
        ticket = self._admission.enter(host, wire)
        if ticket is None:
            wire.close()
            return
        task = self._loop.create_task(self._begin(wire, ticket))
        self._beginning.add(task)
        task.add_done_callback(self._beginning.discard)

    async def _begin(self, wire: socket.socket, ticket: Ticket) -> None:
        """TLS, where there is any, within its time; from then on the protocol watches over it."""
        wire.setblocking(False)
        with contextlib.suppress(OSError):
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        limit = HANDSHAKE_S if self._tls else None
        make = partial(self._protocol, ticket)
        try:
            await self._loop.connect_accepted_socket(make, wire, ssl=self._tls, ssl_handshake_timeout=limit)
        except (OSError, TimeoutError):  # ssl.SSLError is an OSError
            ticket.release()
        except BaseException:
            ticket.release()
            raise
