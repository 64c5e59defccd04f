"""Structured logs with an allow-list: a field that is not listed never reaches a log line.

Patient data, tokens and query strings of signed URLs have no field here, so they cannot be logged
by accident (I12).
"""

import asyncio
import atexit
import json
import logging
import sys
import threading
from collections.abc import MutableMapping
from typing import Any, TextIO, cast
from uuid import UUID

import msgspec
import structlog

FIELDS = frozenset(
    {
        "event", "level", "timestamp", "request_id", "method", "route", "status", "duration_ms",
        "code", "error", "where", "user", "session", "via", "photo", "consultation", "count", "stored",
        "failed", "waiting", "refused", "erased",
        "deleted", "pending", "published", "attempt", "part", "origin", "origins", "version", "journal",
        "synchronous", "sqlite", "edition", "port", "size", "age_s", "key", "reason", "until", "cause", "pid",
        "change",
    }
)  # fmt: skip

_QUICK = msgspec.json.Encoder(enc_hook=repr)
_ASCII = json.JSONEncoder(default=repr)


def _keep_listed_fields(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop every field that is not on the list."""
    if event.keys() <= FIELDS:
        return event
    for name in [name for name in event if name not in FIELDS and not name.startswith("_")]:
        del event[name]
    return event


def _as_json(_: Any, __: str, event: MutableMapping[str, Any]) -> str:
    """ASCII only: some characters beyond it are commands to a terminal."""
    try:
        line = _QUICK.encode(event)
    except UnicodeEncodeError:  # half a character, as the name of a file may hold
        return _ASCII.encode(event)
    return line.decode() if line.isascii() else _ASCII.encode(event)


def log_missing_thumbnail(photo_id: UUID, reason: str) -> None:
    """One line for a photo that was stored without its thumbnail."""
    structlog.get_logger("clinicpro").warning("thumbnail.failed", photo=str(photo_id), reason=reason)


class OneWriteATurn:
    """A stream for a server: the lines of one turn of the event loop are written together when it ends.

    Requests that share a commit are answered in one turn, and a write for each woke the reader of the log.
    What is logged outside the loop is written at once.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lines: list[str] = []
        self._due_in: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()
        # The loop may end within the turn.
        atexit.register(self.write_out)

    def write(self, line: str) -> None:
        """Take a line, which ``flush`` has written."""
        with self._lock:
            self._lines.append(line)

    def flush(self) -> None:
        """Write at once where no loop runs, else when its turn ends."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.write_out()
            return
        if self._due_in is not loop:
            self._due_in = loop
            loop.call_soon(self.write_out)

    def write_out(self) -> None:
        """Write what is waiting."""
        self._due_in = None
        with self._lock:
            lines, self._lines = self._lines, []
        if lines:
            self._stream.write("".join(lines))
            self._stream.flush()


def configure(level: str, stream: TextIO = sys.stderr, *, serving: bool = False) -> None:
    """JSON lines on ``stream``; control characters are escaped by the JSON encoder.

    ``serving``: this stays so until the process ends, and lines are written turn by turn.
    """
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _keep_listed_fields,
            _as_json,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        # Typed for files; of one it only asks what ``OneWriteATurn`` has.
        logger_factory=structlog.WriteLoggerFactory(
            cast("TextIO", OneWriteATurn(stream) if serving else stream)
        ),
        cache_logger_on_first_use=serving,
    )
