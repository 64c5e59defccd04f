"""The composition root: the only place where ports meet adapters and embedded parts.

``create_app`` builds the web app. Parts that need an event loop are opened by its lifespan and
closed in reverse order.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import httpx
from litestar import Litestar
from litestar.types import ControllerRouterHandler

from app.adapters.ably import AblySignals
from app.adapters.clerk.jwks import HttpKeySet, PemKeySet
from app.adapters.clerk.sessions import ClerkSessions
from app.adapters.clerk.tokens import SessionTokenVerifier
from app.adapters.database.engine import SqlDatabase
from app.adapters.imaging.inspector import PillowInspector
from app.adapters.s3.signer import S3Signer, origin_signer
from app.adapters.s3.store import S3Store, build_client, build_signer, certificate_authorities
from app.checks.store_place import StoreAccess
from app.config.identifiers import uuid7
from app.config.settings import Settings, SettingsError
from app.domain.consultations.service import ConsultationService
from app.domain.devices.inventory import InventoryService
from app.domain.identity.accounts import Profile, Profiles
from app.domain.identity.sessions import OpenSessions, SessionCheck, SignedOutSessions
from app.domain.identity.users import TokenVerifier
from app.domain.maintenance.reconcile import Reconciler
from app.domain.maintenance.relay import Relay
from app.domain.maintenance.repair import RepairService
from app.domain.maintenance.sweeper import Sweeper
from app.domain.photos.bucket import BucketFacts
from app.domain.photos.uploads import Uploads
from app.domain.ports.clock import Clock, NewId
from app.domain.ports.database import Database
from app.domain.ports.signals import Signals
from app.domain.ports.storage import ImageInspector, ObjectStore
from app.embedded.accounts.device_cookies import KEY_FILE as DEVICES_FILE
from app.embedded.accounts.device_cookies import load_device_cookies
from app.embedded.accounts.passwords import Passwords
from app.embedded.accounts.service import GeneratedPassword, LocalIdentity
from app.embedded.accounts.signing_keys import KEY_FILE as SESSIONS_FILE
from app.embedded.accounts.signing_keys import LocalKeySet, SessionIssuer, load_session_key
from app.embedded.certificates import fingerprint
from app.embedded.hub.hub import Hub
from app.embedded.hub.keys import FILE_NAME as HUB_FILE
from app.embedded.hub.keys import load_hub_key
from app.embedded.hub.signals import HubSignals
from app.embedded.store.http import StoreHttpHandler, store_route
from app.embedded.store.store import open_store
from app.server.background import SESSION_CHECK_S, WakeUpEvent, run_background_tasks, watching_sessions
from app.server.log import log_missing_thumbnail
from app.web.app import create_web_app
from app.web.middleware.auth import CachingTokenVerifier
from app.web.services import Check, Services

ROOT = Path(__file__).resolve().parent.parent
LOCAL_ISSUER = "clinicpro-capture"

Close = Callable[[], Awaitable[None]]
T = TypeVar("T")


def now() -> datetime:
    """The server's clock."""
    return datetime.now(UTC)


def unchanged(part: T) -> T:
    """Overrides nothing."""
    return part


@dataclass(frozen=True, kw_only=True)
class Overrides:
    """Ports that stand in for the configured ones; a test wraps or replaces any of them.

    ``prepared`` is False where another process brings the database up to date and reports when it has.
    """

    clock: Clock = now
    new_id: NewId = uuid7
    database: Callable[[Database], Database] = unchanged
    store: Callable[[ObjectStore], ObjectStore] = unchanged
    signals: Callable[[Signals], Signals] = unchanged
    inspector: Callable[[ImageInspector], ImageInspector] = unchanged
    prepared: bool = True


@dataclass(frozen=True, kw_only=True)
class StoreBackend:
    """An object store with its signer; ``origins`` are those of its URLs that are not ours."""

    store: ObjectStore
    origins: Sequence[str]
    signer: S3Signer
    close: Callable[[], None]
    transport: httpx.AsyncBaseTransport | None = None
    facts: Callable[[], Awaitable[BucketFacts]] | None = None
    handlers: Sequence[ControllerRouterHandler] = ()


@dataclass(frozen=True, kw_only=True)
class SignalsBackend:
    """Signals with what opens and closes them."""

    signals: Signals
    close: Close
    start: Callable[[], Awaitable[object]] | None = None
    # Ends the connections of pages whose session has ended.
    end_signed_out: Close | None = None
    cloud: AblySignals | None = None
    handlers: Sequence[ControllerRouterHandler] = ()


@dataclass(frozen=True, kw_only=True)
class IdentityBackend:
    """What authenticates users; ``accounts`` only where they are local."""

    verifier: TokenVerifier
    profiles: Profiles
    check: Check
    accounts: LocalIdentity | None = None
    is_session_active: SessionCheck | None = None
    unconfirmed_s: Callable[[], float] = lambda: 0.0
    sessions: OpenSessions | None = None
    # Called at a sign-out where an identity provider keeps the sessions.
    on_sign_out: Callable[[str], None] | None = None


