"""``GET /sign-in``: the same page for every user; the page itself decides where to go back to.

Clerk's script brings styles of its own. They run under a nonce for one answer, which is never kept.
"""

import secrets
from typing import Any

from litestar import HttpMethod, Response, route

from app.web.api_request import ApiRequest
from app.web.site.addresses import to_page
from app.web.site.assets import HTML, asset_response
from app.web.site.templates import Pages

URL = "/sign-in"
TEMPLATE = "sign-in.html"
ENTRY = "/pwa/page/sign-in/page.js"


@route(URL, http_method=[HttpMethod.GET, HttpMethod.HEAD], include_in_schema=False)
async def sign_in_page(request: ApiRequest) -> Response[Any]:
    """The page with name and password, or with the way to the identity provider."""
    if (redirect := to_page(request.scope)) is not None:
        return redirect
    if request.services.settings.cloud_identity:
        pages: Pages = request.services.templates
        nonce = secrets.token_urlsafe(16)
        headers = {
            "content-security-policy": request.services.policy.sign_in_csp(nonce),
            "cache-control": "no-store",
        }
        return Response(pages.render(TEMPLATE, ENTRY, nonce=nonce), headers=headers, media_type=HTML)
    return asset_response(request.services.pages[URL], request)
