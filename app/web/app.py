"""The web app from its parts: routes, guard, hook, error handlers, pages and assets."""

from typing import Any

from litestar import Litestar
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.types import ASGIApp, Middleware, Receive, Scope, Send

from app.config.settings import Settings
from app.web.api.consultations import ConsultationController
from app.web.api.devices import DeviceController
from app.web.api.me import MeController
from app.web.api.operations import OperationsController
from app.web.api.photos import PhotoController
from app.web.api.realtime import RealtimeController
from app.web.api.sessions import SessionController, public_keys
from app.web.api.upload_session import UploadSessionController
from app.web.api.uploads import UploadController
from app.web.api_request import ApiRequest, WebServices
from app.web.contract import openapi_config
from app.web.cookies.upload import UploadCookies
from app.web.metrics import Metrics
from app.web.middleware.auth import Authenticator
from app.web.middleware.headers import headers_hook
from app.web.middleware.origin import OriginGuard
from app.web.middleware.rate_limit import Limiter
from app.web.middleware.request_context import attach_request_context
from app.web.problems import EXCEPTION_HANDLERS
from app.web.readiness import Readiness
from app.web.services import Services
from app.web.site import manifest, shell, sign_in
from app.web.site.assets import HTML, Asset, make_asset, read_assets
from app.web.site.module_graph import read_graph
from app.web.site.pages import PagesController, qr_asset
from app.web.site.policy import Policy, build_policy
from app.web.site.templates import Pages, phone_url, trust_url

BODY_LIMIT = 64 * 1024
CONTROLLERS = (
    MeController,
    ConsultationController,
    UploadController,
    PhotoController,
    DeviceController,
    UploadSessionController,
    RealtimeController,
    OperationsController,
    PagesController,
    sign_in.sign_in_page,
)
LOCAL_ACCOUNTS = (SessionController, public_keys)


class CaptureApp(Litestar):
    """Attaches the request context to every connection, those that match no route among them."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The ASGI entry."""
        if scope["type"] != "lifespan":
            attach_request_context(scope)
        await super().__call__(scope, receive, send)


def create_web_app(web: Services) -> Litestar:
    """The whole app; raises at once when a page, an asset or a module it imports is missing."""
    policy, metrics = build_policy(web.settings, web.store_origins), Metrics()
    hours = web.settings.upload_session_hours
    cookies = UploadCookies(
        web.database, policy, web.clock, hours, web.is_session_active, web.is_session_open
    )
    return CaptureApp(
        route_handlers=[*CONTROLLERS, *(LOCAL_ACCOUNTS if web.accounts else ()), *web.handlers],
        middleware=[_request_guard(web, policy, cookies, metrics)],
        before_send=[headers_hook(policy, metrics)],
        exception_handlers=EXCEPTION_HANDLERS,
        request_class=ApiRequest,
        request_max_body_size=BODY_LIMIT,
        lifespan=list(web.lifespan),
        openapi_config=openapi_config(),
        # Our own hook logs each request; a traceback in the framework's log could contain patient data.
        logging_config=None,
        debug=False,
        state=State(
            {
                "services": WebServices(
                    **vars(web),
                    policy=policy,
                    upload_cookies=cookies,
                    metrics=metrics,
                    readiness=Readiness(web.readiness_checks),
                    **_content(web),
                ),
                **web.state,
            },
            deep_copy=False,
        ),
    )


def _request_guard(web: Services, policy: Policy, cookies: UploadCookies, metrics: Metrics) -> Middleware:
    """Stands before every route, cheapest question first.

    Not one of the framework's guards: for those it copies the route's handler with every request.
    """
    origins = OriginGuard(policy, _self_authorised(web.settings))
    authenticator = Authenticator(web.verifier, cookies, web.is_session_open, metrics.refuse_token)
    limiter = Limiter(web.rates)

    def before(app: ASGIApp) -> ASGIApp:
        async def admit(scope: Scope, receive: Receive, send: Send) -> None:
            connection: ASGIConnection[Any, Any, Any, Any] = ASGIConnection(scope)
            origins.check(connection)
            await authenticator.authenticate(connection)
            limiter.check(connection)
            await app(scope, receive, send)

        return admit

    return before


def _self_authorised(settings: Settings) -> tuple[str, ...]:
    """Where the built-in store and hub answer; in the cloud edition nothing is exempt."""
    store = () if settings.cloud_store else (f"/{settings.store_bucket}/",)
    hub = () if settings.cloud_signals else ("/channels/", "/keys/")
    return (*store, *hub)


def _content(web: Services) -> dict[str, Any]:
    """Files and pages as they are served, and the renderer for pages that differ by request."""
    assets = read_assets(web.root)
    digests = {asset.url: asset.sha256 for asset in assets.values()}
    graph = read_graph(web.root, digests, modules=web.settings.modules)
    renderer = Pages(web.root / "pwa" / "templates", web.settings, graph)
    pages = {page.url: page for page in _pages(web, renderer)}
    served = shell.complete(assets, graph, pages[shell.START_URL], pages[manifest.URL])
    return {"assets": served, "pages": pages, "templates": renderer}


def _pages(web: Services, pages: Pages) -> list[Asset]:
    lan = web.authority is not None
    addresses = {"phone_url": phone_url(web.settings), "trust_url": trust_url(web.settings)}
    trust = pages.render("trust.html", lan=lan, fingerprint=web.fingerprint, **addresses)
    return [
        make_asset("/mobile", pages.render("mobile.html", "/pwa/capture/main.js"), HTML),
        make_asset("/desktop", pages.render("desktop.html", "/pwa/desktop/main.js"), HTML),
        make_asset(sign_in.URL, pages.render(sign_in.TEMPLATE, sign_in.ENTRY), HTML),
        make_asset("/trust", trust, HTML),
        qr_asset(phone_url(web.settings)),
        manifest.manifest_asset(),
    ]
