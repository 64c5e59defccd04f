"""The embedded edition's signals: an Ably-protocol hub, and the port over it."""

from app.embedded.hub.hub import Hub
from app.embedded.hub.keys import HubKey, load_hub_key, new_hub_key
from app.embedded.hub.limits import HubLimits
from app.embedded.hub.redaction import QueryRedaction, redact_queries
from app.embedded.hub.signals import HubSignals

__all__ = [
    "Hub",
    "HubKey",
    "HubLimits",
    "HubSignals",
    "QueryRedaction",
    "load_hub_key",
    "new_hub_key",
    "redact_queries",
]
