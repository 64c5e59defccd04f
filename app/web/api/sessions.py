"""Sign-in routes of the built-in accounts; they exist only where no identity provider is configured.

The routes are on the list of those that authenticate the user by themselves: the first by name and
password, the others by the login cookie.
"""

from typing import Any

from litestar import Controller, Response, delete, get, post, put
from litestar.params import RawBody

from app.domain.errors import CrossSite, Unauthenticated
from app.domain.identity.accounts import (
    PasswordChange,
    SessionToken,
    SignIn,
    SignInAnswer,
    SignInClient,
    SignInState,
)
from app.web.api.problems_spec import NO_CONTENT, problems
from app.web.api_request import ApiRequest
from app.web.bodies import json_body, read_body
from app.web.cookies.login import KNOWN, LOGIN, end_login, set_login


class SessionController(Controller):
    """Sign in, get tokens, change the password, sign out."""

    path = "/api/session"
    tags = ("Session",)

    @post(status_code=200, operation_class=json_body(SignIn), responses=problems(413, 415))
    async def sign_in(self, request: ApiRequest, body: RawBody) -> Response[SignInAnswer]:
        """Open a login with name and password; it replaces the one this browser had."""
        form, origin = read_body(SignIn, body), _page_origin(request)
        old = LOGIN.read(request, origin)
        client = _client(request, origin)
        login = await request.accounts.sign_in(form.name, form.password, client, old or None)
        opened = SignInAnswer(user=login.user, password_change_required=login.password_change_required)
        return Response(opened, cookies=set_login(origin, login))

    @get(responses=problems())
    async def state(self, request: ApiRequest) -> SignInState:
        """Whose login came with the request; for the sign-in page, which must not begin with an error."""
        cookie = LOGIN.read(request, request.public_origin)
        return await request.accounts.state(cookie) if cookie else SignInState()

    @post("/token", status_code=200, responses=problems())
    async def token(self, request: ApiRequest) -> SessionToken:
        """A session token for a minute, for the page that asks."""
        origin = _page_origin(request)
        return await request.accounts.token(_login(request, origin), origin)

    @put(
        "/password",
        status_code=204,
        operation_class=json_body(PasswordChange),
        responses=problems(413, 415) | NO_CONTENT,
    )
    async def change_password(self, request: ApiRequest, body: RawBody) -> Response[None]:
        """Set a new password; every other login and every background upload session ends."""
        origin = _page_origin(request)
        cookie, form = _login(request, origin), read_body(PasswordChange, body)
        login = await request.accounts.change_password(cookie, form, _client(request, origin))
        return Response(None, status_code=204, cookies=set_login(origin, login))

    @delete(status_code=204, responses=problems() | NO_CONTENT)
    async def sign_out(self, request: ApiRequest) -> Response[None]:
        """End the login and its background uploads; nothing to do without one."""
        origin = request.public_origin
        await request.accounts.sign_out(LOGIN.read(request, origin))
        # Cached pictures only. Never the browser's storage: photos wait there.
        headers = {"clear-site-data": '"cache"'}
        return Response(None, status_code=204, cookies=end_login(origin), headers=headers)


@get("/.well-known/jwks.json", include_in_schema=False)
async def public_keys(request: ApiRequest) -> Response[dict[str, Any]]:
    """The public keys of the session tokens."""
    return Response(request.accounts.key_document(), headers={"cache-control": "public, max-age=300"})


def _login(request: ApiRequest, origin: str) -> str:
    if not (cookie := LOGIN.read(request, origin)):
        raise Unauthenticated
    return cookie


def _page_origin(request: ApiRequest) -> str:
    """The origin that a token is made for; the guard has checked that the page is ours.

    A loopback alias such as 127.0.0.1 passes the guard, but no token of its pages would be accepted.
    """
    known = request.services.policy.origins.values()
    origin = request.headers.get("origin") or request.public_origin
    if origin not in known:
        raise CrossSite(f"Open the app at its own address: {next(iter(known))}")
    return origin


def _client(request: ApiRequest, origin: str) -> SignInClient:
    address = request.client.host if request.client else ""
    return SignInClient(address, KNOWN.read(request, origin))
