"""What the web layer is handed: services, ports and the few facts that only the wiring knows."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from litestar import Litestar
from litestar.types import ControllerRouterHandler

from app.config.settings import Settings
from app.domain.consultations.service import ConsultationService
from app.domain.devices.inventory import InventoryService
from app.domain.identity.accounts import LocalAccounts, Profiles
from app.domain.identity.users import TokenVerifier
from app.domain.photos.uploads import Uploads
from app.domain.ports.clock import Clock
from app.domain.ports.database import Database
from app.domain.ports.signals import Signals
from app.domain.ports.storage import Signers
from app.web.middleware.rate_limit import Rates

Check = Callable[[], Awaitable[None]]
Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, kw_only=True)
class Services:
    """Everything ``create_web_app`` needs.

    ``signers`` gives the signer whose URLs point at an origin of ours (``scheme://host[:port]``) and serve
    one session, and ``store_origins`` are the other origins at which any of their URLs can point.
    ``readiness_checks`` names the parts of ``/health/ready``; each check raises while its part is down.
    ``handlers`` are the routes of the embedded store and hub, ``accounts`` the built-in ones, None where
    an identity provider has them. ``authority`` is the local certificate authority as PEM, where phones
    must trust one, and ``fingerprint`` the SHA-256 that distinguishes it from others. ``root`` is the
    folder that holds ``pwa/`` and ``service_worker/``. ``is_session_active`` asks the identity
    provider whether a session still lives, for upload cookies, and ``unconfirmed_s`` returns for how long
    it could not be asked; ``is_session_open`` returns whether a session has not ended here, for everything
    else; ``on_sign_out`` is called at a sign-out where an identity provider keeps the sessions.
    """

    settings: Settings
    database: Database
    uploads: Uploads
    consultations: ConsultationService
    inventory: InventoryService
    signals: Signals
    signers: Signers
    verifier: TokenVerifier
    profiles: Profiles
    accounts: LocalAccounts | None = None
    clock: Clock
    readiness_checks: Mapping[str, Check]
    root: Path
    handlers: Sequence[ControllerRouterHandler] = ()
    lifespan: Sequence[Lifespan] = ()
    store_origins: Sequence[str] = ()
    authority: bytes | None = None
    fingerprint: str = ""
    is_session_active: Callable[[str], Awaitable[bool]] | None = None
    unconfirmed_s: Callable[[], float] = lambda: 0.0
    is_session_open: Callable[[str], Awaitable[bool]] | None = None
    on_sign_out: Callable[[str], None] | None = None
    rates: Rates = field(default_factory=Rates)
    state: Mapping[str, Any] = field(default_factory=dict)
