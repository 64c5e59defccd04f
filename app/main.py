"""The composition root: the only place where ports meet adapters and embedded parts.

``create_app`` builds the web app. Parts that need an event loop are opened by its lifespan and
closed in reverse order.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from litestar import Litestar
from litestar.types import ControllerRouterHandler

from app.adapters.ably import AblySignals
from app.adapters.clerk import SessionTokenVerifier
from app.adapters.clerk_sessions import ClerkSessions
from app.adapters.database.engine import SqlDatabase
from app.adapters.images import PillowInspector
from app.adapters.key_set import HttpKeySet, PemKeySet
from app.adapters.s3 import S3Store, build_client, build_signer, certificate_authorities
from app.adapters.signing import OriginSigner, S3Signer, SessionSigner, origin_signer
from app.background import LOOK_S, Bell, at_work, watching_sessions
from app.checks.store_place import StorePlace
from app.domain.accounts import Profile, Profiles
from app.domain.bucket import BucketFacts
from app.domain.devices import Devices
from app.domain.identity import TokenVerifier
from app.domain.mending import Mender
from app.domain.ports import (
    Clock,
    Database,
    ImageInspector,
    NewId,
    ObjectStore,
    Signals,
    Signers,
    UploadSigner,
)
from app.domain.reconcile import Reconciler
from app.domain.relay import Relay
from app.domain.sessions import Ask, LeftSessions, OpenSessions
from app.domain.sweeper import Sweeper
from app.domain.uploads import Uploads
from app.domain.visits import Visits
from app.embedded.certificates import fingerprint
from app.embedded.hub.hub import Hub
from app.embedded.hub.keys import FILE_NAME, HubKey, keep_hub_key
from app.embedded.hub.signals import HubSignals
from app.embedded.identity import GeneratedPassword, LocalIdentity
from app.embedded.identity_browsers import KEY_FILE as MARKS_FILE
from app.embedded.identity_browsers import BrowserMarks, load_browser_marks
from app.embedded.identity_keys import KEY_FILE, LocalKeySet, SessionIssuer, SessionKey, load_session_key
from app.embedded.identity_passwords import Passwords
from app.embedded.store import open_store
from app.embedded.store_face import StoreFace, store_route
from app.identifiers import uuid7
from app.settings import Settings, SettingsError
from app.web.app import create_web_app
from app.web.authentication import RememberingVerifier
from app.web.parts import Check, WebParts
from app.web.sessions import session_router

ROOT = Path(__file__).resolve().parent.parent
LOCAL_ISSUER = "clinicpro-capture"

Close = Callable[[], Awaitable[None]]


def now() -> datetime:
    """The server's clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Ports that stand in for the configured ones; a test wraps or replaces any of them.

    ``prepared`` is False where another process brings the database up to date and says when it has.
    """

    clock: Clock = now
    new_id: NewId = uuid7
    database: Callable[[Any], Any] | None = None
    store: Callable[[ObjectStore], ObjectStore] | None = None
    signals: Callable[[Signals], Signals] | None = None
    inspector: Callable[[ImageInspector], ImageInspector] | None = None
    prepared: bool = True


@dataclass(frozen=True, kw_only=True)
class Storage:
    """An object store with whoever signs for it; ``origins`` are those of its URLs that are not ours."""

    store: ObjectStore
    signers: Signers
    origins: Sequence[str]
    signer: S3Signer
    close: Callable[[], None]
    transport: httpx.AsyncBaseTransport | None = None
    facts: Callable[[], Awaitable[BucketFacts]] | None = None
    handlers: Sequence[ControllerRouterHandler] = ()


@dataclass(frozen=True, kw_only=True)
class Wire:
    """Signals with what opens and closes them."""

    signals: Signals
    close: Close
    start: Close | None = None
    # Ends the connections of pages whose session has ended.
    end_left: Close | None = None
    cloud: AblySignals | None = None
    handlers: Sequence[ControllerRouterHandler] = ()


@dataclass(frozen=True, kw_only=True)
class People:
    """Who vouches for people; ``accounts`` only where they are local."""

    verifier: TokenVerifier
    profiles: Profiles
    check: Check
    accounts: LocalIdentity | None = None
    session_alive: Ask | None = None
    unconfirmed_s: Callable[[], float] = lambda: 0.0
    sessions: OpenSessions | None = None
    # Told of a sign-out where an identity provider keeps the sessions.
    left: Callable[[str], None] | None = None
    handlers: Sequence[ControllerRouterHandler] = ()


class Assembly:
    """Every part of one running program, built from settings; ``running`` opens and closes it."""

    def __init__(self, settings: Settings, parts: Parts | None = None) -> None:
        parts = parts or Parts()
        self.settings = settings
        self.clock = parts.clock
        self.new_id = parts.new_id
        self.bell = Bell()
        self.prepared = parts.prepared
        self.sql = SqlDatabase(settings.database_url or settings.database_file)
        self.sql.ready = parts.prepared
        self.database: Database = _wrapped(parts.database, self.sql)
        # The store first: what refuses a wrong KEY_DIR makes no keys in it.
        self.storage = _storage(settings, parts.clock, self._is_open)
        self.store = _wrapped(parts.store, self.storage.store)
        self.people = _people(settings, self.database, parts.clock)
        self.wire = _wire(settings, parts.clock, self._is_open if self.people.sessions else None)
        self.signals = _wrapped(parts.signals, self.wire.signals)
        self.pillow = PillowInspector()
        self.inspector = _wrapped(parts.inspector, self.pillow)
        self.uploads = Uploads(
            self.database, self.store, self.inspector, parts.clock, parts.new_id, self.bell
        )
        self.visits = Visits(self.database, parts.clock, parts.new_id, self.bell)
        self.devices = Devices(self.database, parts.clock, parts.new_id, self.bell)
        self.relay = Relay(self.database, self.signals, parts.clock)
        self.sweeper = Sweeper(self.database, self.store, self.uploads, parts.clock)
        mender = Mender(self.database, self.store, self.uploads, self.inspector, parts.clock)
        self.reconciler = Reconciler(self.database, self.store, mender)
        self.first_password: GeneratedPassword | None = None
        self.account_names: list[str] = []

    async def _is_open(self, session: str) -> bool:
        return self.people.sessions is None or await self.people.sessions.is_open(session)

    @property
    def cloud_signals(self) -> AblySignals | None:
        """Signals where a service elsewhere sends them."""
        return self.wire.cloud

    @property
    def store_place(self) -> StorePlace:
        """The store as phones and the server meet it, for whoever tries it out."""
        return StorePlace(
            settings=self.settings,
            store=self.store,
            signer=self.storage.signer,
            clock=self.clock,
            new_id=self.new_id,
            pages=self.settings.public_origins if self.storage.origins else (),
            transport=self.storage.transport,
            authorities=certificate_authorities() if self.settings.cloud_store else "",
            facts=self.storage.facts,
        )

    @property
    def readiness(self) -> dict[str, Check]:
        """The parts of ``/health/ready`` with their checks."""
        return {
            "database": self.database.check,
            "store": self.store.check,
            "signals": self.signals.check,
            "sign-in": self.people.check,
        }

    @asynccontextmanager
    async def opened(self, *, migrate: bool = True) -> AsyncIterator["Assembly"]:
        """Database, store, signals and decoder open; nothing works by itself yet."""
        async with AsyncExitStack() as stack:
            await self.sql.start()
            stack.push_async_callback(self.sql.close)
            if migrate:
                await self.sql.migrate()
            stack.callback(self.storage.close)
            if self.wire.start is not None:
                await self.wire.start()
            stack.push_async_callback(self.wire.close)
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
        if self.people.accounts is not None:
            self.first_password = await self.people.accounts.ensure_first_account()
            self.account_names = await self.people.accounts.users()

    @asynccontextmanager
    async def lifespan(self, _: Litestar) -> AsyncIterator[None]:
        """Everything open, the first account made, relay and sweeper at work."""
        async with self.opened(migrate=self.prepared):
            if self.prepared:
                await self._ensure_account()
            async with (
                at_work(self.relay, self.bell, self.sweeper, self.settings.sweep_seconds),
                watching_sessions(self.people.sessions, self.wire.end_left),
            ):
                yield


def create_app(settings: Settings, parts: Parts | None = None) -> Litestar:
    """The web app over an assembly, which stands in ``app.state.assembly``."""
    assembly = Assembly(settings, parts)
    authority = (settings.key_dir / "tls" / "authority.pem").read_bytes() if settings.lan else None
    return create_web_app(
        WebParts(
            settings=settings,
            database=assembly.database,
            uploads=assembly.uploads,
            visits=assembly.visits,
            devices=assembly.devices,
            signals=assembly.signals,
            signers=assembly.storage.signers,
            store_origins=assembly.storage.origins,
            verifier=RememberingVerifier(assembly.people.verifier, assembly.clock),
            profiles=assembly.people.profiles,
            session_alive=assembly.people.session_alive,
            session_left=assembly.people.left,
            unconfirmed_s=assembly.people.unconfirmed_s,
            session_open=assembly.people.sessions.is_open if assembly.people.sessions else None,
            clock=assembly.clock,
            readiness=assembly.readiness,
            root=ROOT,
            handlers=[*assembly.storage.handlers, *assembly.wire.handlers, *assembly.people.handlers],
            lifespan=[assembly.lifespan],
            authority=authority,
            fingerprint=fingerprint(authority) if authority else "",
            state={"assembly": assembly},
        )
    )


def _wrapped(wrap: Callable[[Any], Any] | None, part: Any) -> Any:
    return part if wrap is None else wrap(part)


def _storage(settings: Settings, clock: Clock, is_open: Ask | None) -> Storage:
    if settings.cloud_store:
        client = build_client(settings)
        cloud = S3Store(client, settings.s3_bucket, settings.s3_expected_owner)
        signer = build_signer(settings, client, clock)
        return Storage(
            store=cloud,
            signers=lambda origin, session="": signer.for_origin(origin),
            origins=(signer.origin,),
            signer=signer,
            close=cloud.close,
            facts=cloud.facts,
        )
    store = open_store(settings.data_dir, settings.key_dir, settings.store_bucket)
    origins = (settings.store_origin,) if settings.store_origin else settings.public_origins
    pages = settings.public_origins if settings.store_origin else ()
    face = StoreFace(store, origins, clock, pages, is_open)
    own = origin_signer(store.access, origins, clock, follows=not settings.store_origin)
    return Storage(
        store=store,
        signers=partial(_own_signer, own),
        origins=(own.origin,) if settings.store_origin else (),
        signer=own,
        close=store.close,
        transport=httpx.ASGITransport(face),  # type: ignore[arg-type]
        handlers=[store_route(face, settings.store_bucket)],
    )


def _own_signer(own: OriginSigner, origin: str, session: str = "") -> UploadSigner:
    signer = own.for_origin(origin)
    return SessionSigner(signer, session) if session else signer


def _wire(settings: Settings, clock: Clock, is_open: Ask | None) -> Wire:
    if settings.cloud_signals:
        ably = AblySignals(
            settings.ably_api_key, settings.ably_signing_key, clock, endpoint=settings.ably_endpoint
        )

        async def start() -> None:
            await ably.start()

        return Wire(signals=ably, start=start, close=ably.close, cloud=ably)
    hub = Hub(_hub_key(settings), clock, settings.public_origins, is_open=is_open)
    return Wire(
        signals=HubSignals(hub), close=hub.close, handlers=hub.route_handlers(), end_left=hub.end_left
    )


def _hub_key(settings: Settings) -> HubKey:
    try:
        return keep_hub_key(settings.key_dir)
    except ValueError:
        raise SettingsError(
            f"KEY_DIR holds a damaged {FILE_NAME}. Remove it and start again; pages come back by themselves."
        ) from None


def _people(settings: Settings, database: Any, clock: Clock) -> People:
    if settings.cloud_identity:
        keys = _clerk_keys(settings)
        verifier = SessionTokenVerifier(settings.issuer, settings.public_origins, keys, clock)
        asks = ClerkSessions(settings.clerk_secret_key) if settings.clerk_secret_key else None
        alive = asks.alive if asks else None
        left = LeftSessions()
        sessions = OpenSessions(left.is_open, 0.0)

        def leave(session: str) -> None:
            left.add(session)
            sessions.ended()

        return People(
            unconfirmed_s=lambda: asks.unconfirmed_s if asks else 0.0,
            verifier=verifier,
            profiles=NoProfiles(),
            check=keys.check,
            session_alive=alive,
            sessions=sessions,
            left=leave,
        )
    key = _session_key(settings)
    issuer = SessionIssuer(key, LOCAL_ISSUER, clock)
    accounts = LocalIdentity(database, issuer, Passwords(), _browser_marks(settings), clock)
    # Only the command line ends a session beside the one process that serves a SQLite file.
    sessions = OpenSessions(accounts.is_open, 0.0 if settings.database_url else LOOK_S)
    accounts.on_end = sessions.ended
    verifier = SessionTokenVerifier(LOCAL_ISSUER, settings.public_origins, LocalKeySet(key), clock)
    return People(
        sessions=sessions,
        verifier=verifier,
        profiles=accounts,
        check=database.check,
        accounts=accounts,
        handlers=[session_router(accounts)],
    )


def _clerk_keys(settings: Settings) -> HttpKeySet | PemKeySet:
    if not settings.clerk_jwt_key:
        return HttpKeySet(settings.clerk_jwks_url or f"{settings.issuer}/.well-known/jwks.json")
    try:
        return PemKeySet(settings.clerk_jwt_key)
    except ValueError as problem:
        raise SettingsError(f"CLERK_JWT_KEY {problem}. Correct it and start again.") from None


def _session_key(settings: Settings) -> SessionKey:
    try:
        return load_session_key(settings.key_dir)
    except ValueError:
        raise SettingsError(
            f"KEY_DIR holds a damaged {KEY_FILE}. Restore it, or remove it and let everybody sign in again."
        ) from None


def _browser_marks(settings: Settings) -> BrowserMarks:
    try:
        return load_browser_marks(settings.key_dir)
    except ValueError:
        raise SettingsError(
            f"KEY_DIR holds a damaged {MARKS_FILE}. Remove it and start again; browsers become known anew."
        ) from None


class NoProfiles:
    """Where an identity provider keeps the names, the server knows ids alone."""

    async def profile(self, user: str) -> Profile:
        """An empty profile."""
        return Profile(name=None)
