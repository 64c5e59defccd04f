"""One of several server processes: ``python -m app.server.worker LISTENING CHANNEL``, started by the parent.

It serves from the first moment; until the parent reports that the database is up to date, whatever needs the
database is answered with 503. It ends as after SIGTERM when the parent is gone.
"""

import asyncio
import os
import signal
import socket
import sys
from types import SimpleNamespace
from typing import Any

import structlog
import uvicorn

from app.config.settings import read_settings
from app.embedded.hub.redaction import redact_queries
from app.main import Overrides, create_app
from app.server import log, serving
from app.server.fleet import BEAT, GO, SERVING

BEAT_S = 1.0


def main(listening: int, channel: int) -> None:
    """Serve until the parent or a signal ends it."""
    settings = read_settings(os.environ)
    log.configure(settings.log_level, serving=True)
    redact_queries()
    # Processes that this one starts, such as the image decoders, must not inherit the port.
    for number in (listening, channel):
        os.set_inheritable(number, False)
    with socket.socket(fileno=listening) as shared, socket.socket(fileno=channel) as parent:
        try:
            serving.run(_serve(settings, shared, parent))
        except Exception as problem:
            structlog.get_logger("clinicpro").error(
                "worker.failed", error=type(problem).__name__, reason=str(problem)[:300]
            )
            sys.exit(1)


async def _serve(settings: Any, shared: socket.socket, parent: socket.socket) -> None:
    reader, writer = await asyncio.open_unix_connection(sock=parent)
    app = create_app(settings, Overrides(prepared=False))
    listener = asyncio.create_task(_listen_to_parent(reader, app.state.backends.sql))
    beats = SimpleNamespace(task=None)

    def report_serving() -> None:
        writer.write(SERVING)
        beats.task = asyncio.create_task(_beat(writer))

    try:
        async with app.lifespan():
            config = uvicorn.Config(app, lifespan="off", **serving.options(settings.trusted_proxies))
            await serving.serve_together([config], report_serving, [shared])
    finally:
        for task in (listener, beats.task):
            if task is not None:
                task.cancel()
        writer.close()


async def _listen_to_parent(reader: asyncio.StreamReader, sql: Any) -> None:
    """The channel closes with the parent, however that ended."""
    while received := await _read(reader):
        if GO in received:
            sql.ready = True
    os.kill(os.getpid(), signal.SIGTERM)


async def _read(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read(16)
    except ConnectionError:
        return b""


async def _beat(writer: asyncio.StreamWriter) -> None:
    while True:
        await asyncio.sleep(BEAT_S)
        writer.write(BEAT)


if __name__ == "__main__":
    main(*(int(number) for number in sys.argv[1:]))
