"""The pages, the installable app's files, and the QR that leads a phone here."""

import io
import re
from typing import Any

import segno
from litestar import Controller, HttpMethod, Response, get, route
from litestar.params import FromPath
from litestar.response import Redirect

from app.domain.errors import NotFound
from app.web.api_request import ApiRequest
from app.web.site import manifest
from app.web.site.addresses import to_page, with_query
from app.web.site.assets import Asset, asset_response, make_asset

READ = [HttpMethod.GET, HttpMethod.HEAD]
_PHONE = re.compile(r"Mobi|Android|iPhone|iPad|iPod", re.IGNORECASE)


class PagesController(Controller):
    """Everything that is the same for every user."""

    include_in_schema = False

    @get("/")
    async def home(self, request: ApiRequest) -> Redirect:
        """The phone's page on a phone, else the desktop's."""
        phone = _PHONE.search(request.headers.get("user-agent", ""))
        headers = {"vary": "user-agent, sec-ch-ua-mobile", "cache-control": "no-store"}
        mobile = phone or request.headers.get("sec-ch-ua-mobile") == "?1"
        to = with_query("/mobile" if mobile else "/desktop", request.scope)
        return Redirect(to, status_code=302, headers=headers)

    @route(["/mobile", "/desktop", "/trust", "/qr.svg", manifest.URL], http_method=READ)
    async def page(self, request: ApiRequest) -> Response[Any]:
        """A page, the QR or the manifest, made once at start."""
        if (redirect := to_page(request.scope)) is not None:
            return redirect
        return _answer(request.services.pages, request.url.path, request)

    @route("/favicon.ico", http_method=READ)
    async def favicon(self, request: ApiRequest) -> Response[Any]:
        """The icon that browsers ask for unasked."""
        return _answer(request.services.assets, "/pwa/icons/favicon.ico", request)

    @route("/pwa/{path:path}", http_method=READ)
    async def asset(self, request: ApiRequest, path: FromPath[str]) -> Response[Any]:
        """A script, style, icon or font."""
        return _answer(request.services.assets, f"/pwa{path}", request)

    @route("/service_worker/{name:str}", http_method=READ)
    async def worker(self, request: ApiRequest, name: FromPath[str]) -> Response[Any]:
        """A script of the service worker, the generated list among them."""
        return _answer(request.services.assets, f"/service_worker/{name}", request)

    @get("/trust/authority.crt")
    async def authority(self, request: ApiRequest) -> Response[bytes]:
        """The certificate of the local authority, where there is one."""
        if request.services.authority is None:
            raise NotFound
        return Response(
            request.services.authority,
            media_type="application/x-x509-ca-cert",
            headers={"content-disposition": 'attachment; filename="clinicpro-capture.crt"'},
        )


def qr_asset(text: str) -> Asset:
    """The QR as an SVG, dark on white in both colour schemes, so that every camera reads it."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out, kind="svg", border=4, dark="#12212b", light="#fff", xmldecl=False, omitsize=True, nl=False
    )
    return make_asset("/qr.svg", out.getvalue(), "image/svg+xml")


def _answer(table: dict[str, Asset], url: str, request: ApiRequest) -> Response[Any]:
    if (asset := table.get(url)) is None:
        raise NotFound
    return asset_response(asset, request)
