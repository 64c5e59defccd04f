"""Structured logs with an allow-list: a field that is not listed never reaches a log line.

Patient data, tokens and query strings of signed URLs have no field here, so they cannot be logged
by accident (I12).
"""

import json
import logging
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO
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


def configure(level: str, stream: TextIO = sys.stderr) -> None:
    """JSON lines on ``stream``; control characters are escaped by the JSON encoder."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _keep_listed_fields,
            _as_json,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
