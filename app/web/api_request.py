"""One API request with what its handler needs: the user, the services, the signer for its host."""

from dataclasses import dataclass
from typing import Any, cast

from litestar import Request
from litestar.datastructures import State

from app.domain.identity.accounts import LocalAccounts
from app.domain.identity.users import AuthenticatedUser
from app.domain.ports.storage import UploadSigner
from app.web.cookies.upload import UploadCookies
from app.web.metrics import Metrics
from app.web.middleware.headers import host_of
from app.web.middleware.request_context import request_context_of
from app.web.readiness import Readiness
from app.web.services import Services
from app.web.site.assets import Asset
from app.web.site.policy import Policy
from app.web.site.templates import Pages


@dataclass(frozen=True, kw_only=True)
class WebServices(Services):
    """What every request may reach: what the web layer was handed, and what it made of that."""

    policy: Policy
    upload_cookies: UploadCookies
    metrics: Metrics
    readiness: Readiness
    assets: dict[str, Asset]
    pages: dict[str, Asset]
    templates: Pages


class ApiRequest(Request[AuthenticatedUser, Any, State]):
    """A request, once the guard has let it in."""

    @property
    def user_id(self) -> str:
        """The signed-in user's id; only on routes that need a sign-in."""
        return self.user.id

    @property
    def services(self) -> WebServices:
        """What the app was built with."""
        return cast("WebServices", self.app.state.services)

    @property
    def accounts(self) -> LocalAccounts:
        """The built-in accounts; only on their own routes."""
        return cast("LocalAccounts", self.services.accounts)

    @property
    def public_origin(self) -> str:
        """The origin under which this request came."""
        return self.services.policy.origin(self.scope["scheme"], host_of(self.scope))

    @property
    def signer(self) -> UploadSigner:
        """Signs URLs that the asking page can reach, while its session is open."""
        return self.services.signers(self.public_origin, self.user.session)

    @property
    def request_id(self) -> str:
        """The id under which the log knows this request."""
        return request_context_of(self.scope).request_id
