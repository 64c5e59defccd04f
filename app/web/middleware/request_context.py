"""What is known of a request the moment it arrives, kept in its scope for its handlers.

The framework's middleware does not run for requests that match no route, so the context is set where
every request passes: at the app's entry.
"""

import secrets
import time
from collections.abc import Mapping, MutableMapping
from typing import Any, cast

import msgspec

_KEY = "arrival"


class RequestContext(msgspec.Struct, frozen=True, kw_only=True):
    """Id for answers and logs, monotonic start in seconds, and the path as it was asked for.

    The framework rewrites the scope's path for mounted handlers; this one stays.
    """

    request_id: str
    started: float
    path: str


def attach_request_context(scope: MutableMapping[str, Any]) -> None:
    """Mark a connection's arrival. The id is ours: a client's could forge another request's line."""
    scope.setdefault("state", {})[_KEY] = RequestContext(
        request_id=secrets.token_hex(8), started=time.perf_counter(), path=scope["path"]
    )


def request_context_of(scope: Mapping[str, object]) -> RequestContext:
    """The context of this connection."""
    state = cast("dict[str, Any]", scope["state"])
    return cast("RequestContext", state[_KEY])
