"""Runs one app on one or two sockets in one event loop: plain for this computer, https for phones.

The first server carries the lifespan; the second shares the running app. Ctrl-C or SIGTERM stops
both, the one with the lifespan last, so that no request meets a closed database.
"""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator, Sequence

import uvicorn


class QuietServer(uvicorn.Server):
    """A server that leaves signals to whoever runs it, since two of them share one process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing."""
        yield


async def serve_together(configs: Sequence[uvicorn.Config], announce: Callable[[], None]) -> None:
    """Start each config in turn, announce once all listen, stop them in reverse order."""
    servers = [QuietServer(config) for config in configs]
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    tasks = []
    for server in servers:
        task = asyncio.create_task(server.serve())
        tasks.append(task)
        await _until_started(server, task)
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
            raise SystemExit(1)
        await asyncio.sleep(0.01)


def lan_address() -> str | None:
    """This computer's address in its network, or None; asks the routing table and sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address = str(probe.getsockname()[0])
    return None if address.startswith(("127.", "0.")) else address


def port_is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
