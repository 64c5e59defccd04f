"""One API request with what its handler needs: the principal, the services, the signer for its host.

A request class instead of injected dependencies: they would be resolved anew, and checked, for
every request on the photo's way.
"""

from dataclasses import dataclass
from typing import Any, cast

from litestar import Request
from litestar.datastructures import State

from app.domain.identity import Principal
from app.domain.ports import UploadSigner
from app.web.arrival import arrival_of
from app.web.assets import Asset
from app.web.headers import host_of
from app.web.metrics import Metrics
from app.web.parts import WebParts
from app.web.policy import Policy
from app.web.readiness import Readiness
from app.web.templates import Pages
from app.web.upload_cookie import UploadCookies


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What every request may reach, kept in the app's state as ``desk``."""

    parts: WebParts
    policy: Policy
    cookies: UploadCookies
    metrics: Metrics
    readiness: Readiness
    assets: dict[str, Asset]
    pages: dict[str, Asset]
    templates: Pages


class Call(Request[Principal, Any, State]):
    """A request, once the guard has let it in."""

    @property
    def principal(self) -> Principal:
        """Who asks; only on routes that need a sign-in."""
        principal: Principal = self.scope["user"]
        return principal

    @property
    def person(self) -> str:
        """The user id of who asks."""
        return self.principal.user

    @property
    def desk(self) -> Desk:
        """What the app was built with."""
        return cast("Desk", self.app.state.desk)

    @property
    def parts(self) -> WebParts:
        """The services."""
        return self.desk.parts

    @property
    def public_origin(self) -> str:
        """The origin under which this request came."""
        return self.desk.policy.origin(self.scope["scheme"], host_of(self.scope))

    @property
    def signer(self) -> UploadSigner:
        """Signs URLs that the asking page can reach, while its session is open."""
        return self.parts.signers(self.public_origin, self.principal.session)

    @property
    def request_id(self) -> str:
        """The id under which the log knows this request."""
        return arrival_of(self.scope).request_id
