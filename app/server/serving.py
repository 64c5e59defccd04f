"""Serves one app on one or two sockets in one event loop: plain for this computer, https for phones.

The app's parts open before the first socket is served and close after the last, so that no request
meets a closed database and what cannot work ends the start with a sentence. Ctrl-C or SIGTERM stops it.
"""

import asyncio
import contextlib
import errno
import gc
import io
import shlex
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any
from urllib.parse import urlsplit

import msgspec
import segno
import uvicorn
import uvloop
from litestar import Litestar

from app.checks.every import checks_in_background, log_failures
from app.config.settings import Settings
from app.config.variables import is_loopback
from app.embedded.certificates import Certificates, certificates_for, fingerprint
from app.embedded.hub.limits import HubLimits
from app.embedded.hub.redaction import redact_queries
from app.main import Backends, create_app
from app.server import fleet
from app.server.accepting import AdmittingServer
from app.server.admission import Admission, raise_descriptor_limit, room_for_connections
from app.server.connection_limits import BoundedHttp, BoundedSocket
from app.server.lan import lan_address, lan_prefix
from app.web.site.templates import phone_url, trust_url

# Pages keep WebSockets open; they reconnect by themselves.
SHUTDOWN_S = 3
BACKLOG = 2048
ONLY_HERE = "That address and its QR work only on this computer. For phones: make run LAN=1"
PAST_THE_WARNING = (
    "  The phone warns once: tap Show Details, then visit this website (iPhone), or Advanced, then Proceed "
    "(Android). The page says how to trust this computer."
)


class CannotServe(Exception):
    """Serving is not possible here; the message says why and what to do."""


class QuietServer(AdmittingServer):
    """A server that leaves signals to `serve_together`, since two servers share one process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing."""
        yield


def serve(settings: Settings) -> None:
    """Serve until a signal ends it. Raises ``CannotServe`` with one sentence."""
    certificates = None
    if settings.lan:
        settings, certificates = _with_lan(settings)
    redact_queries()
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(_listening("PORT", settings.host, settings.port))]
        if certificates is not None:
            everywhere = "0.0.0.0"  # noqa: S104 - LAN=1 asks to be reachable from the network
            sockets.append(stack.enter_context(_listening("HTTPS_PORT", everywhere, settings.https_port)))
        if settings.workers > 1:
            _serve_many(settings, sockets[0])
        else:
            run(_serve_here(settings, sockets, certificates))


def _serve_many(settings: Settings, listening: socket.socket) -> None:
    """Worker processes under this one; what cannot work is found here before the first of them starts."""
    app = create_app(settings)
    beside: list[asyncio.Task[None]] = []  # The loop itself keeps no task alive.

    async def prepare() -> None:
        await app.state.backends.prepare()
        _print_addresses(settings, app)
        beside.append(asyncio.create_task(_log_failures(settings)))

    fleet.supervise(settings.workers, listening, prepare)


async def _log_failures(settings: Settings) -> None:
    """The parent of several processes tries the services once for all of them."""
    async with Backends(settings).opened(migrate=False) as backends:
        await log_failures(backends)


async def _serve_here(
    settings: Settings, sockets: Sequence[socket.socket], certificates: Certificates | None
) -> None:
    """One app behind every socket; its parts open before the first and close after the last."""
    app = create_app(settings)
    chosen = options(settings.trusted_proxies)
    configs = [uvicorn.Config(app, lifespan="off", **chosen)]
    if certificates is not None:
        configs.append(uvicorn.Config(app, lifespan="off", **chosen, **_tls(certificates)))
    async with app.lifespan(), checks_in_background(app.state.backends):
        await serve_together(configs, lambda: _print_addresses(settings, app, certificates), sockets)


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end, which SIGTERM brings about at any moment: while parts open and migrations run, too."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_until_signalled(work))


async def _until_signalled(work: Coroutine[Any, Any, None]) -> None:
    """Without a handler SIGTERM would end nothing where this is the first process of a container."""
    signalled = asyncio.Event()
    task = asyncio.create_task(work)

    def end() -> None:
        signalled.set()
        task.cancel()

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, end)
    try:
        await task
    except asyncio.CancelledError:
        if not signalled.is_set():
            raise


async def serve_together(
    configs: Sequence[uvicorn.Config], on_listening: Callable[[], None], sockets: Sequence[socket.socket] = ()
) -> None:
    """Start each config in turn, call ``on_listening`` once all listen, stop in reverse order on a signal.

    Each takes its socket, or binds one of its own where ``sockets`` is empty.
    """
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    admission = Admission(room_for_connections(raise_descriptor_limit()), _proxies(configs))
    servers = [QuietServer(config, admission) for config in configs]
    tasks: list[asyncio.Task[None]] = []
    for server, listening in zip_longest(servers, sockets):
        tasks.append(asyncio.create_task(server.serve(sockets=[listening] if listening else None)))
        await _until_started(server, tasks[-1])
    _keep_what_is_here()
    on_listening()
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    for server, task in reversed(list(zip(servers, tasks, strict=True))):
        server.should_exit = True
        await task