class Backends:
    """Every part of one running program, built from settings; ``opened`` opens and closes it."""

    def __init__(self, settings: Settings, overrides: Overrides | None = None) -> None:
        overrides = overrides or Overrides()
        self.settings = settings
        self.clock = clock = overrides.clock
        self.new_id = new_id = overrides.new_id
        self.wake_relay = wake = WakeUpEvent()
        self.prepared = overrides.prepared
        self.sql = SqlDatabase(settings.database_url or settings.database_file)
        self.sql.ready = overrides.prepared
        self.database = database = overrides.database(self.sql)
        # The store first: it refuses a wrong KEY_DIR before other parts make keys in it.
        self.store_backend = _store_backend(settings, clock, self._is_open)
        self.store = store = overrides.store(self.store_backend.store)
        self.identity = _identity_backend(settings, database, clock)
        self.signalling = _signals_backend(settings, clock, self._is_open if self.identity.sessions else None)
        self.signals = overrides.signals(self.signalling.signals)
        self.pillow = PillowInspector()
        self.inspector = overrides.inspector(self.pillow)
        self.uploads = Uploads(database, store, self.inspector, clock, new_id, wake, log_missing_thumbnail)
        self.consultations = ConsultationService(database, clock, new_id, wake)
        self.inventory = InventoryService(database, clock, new_id, wake)
        self.relay = Relay(database, self.signals, clock)
        self.sweeper = Sweeper(database, store, self.uploads, clock)
        repair = RepairService(database, store, self.uploads, self.inspector, clock)
        self.reconciler = Reconciler(database, store, repair)
        self.first_password: GeneratedPassword | None = None
        self.account_names: list[str] = []

    async def _is_open(self, session: str) -> bool:
        return self.identity.sessions is None or await self.identity.sessions.is_open(session)

    @property
    def cloud_signals(self) -> AblySignals | None:
        """Signals where a service elsewhere sends them."""
        return self.signalling.cloud

    @property
    def store_access(self) -> StoreAccess:
        """The store as phones and the server use it, for the checks."""
        return StoreAccess(
            settings=self.settings,
            store=self.store,
            signer=self.store_backend.signer,
            clock=self.clock,
            new_id=self.new_id,
            pages=self.settings.public_origins if self.store_backend.origins else (),
            transport=self.store_backend.transport,
            authorities=certificate_authorities() if self.settings.cloud_store else "",
            facts=self.store_backend.facts,
        )

    @property
    def readiness_checks(self) -> dict[str, Check]:
        """The parts of ``/health/ready`` with their checks."""
        return {
            "database": self.database.check,
            "store": self.store.check,
            "signals": self.signals.check,
            "sign-in": self.identity.check,
        }

    @asynccontextmanager
    async def opened(self, *, migrate: bool = True) -> AsyncIterator["Backends"]:
        """Database, store, signals and decoder open; no background task runs yet."""
        async with AsyncExitStack() as stack:
            await self.sql.start()
            stack.push_async_callback(self.sql.close)
            if migrate:
                await self.sql.migrate()
            stack.callback(self.store_backend.close)
            if self.signalling.start is not None:
                await self.signalling.start()
            stack.push_async_callback(self.signalling.close)
            await self.pillow.start()
            stack.push_async_callback(self.pillow.close)
            yield self

    async def prepare(self) -> None:
        """Bring the database up to date and make the first account, for processes that serve."""
        await self.sql.start()
        try:
            await self.sql.migrate()
            await self._ensure_account()
        finally:
            await self.sql.close()

    async def _ensure_account(self) -> None:
        if self.identity.accounts is not None:
            self.first_password = await self.identity.accounts.ensure_first_account()
            self.account_names = await self.identity.accounts.users()

    @asynccontextmanager
    async def lifespan(self, _: Litestar) -> AsyncIterator[None]:
        """Everything open, the first account made, relay and sweeper at work."""
        async with self.opened(migrate=self.prepared):
            if self.prepared:
                await self._ensure_account()
            async with (
                run_background_tasks(self.relay, self.wake_relay, self.sweeper, self.settings.sweep_seconds),
                watching_sessions(self.identity.sessions, self.signalling.end_signed_out),
            ):
                yield


def create_app(settings: Settings, overrides: Overrides | None = None) -> Litestar:
    """The web app over its backends, which are kept in ``app.state.backends``."""
    backends = Backends(settings, overrides)
    authority = (settings.key_dir / "tls" / "authority.pem").read_bytes() if settings.lan else None
    return create_web_app(
        Services(
            settings=settings,
            database=backends.database,
            uploads=backends.uploads,
            consultations=backends.consultations,
            inventory=backends.inventory,
            signals=backends.signals,
            signers=backends.store_backend.signer.for_page,
            store_origins=backends.store_backend.origins,
            verifier=CachingTokenVerifier(backends.identity.verifier, backends.clock),
            profiles=backends.identity.profiles,
            accounts=backends.identity.accounts,
            is_session_active=backends.identity.is_session_active,
            on_sign_out=backends.identity.on_sign_out,
            unconfirmed_s=backends.identity.unconfirmed_s,
            is_session_open=backends.identity.sessions.is_open if backends.identity.sessions else None,
            clock=backends.clock,
            readiness_checks=backends.readiness_checks,
            root=ROOT,
            handlers=[*backends.store_backend.handlers, *backends.signalling.handlers],
            lifespan=[backends.lifespan],
            authority=authority,
            fingerprint=fingerprint(authority) if authority else "",
            state={"backends": backends},
        )
    )


