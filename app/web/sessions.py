"""Sign-in routes of the built-in accounts; they exist only where no identity provider is configured.

The routes stand on the list of those that prove by themselves who asks: the first by name and
password, the others by the login cookie.
"""

from dataclasses import dataclass
from typing import Any

from litestar import Controller, Response, Router, delete, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import RawBody

from app.domain.accounts import Caller, LocalAccounts, PasswordChange, SessionToken, SignIn, SignInState
from app.domain.errors import CrossSite, Unauthenticated
from app.web.bodies import json_body, read_body
from app.web.call import Call
from app.web.controllers.problems_spec import NO_CONTENT, problems
from app.web.login_cookie import end_login, read_login, read_marks, set_login


@dataclass(frozen=True)
class Door:
    """The accounts in a class of their own: the framework checks what it hands on by ``isinstance``."""

    accounts: LocalAccounts


class SessionController(Controller):
    """Sign in, get tokens, change the password, sign out."""

    path = "/api/session"
    tags = ("Session",)

    @post(status_code=200, operation_class=json_body(SignIn), responses=problems(413, 415))
    async def sign_in(
        self, request: Call, body: RawBody, door: NamedDependency[Door]
    ) -> Response[SignInState]:
        """Open a login with name and password; it replaces the one this browser had."""
        wish, origin = read_body(SignIn, body), _page_origin(request)
        old = read_login(request, origin)
        caller = _caller(request, origin)
        login = await door.accounts.sign_in(wish.name, wish.password, caller, old or None)
        opened = SignInState(user=login.user, password_change_required=login.password_change_required)
        return Response(opened, cookies=set_login(origin, login))

    @get(responses=problems())
    async def who(self, request: Call, door: NamedDependency[Door]) -> SignInState:
        """Whose login came with the request; for the sign-in page, which must not begin with an error."""
        cookie = read_login(request, request.public_origin)
        return await door.accounts.state(cookie) if cookie else SignInState()

    @post("/token", status_code=200, responses=problems())
    async def token(self, request: Call, door: NamedDependency[Door]) -> SessionToken:
        """A session token for a minute, for the page that asks."""
        origin = _page_origin(request)
        return await door.accounts.token(_login(request, origin), origin)

    @put(
        "/password",
        status_code=204,
        operation_class=json_body(PasswordChange),
        responses=problems(413, 415) | NO_CONTENT,
    )
    async def change_password(
        self, request: Call, body: RawBody, door: NamedDependency[Door]
    ) -> Response[None]:
        """Set a new password; every other login and every background upload session ends."""
        origin = _page_origin(request)
        cookie, wish = _login(request, origin), read_body(PasswordChange, body)
        login = await door.accounts.change_password(cookie, wish, _caller(request, origin))
        return Response(None, status_code=204, cookies=set_login(origin, login))

    @delete(status_code=204, responses=problems() | NO_CONTENT)
    async def sign_out(self, request: Call, door: NamedDependency[Door]) -> Response[None]:
        """End the login and its background uploads; nothing to do without one."""
        origin = request.public_origin
        await door.accounts.sign_out(read_login(request, origin))
        # Pictures that the browser keeps. Never its storage: photos wait there.
        headers = {"clear-site-data": '"cache"'}
        return Response(None, status_code=204, cookies=end_login(origin), headers=headers)


@get("/.well-known/jwks.json", include_in_schema=False)
async def public_keys(door: NamedDependency[Door]) -> Response[dict[str, Any]]:
    """The public keys of the session tokens."""
    return Response(door.accounts.key_document(), headers={"cache-control": "public, max-age=300"})


def session_router(accounts: LocalAccounts) -> Router:
    """The routes over these accounts."""

    async def provide() -> Door:
        return Door(accounts)

    return Router(
        "/",
        route_handlers=[SessionController, public_keys],
        dependencies={"door": Provide(provide)},
    )


def _login(request: Call, origin: str) -> str:
    if not (cookie := read_login(request, origin)):
        raise Unauthenticated
    return cookie


def _page_origin(request: Call) -> str:
    """The origin that a token is made for; the guard has found the asking page to be ours.

    A loopback alias such as 127.0.0.1 passes the guard, but no token of its pages would be believed.
    """
    known = request.desk.policy.origins.values()
    origin = request.headers.get("origin") or request.public_origin
    if origin not in known:
        raise CrossSite(f"Open the app at its own address: {next(iter(known))}")
    return origin


def _caller(request: Call, origin: str) -> Caller:
    address = request.client.host if request.client else ""
    return Caller(address, read_marks(request, origin))