def _keep_what_is_here() -> None:
    """What the start has made stays: a full collection would stop all requests to walk through it."""
    gc.collect()
    gc.freeze()


def _proxies(configs: Sequence[uvicorn.Config]) -> Sequence[str]:
    """Proxies that a setting names; the same for every socket."""
    named = configs[0].forwarded_allow_ips if configs[0].proxy_headers else ()
    return named if isinstance(named, list) else ()


async def _until_started(server: uvicorn.Server, task: asyncio.Task[None]) -> None:
    while not server.started:
        if task.done():
            await task
            raise CannotServe("The server could not start; the lines above say why.")
        await asyncio.sleep(0.01)


def options(proxies: Sequence[str] = ()) -> dict[str, Any]:
    """How every socket is served.

    A proxy may state the client's address and scheme only if a setting names it: any program on this
    computer could otherwise count as another address with every guess.
    """
    return {
        "loop": "uvloop",
        "http": BoundedHttp,
        "ws": BoundedSocket,
        # Pages send little. Unpacking before authentication would let a few bytes fill the memory.
        "ws_max_size": HubLimits().frame_bytes,
        "ws_per_message_deflate": False,
        "access_log": False,  # Our own line per request has no query and no token.
        "log_level": "warning",
        "server_header": False,
        "proxy_headers": bool(proxies),
        "forwarded_allow_ips": list(proxies),
        "timeout_graceful_shutdown": SHUTDOWN_S,
    }


def _tls(certificates: Certificates) -> dict[str, Any]:
    return {"ssl_certfile": str(certificates.leaf), "ssl_keyfile": str(certificates.leaf_key)}


def with_lan_origin(settings: Settings) -> Settings:
    """The settings with the address that phones of the network use, where one is served and known."""
    address = lan_address() if settings.lan else None
    if address is None:
        return settings
    origin = f"https://{address}:{settings.https_port}"
    origins = tuple(dict.fromkeys((*settings.public_origins, origin)))
    return msgspec.structs.replace(settings, public_origins=origins)


def _with_lan(settings: Settings) -> tuple[Settings, Certificates]:
    address = lan_address()
    if address is None:
        raise CannotServe("LAN=1 needs a network, and this computer has no address in one.")
    try:
        certificates = certificates_for(
            address, settings.key_dir / "tls", datetime.now(UTC), lan_prefix(address)
        )
    except ValueError:
        raise CannotServe(
            "KEY_DIR holds a damaged certificate in its folder tls. Remove that folder and start again; "
            "each phone must then trust the new certificate once."
        ) from None
    return with_lan_origin(settings), certificates


def _listening(name: str, host: str, port: int) -> socket.socket:
    """A listening socket; raises ``CannotServe`` with a sentence that names the setting."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except socket.gaierror:
        raise CannotServe("HOST is no address of this computer. Correct it and start again.") from None
    listening = socket.socket(found[0], found[1])
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(found[4])
        listening.listen(BACKLOG)  # Not later: until then another program can take the port as well.
    except OSError as problem:
        listening.close()
        raise CannotServe(_why_not(name, port, problem)) from None
    return listening


def _why_not(name: str, port: int, problem: OSError) -> str:
    if problem.errno == errno.EADDRINUSE:
        return f"{name} {port} is in use on this computer. Stop what uses it, or set {name} to another."
    if problem.errno == errno.EACCES:
        return f"{name} {port} needs rights that this account does not have. Set {name} to 1024 or more."
    return f"HOST and {name} {port} cannot be served ({problem.strerror}). Correct them and start again."


def _print_addresses(settings: Settings, app: Litestar, certificates: Certificates | None = None) -> None:
    backends: Backends = app.state.backends
    phone = phone_url(settings)
    print(f"\nDesktop: {settings.public_origins[0]}/desktop")
    print(f"Phone: {phone}")
    if certificates is not None:
        print(f"First time on a phone: {trust_url(settings)}\n{PAST_THE_WARNING}")
        shown = fingerprint(certificates.authority.read_bytes())
        print(f"Fingerprint of this computer's certificate authority: {shown}")
    elif is_loopback(urlsplit(phone).hostname or ""):
        print(ONLY_HERE)
    if backends.identity.accounts is not None:
        print(f"Sign in: {_sign_in(backends)}")
    _print_qr(phone)
    sys.stdout.flush()


def _print_qr(text: str) -> None:
    """Only where the terminal can show it; the line with the address says the same."""
    drawn = io.StringIO()
    segno.make(text, error="m", micro=False).terminal(out=drawn, compact=True)
    with contextlib.suppress(UnicodeEncodeError):
        print(drawn.getvalue(), end="")


def _sign_in(backends: Backends) -> str:
    first = backends.first_password
    if first is not None:
        return f"{first.name} / {first.password}"
    names = backends.account_names
    how, reset = (f"as {names[0]} with your", names[0]) if len(names) == 1 else ("with your name and", "NAME")
    return f"{how} password. Forgotten? .venv/bin/python -m app user reset {shlex.quote(reset)}"
