"""``GET /sign-in``: the same page for everybody; where to go back to is the page's own affair.

Clerk's script brings styles of its own. They run under a nonce for one answer, which is never kept.
"""

import secrets
from typing import Any

from litestar import HttpMethod, Response, route

from app.web.addresses import to_page
from app.web.assets import HTML, asset_response, make_asset
from app.web.call import Call
from app.web.templates import Pages

ENTRY = "/pwa/page/sign-in-page.js"


@route("/sign-in", http_method=[HttpMethod.GET, HttpMethod.HEAD], include_in_schema=False)
async def sign_in_page(request: Call) -> Response[Any]:
    """The page with name and password, or with the way to the identity provider."""
    if (redirect := to_page(request.scope)) is not None:
        return redirect
    pages: Pages = request.desk.templates
    if request.parts.settings.cloud_identity:
        nonce = secrets.token_urlsafe(16)
        headers = {
            "content-security-policy": request.desk.policy.sign_in_csp(nonce),
            "cache-control": "no-store",
        }
        return Response(pages.render("sign-in.html", ENTRY, nonce=nonce), headers=headers, media_type=HTML)
    return asset_response(make_asset("/sign-in", pages.render("sign-in.html", ENTRY), HTML), request)
