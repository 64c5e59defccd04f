"""Query strings never reach a log line: a WebSocket's address carries its token in clear."""

import logging
import re
from collections.abc import Iterable
from typing import Any

_QUERY = re.compile(r"\?[^\s\"']+")
SERVER_LOGGERS = ("uvicorn.access", "uvicorn.error", "uvicorn.asgi")


class QueryRedaction(logging.Filter):
    """Replaces everything after a question mark in a record's message and arguments."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always lets the record pass, without its query strings."""
        record.msg = _redact(record.msg)
        if isinstance(record.args, tuple):
            record.args = tuple(_redact(arg) for arg in record.args)
        elif isinstance(record.args, dict):
            record.args = {name: _redact(arg) for name, arg in record.args.items()}
        return True


def redact_queries(loggers: Iterable[str] = SERVER_LOGGERS) -> None:
    """Put the filter on the web server's loggers; calling it twice changes nothing."""
    for name in loggers:
        logger = logging.getLogger(name)
        if not any(isinstance(found, QueryRedaction) for found in logger.filters):
            logger.addFilter(QueryRedaction())


def _redact(value: Any) -> Any:
    return _QUERY.sub("?-", value) if isinstance(value, str) else value
