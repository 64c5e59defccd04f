"""Which signals a user may receive: one user, one channel, subscribe only, for a quarter of an hour.

Pure rules shared by both editions, so that Ably and the built-in hub hand out the same grant.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime

from app.domain.errors import InvalidField

MESSAGE_NAME = "changed"
TOKEN_SECONDS = 15 * 60
SESSION_CLAIM = "x-cp-session"
PUBLISH_DEADLINE_SECONDS = 3.0

_USER = re.compile(r"[A-Za-z0-9_-]{1,64}")


def channel_name(user: str) -> str:
    """``user:{user}``; raises ``InvalidField`` for an id that could widen a capability.

    A ``*``, ``:``, ``,`` or ``[`` inside a channel name means more than itself to Ably.
    """
    if not _USER.fullmatch(user):
        raise InvalidField("This account has an id that cannot receive signals.", field="user")
    return f"user:{user}"


def ably_host(endpoint: str) -> str:
    """The host of an Ably endpoint: a full name is one, anything else names one of Ably's own."""
    if "." in endpoint or endpoint == "localhost":
        return endpoint
    return f"{endpoint or 'main'}.realtime.ably.net"


def subscribe_claims(
    user: str, now: datetime, seconds: int = TOKEN_SECONDS, session: str = ""
) -> dict[str, object]:
    """Claims of a token that may subscribe to exactly the user's own channel.

    The capability is always written out: without one, a token inherits everything its key may do.
    Raises ``InvalidField`` as ``channel_name`` does.
    """
    issued = int(now.timestamp())
    claims: dict[str, object] = {
        "iat": issued,
        "exp": issued + seconds,
        "x-ably-capability": json.dumps({channel_name(user): ["subscribe"]}),
        "x-ably-clientId": user,
    }
    return claims | ({SESSION_CLAIM: session} if session else {})


def signal_body(message_id: str, payload: Mapping[str, object]) -> dict[str, object]:
    """One message as it travels: JSON text, and an id that makes a second sending harmless."""
    return {
        "id": message_id,
        "name": MESSAGE_NAME,
        "data": json.dumps(payload, separators=(",", ":")),
        "encoding": "json",
    }
