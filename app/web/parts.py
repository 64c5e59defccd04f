"""What the web layer is handed: services, ports and the few facts that only the wiring knows."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from litestar import Litestar
from litestar.types import ControllerRouterHandler

from app.domain.accounts import Profiles
from app.domain.devices import Devices
from app.domain.identity import TokenVerifier
from app.domain.ports import Clock, Database, Signals, Signers
from app.domain.uploads import Uploads
from app.domain.visits import Visits
from app.settings import Settings
from app.web.limits import Rates

Check = Callable[[], Awaitable[None]]
Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, kw_only=True)
class WebParts:
    """Everything ``create_web_app`` needs.

    ``signers`` gives the signer whose URLs point at an origin of ours (``scheme://host[:port]``) and serve
    one session, and ``store_origins`` are the other origins at which any of their URLs can point.
    ``readiness`` names the parts of ``/health/ready``; each check raises while its part is down.
    ``handlers`` are the routes of the embedded store, hub and accounts. ``authority`` is the local
    certificate authority as PEM, where phones must be told to trust one, and ``fingerprint`` the
    SHA-256 by which it is told from another. ``root`` is the folder that holds ``pwa/`` and
    ``service_worker/``. ``session_alive`` asks the identity provider whether a session still lives,
    for upload cookies, and ``unconfirmed_s`` says for how long it could not be asked; ``session_open``
    says whether one has not ended here, for everything else;
    ``session_left`` is told of a sign-out where an identity provider keeps the sessions.
    """

    settings: Settings
    database: Database
    uploads: Uploads
    visits: Visits
    devices: Devices
    signals: Signals
    signers: Signers
    verifier: TokenVerifier
    profiles: Profiles
    clock: Clock
    readiness: Mapping[str, Check]
    root: Path
    handlers: Sequence[ControllerRouterHandler] = ()
    lifespan: Sequence[Lifespan] = ()
    store_origins: Sequence[str] = ()
    authority: bytes | None = None
    fingerprint: str = ""
    session_alive: Callable[[str], Awaitable[bool]] | None = None
    unconfirmed_s: Callable[[], float] = lambda: 0.0
    session_open: Callable[[str], Awaitable[bool]] | None = None
    session_left: Callable[[str], None] | None = None
    rates: Rates = field(default_factory=Rates)
    state: Mapping[str, Any] = field(default_factory=dict)
