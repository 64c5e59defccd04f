"""Serves one app on one or two sockets in one event loop: plain for this computer, https for phones.

The first server carries the lifespan; the second shares the running app. Ctrl-C or SIGTERM stops
both, the one with the lifespan last, so that no request meets a closed database.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import segno
import uvicorn
import uvloop
from litestar import Litestar

from app import log
from app.embedded.certificates import Certificates, certificates_for
from app.embedded.hub.redaction import redact_queries
from app.main import Assembly, create_app
from app.settings import Settings, read_settings

# Pages hold WebSockets open; they come back by themselves.
GOODBYE_S = 3


class CannotServe(Exception):
    """Serving is not possible here; the message says why and what to do."""


class QuietServer(uvicorn.Server):
    """A server that leaves signals to whoever runs it, since two of them share one process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing."""
        yield


def serve(settings: Settings) -> None:
    """Serve until a signal ends it. Raises ``CannotServe`` with one sentence."""
    if settings.workers > 1:
        uvicorn.run(
            "app.serving:from_environment",
            factory=True,
            workers=settings.workers,
            host=settings.host,
            port=settings.port,
            **_options(),
        )
        return
    certificates = None
    if settings.lan:
        settings, certificates = _with_lan(settings)
    _need_free_ports(settings)
    app = create_app(settings)
    configs = [uvicorn.Config(app, host=settings.host, port=settings.port, **_options())]
    if certificates is not None:
        configs.append(_https(app, settings, certificates))
    redact_queries()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve_together(configs, lambda: _announce(settings, app)))


def from_environment() -> Litestar:
    """The app of one worker process."""
    settings = read_settings(os.environ)
    log.configure(settings.log_level)
    redact_queries()
    return create_app(settings)


async def serve_together(configs: Sequence[uvicorn.Config], announce: Callable[[], None]) -> None:
    """Start each config in turn, announce once all listen, stop them in reverse order."""
    servers = [QuietServer(config) for config in configs]
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    tasks: list[asyncio.Task[None]] = []
    for server in servers:
        tasks.append(asyncio.create_task(server.serve()))
        await _until_started(server, tasks[-1])
    announce()
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    for server, task in reversed(list(zip(servers, tasks, strict=True))):
        server.should_exit = True
        await task


async def _until_started(server: uvicorn.Server, task: asyncio.Task[None]) -> None:
    while not server.started:
        if task.done():
            await task
            raise CannotServe("The server could not start; the lines above say why.")
        await asyncio.sleep(0.01)


def _options() -> dict[str, Any]:
    return {
        "loop": "uvloop",
        "http": "httptools",
        "ws": "websockets-sansio",
        "access_log": False,  # Our own line per request has no query and no token.
        "log_level": "warning",
        "server_header": False,
        "timeout_graceful_shutdown": GOODBYE_S,
    }


def _https(app: Litestar, settings: Settings, certificates: Certificates) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host="0.0.0.0",  # noqa: S104 - LAN=1 is the wish to be reached from the network
        port=settings.https_port,
        lifespan="off",
        ssl_certfile=str(certificates.leaf),
        ssl_keyfile=str(certificates.leaf_key),
        **_options(),
    )


def _with_lan(settings: Settings) -> tuple[Settings, Certificates]:
    address = lan_address()
    if address is None:
        raise CannotServe("LAN=1 needs a network, and this computer has no address in one.")
    origin = f"https://{address}:{settings.https_port}"
    origins = tuple(dict.fromkeys((*settings.public_origins, origin)))
    certificates = certificates_for(address, settings.data_dir / "tls", datetime.now(UTC))
    return msgspec.structs.replace(settings, public_origins=origins), certificates


def lan_address() -> str | None:
    """This computer's address in its network, or None; asks the routing table and sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address = str(probe.getsockname()[0])
    return None if address.startswith(("127.", "0.")) else address


def _need_free_ports(settings: Settings) -> None:
    wanted = [("PORT", settings.host, settings.port)]
    if settings.lan:
        wanted.append(("HTTPS_PORT", "0.0.0.0", settings.https_port))  # noqa: S104
    for name, host, port in wanted:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                message = (
                    f"{name} {port} is in use on this computer. Stop what uses it, or set {name} to another."
                )
                raise CannotServe(message) from None


def _announce(settings: Settings, app: Litestar) -> None:
    assembly: Assembly = app.state.assembly
    phone = f"{settings.primary_origin}/mobile"
    print(f"\nDesktop: {settings.public_origins[0]}/desktop")
    print(f"Phone: {phone}")
    if assembly.people.accounts is not None:
        print(f"Sign in: {_sign_in(assembly)}")
    segno.make(phone, error="m").terminal(out=sys.stdout, compact=True)
    sys.stdout.flush()


def _sign_in(assembly: Assembly) -> str:
    first = assembly.first_password
    if first is not None:
        return f"{first.name} / {first.password}"
    names = assembly.account_names
    name = names[0] if len(names) == 1 else "your name"
    return f"{name} / (your password; forgotten: .venv/bin/python -m app user reset NAME)"
