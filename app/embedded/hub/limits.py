"""How much one page may ask of the hub, in one place."""

import msgspec


class HubLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Times in seconds; the defaults are those of production."""

    idle_seconds: float = 15.0
    send_seconds: float = 10.0
    flush_seconds: float = 1.0
    shortest_token_seconds: int = 60
    pending: int = 32
    frame_bytes: int = 65_536
    connections_for_each_user: int = 40
    connections: int = 2_000