def _store_backend(settings: Settings, clock: Clock, is_open: SessionCheck | None) -> StoreBackend:
    if settings.cloud_store:
        client = build_client(settings)
        cloud = S3Store(client, settings.s3_bucket, settings.s3_expected_owner)
        signer = build_signer(settings, client, clock)
        return StoreBackend(
            store=cloud,
            origins=(signer.origin,),
            signer=signer,
            close=cloud.close,
            facts=cloud.facts,
        )
    store = open_store(settings.data_dir, settings.key_dir, settings.store_bucket)
    origins = (settings.store_origin,) if settings.store_origin else settings.public_origins
    pages = settings.public_origins if settings.store_origin else ()
    handler = StoreHttpHandler(store, origins, clock, pages, is_open)
    own = origin_signer(store.access, origins, clock, follows=not settings.store_origin)
    return StoreBackend(
        store=store,
        origins=(own.origin,) if settings.store_origin else (),
        signer=own,
        close=store.close,
        # httpx takes a scope of any mapping, Litestar its own TypedDicts.
        transport=httpx.ASGITransport(handler),  # type: ignore[arg-type]
        handlers=[store_route(handler, settings.store_bucket)],
    )


def _signals_backend(settings: Settings, clock: Clock, is_open: SessionCheck | None) -> SignalsBackend:
    if settings.cloud_signals:
        ably = AblySignals(
            settings.ably_api_key, settings.ably_signing_key, clock, endpoint=settings.ably_endpoint
        )
        return SignalsBackend(signals=ably, start=ably.start, close=ably.close, cloud=ably)
    cure = "Remove it and start again; pages come back by themselves."
    key = _key(load_hub_key, settings, HUB_FILE, cure)
    hub = Hub(key, clock, settings.public_origins, is_open=is_open)
    return SignalsBackend(
        signals=HubSignals(hub),
        close=hub.close,
        handlers=hub.route_handlers(),
        end_signed_out=hub.end_signed_out,
    )


def _identity_backend(settings: Settings, database: Database, clock: Clock) -> IdentityBackend:
    if settings.cloud_identity:
        keys = _clerk_keys(settings)
        verifier = SessionTokenVerifier(settings.issuer, settings.public_origins, keys, clock)
        asks = ClerkSessions(settings.clerk_secret_key) if settings.clerk_secret_key else None
        alive = asks.alive if asks else None
        left = SignedOutSessions()
        sessions = OpenSessions(left.is_open, 0.0)

        def leave(session: str) -> None:
            left.add(session)
            sessions.on_sessions_ended()

        return IdentityBackend(
            unconfirmed_s=lambda: asks.unconfirmed_s if asks else 0.0,
            verifier=verifier,
            profiles=NoProfiles(),
            check=keys.check,
            is_session_active=alive,
            sessions=sessions,
            on_sign_out=leave,
        )
    cure = "Restore it, or remove it and let everybody sign in again."
    key = _key(load_session_key, settings, SESSIONS_FILE, cure)
    cure = "Remove it and start again; browsers become known again."
    devices = _key(load_device_cookies, settings, DEVICES_FILE, cure)
    issuer = SessionIssuer(key, LOCAL_ISSUER, clock)
    accounts = LocalIdentity(database, issuer, Passwords(), devices, clock)
    # Only the command line ends a session beside the one process that serves a SQLite file.
    sessions = OpenSessions(accounts.is_open, 0.0 if settings.database_url else SESSION_CHECK_S)
    accounts.on_end = sessions.on_sessions_ended
    verifier = SessionTokenVerifier(LOCAL_ISSUER, settings.public_origins, LocalKeySet(key), clock)
    return IdentityBackend(
        sessions=sessions,
        verifier=verifier,
        profiles=accounts,
        check=database.check,
        accounts=accounts,
    )


def _clerk_keys(settings: Settings) -> HttpKeySet | PemKeySet:
    if not settings.clerk_jwt_key:
        return HttpKeySet(settings.clerk_jwks_url or f"{settings.issuer}/.well-known/jwks.json")
    try:
        return PemKeySet(settings.clerk_jwt_key)
    except ValueError as problem:
        raise SettingsError(f"CLERK_JWT_KEY {problem}. Correct it and start again.") from None


def _key(load: Callable[[Path], T], settings: Settings, file: str, cure: str) -> T:
    try:
        return load(settings.key_dir)
    except ValueError:
        raise SettingsError(f"KEY_DIR holds a damaged {file}. {cure}") from None


class NoProfiles:
    """Where an identity provider keeps the names, the server knows ids alone."""

    async def profile(self, user: str) -> Profile:
        """An empty profile."""
        return Profile(name=None)
