"""Deny by default, tokens remembered until they end, and the upload cookie's narrow reach."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from litestar import Litestar, get
from litestar.routes import HTTPRoute

from app.adapters.clerk.tokens import SessionTokenVerifier
from app.adapters.database.engine import SqlDatabase
from app.domain.errors import Unauthenticated
from app.domain.identity.users import AuthenticatedUser
from app.web.cookies.upload import digest
from app.web.middleware.auth import PUBLIC, UPLOAD_COOKIE, CachingTokenVerifier, bearer
from tests.support.fakes import FixedClock, OpenTokens, uuid7
from tests.support.tokens import ISSUER, ORIGIN, TokenFactory
from tests.web.conftest import ANNA, BEN, MakeApp, client_of, own_page, signed_in

HTTPS = "https://capture.clinic.example"


def routes_of(app: Litestar) -> list[tuple[str, str]]:
    """(method, template) of every HTTP route that the app registered."""
    return [
        (method, route.path_format)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method in sorted(route.methods)
    ]


def path_of(template: str) -> str:
    """A real path of a template."""
    return template.replace("{consultation_id}", str(uuid7(1))).replace("{photo_id}", str(uuid7(2)))


@get("/api/forgotten")
async def forgotten() -> str:
    return "open"


async def test_every_api_route_is_public_by_name_or_answers_401(make_app: MakeApp) -> None:
    """The app's own route table is walked, a route that was forgotten among them."""
    app = make_app(handlers=[forgotten])
    api = [(method, path) for method, path in routes_of(app) if path.startswith("/api/")]
    asked = [(method, path) for method, path in api if f"{method} {path}" not in PUBLIC]

    async with client_of(app, **own_page()) as client:
        answers = {
            f"{method} {path}": (await client.request(method, path_of(path))).status_code
            for method, path in asked
        }

    assert {"GET /api/forgotten", "GET /api/me", "POST /api/uploads/presign"} <= answers.keys()
    assert set(answers.values()) == {401}


async def test_the_walk_would_notice_an_open_route(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the same forgotten route, put on the public list, answers."""
    monkeypatch.setattr("app.web.middleware.auth.PUBLIC", PUBLIC | {"GET /api/forgotten"})
    async with client_of(make_app(handlers=[forgotten])) as client:
        assert (await client.get("/api/forgotten")).status_code == 200


async def test_every_route_on_the_cookie_list_exists(app: Litestar) -> None:
    """A misspelled template would refuse the worker without an error."""
    assert {f"{method} {path}" for method, path in routes_of(app)} >= UPLOAD_COOKIE


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic dTpw", "Bearer " + "a" * 4097, "token"])
def test_only_a_bearer_token_of_acceptable_length(header: str) -> None:
    """Everything else is no credential."""
    with pytest.raises(Unauthenticated):
        bearer(header)


async def test_a_page_signs_in_with_its_token(anna: httpx.AsyncClient) -> None:
    """The good way."""
    assert (await anna.get("/api/me")).json()["user"]["id"] == ANNA


async def test_the_upload_cookie_opens_upload_routes_and_nothing_else(app: Litestar) -> None:
    """A stolen cookie reads no photo, gets no signal token and renews nothing."""
    async with client_of(app, **signed_in()) as client:
        answer = await client.post("/api/upload-session")
        del client.headers["authorization"]
        states = {
            f"{method} {path}": (await client.request(method, path_of(path))).status_code
            for method, path in routes_of(app)
            if path.startswith("/api/") and method != "OPTIONS"
        }

    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("cp_upload=")
    assert {"HttpOnly", "Path=/", "SameSite=strict", "Max-Age=43200"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert {route for route, status in states.items() if status != 401} == set(UPLOAD_COOKIE)


async def test_over_https_the_cookie_is_bound_to_the_host(make_app: MakeApp) -> None:
    """``__Host-`` with Secure, and the plain name is worth nothing there."""
    app = make_app(PUBLIC_ORIGINS=HTTPS)
    async with client_of(app, HTTPS, **signed_in(origin=HTTPS)) as client:
        cookie = (await client.post("/api/upload-session")).headers["set-cookie"]
        value = cookie.split(";")[0].split("=", 1)[1]
        del client.headers["authorization"]
        client.cookies.clear()
        url = f"/api/uploads/{uuid7(1)}"
        bare = await client.get(url, headers={"cookie": f"cp_upload={value}"})
        bound = await client.get(url, headers={"cookie": f"__Host-cp_upload={value}"})

    assert cookie.startswith("__Host-cp_upload=")
    assert "Secure" in cookie.split("; ")
    assert (bare.status_code, bound.status_code) == (401, 404)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"other=1; __Host-cp_upload=%b", 404),
        (b"\xa0__Host-cp_upload=%b", 401),
        (b"\x85__Host-cp_upload=%b", 401),
        (b"__Host-cp_upload\xa0=%b", 401),
        (b"__Host-cp_upload=%b; \xa0__Host-cp_upload=another", 404),
        (b"__Host-cp_upload=%b; __Host-cp_upload=another", 401),
        (b'__Host-cp_upload="%b"', 401),
    ],
)
async def test_a_cookie_counts_under_exactly_its_name(make_app: MakeApp, sent: bytes, status: int) -> None:
    """Browsers let another host set a name with a sign before it that trimming takes away."""
    app = make_app(PUBLIC_ORIGINS=HTTPS)
    async with client_of(app, HTTPS, **signed_in(origin=HTTPS)) as client:
        cookie = (await client.post("/api/upload-session")).headers["set-cookie"]
        value = cookie.split(";")[0].split("=", 1)[1].encode()
        del client.headers["authorization"]
        client.cookies.clear()
        answer = await client.get(
            f"/api/uploads/{uuid7(1)}", headers=[(b"cookie", sent.replace(b"%b", value))]
        )

    assert answer.status_code == status


async def test_only_a_digest_of_the_cookie_is_kept(app: Litestar, database: SqlDatabase) -> None:
    """A copy of the database opens no upload."""
    async with client_of(app, **signed_in()) as client:
        await client.post("/api/upload-session")
        value = client.cookies["cp_upload"]
    async with database.transaction() as tx:
        found = await tx.upload_sessions.find(digest(value), FixedClock().now)
        assert await tx.upload_sessions.find(value, FixedClock().now) is None

    assert found == (ANNA, "sess_anna")


async def test_the_cookie_ends_with_its_time_and_with_the_sign_out(app: Litestar, clock: FixedClock) -> None:
    """12 hours at most, and at once when its user signs out."""
    url = f"/api/uploads/{uuid7(1)}"
    async with client_of(app, **signed_in()) as client:
        await client.post("/api/upload-session")
        old = client.cookies["cp_upload"]
        page = client.headers.pop("authorization")
        clock.advance(12 * 3600)
        expired = await client.get(url)
        await client.post("/api/upload-session", headers={"authorization": page})
        alive = await client.get(url)
        gone = await client.delete("/api/upload-session")
        after = await client.get(url, headers={"cookie": f"cp_upload={old}"})

    assert (expired.status_code, alive.status_code) == (401, 404)
    assert gone.status_code == 204
    assert "Max-Age=0" in gone.headers["set-cookie"]
    assert after.status_code == 401


async def test_a_bad_token_is_not_saved_by_a_good_cookie(app: Litestar) -> None:
    """A page that is signed out must learn so, whatever cookie the phone still has."""
    async with client_of(app, **signed_in()) as client:
        await client.post("/api/upload-session")
        answer = await client.get(f"/api/uploads/{uuid7(1)}", headers={"authorization": "Bearer gone"})

    assert answer.status_code == 401


async def test_another_users_photo_does_not_exist(app: Litestar) -> None:
    """404 and the same body as for nothing at all, but for the request id."""
    async with client_of(app, **signed_in()) as client:
        made = await client.post("/api/consultations", json={"label": "Elbow"})
    theirs = made.json()["id"]
    async with client_of(app, **signed_in(BEN)) as client:
        foreign = (await client.get(f"/api/consultations/{theirs}")).json()
        nothing = (await client.get(f"/api/consultations/{uuid7(999)}")).json()

    assert foreign["status"] == 404
    assert foreign | {"requestId": ""} == nothing | {"requestId": ""}


class AcceptingVerifier:
    """A verifier that accepts every token and counts; a token's digits say when it ends."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def verify(self, token: str) -> AuthenticatedUser:
        self.asked.append(token)
        end = token.partition(" ")[0]
        return AuthenticatedUser(id=ANNA, session="sess_1", expires=int(end) if end.isdigit() else None)


async def test_a_token_is_verified_once_until_it_ends() -> None:
    """Remembered to the second of its end and not beyond."""
    clock, inner = FixedClock(), AcceptingVerifier()
    verifier = CachingTokenVerifier(inner, clock)
    token = str(int((clock.now + timedelta(seconds=60)).timestamp()))

    for _ in range(3):
        await verifier.verify(token)
    assert len(inner.asked) == 1
    clock.advance(60)
    await verifier.verify(token)

    assert len(inner.asked) == 2


async def test_refusals_are_never_remembered(tokens: OpenTokens, clock: FixedClock) -> None:
    """Keys may be out of reach for a moment only."""
    verifier = CachingTokenVerifier(tokens, clock)
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            await verifier.verify("bad")

    assert tokens.asked == 2


async def test_a_token_without_an_end_is_not_remembered(clock: FixedClock) -> None:
    """A token that could be remembered too long is verified every time."""
    inner = AcceptingVerifier()
    verifier = CachingTokenVerifier(inner, clock)
    for _ in range(2):
        await verifier.verify("opaque")

    assert len(inner.asked) == 2


async def test_memory_is_bounded_and_the_ended_go_first(clock: FixedClock) -> None:
    """A flood of tokens pushes out expired ones, then the oldest."""
    inner = AcceptingVerifier()
    verifier = CachingTokenVerifier(inner, clock, limit=2)
    now = int(clock.now.timestamp())
    short, long, third, fourth = (str(now + seconds) for seconds in (1, 90, 91, 92))

    for token in (short, long):
        await verifier.verify(token)
    clock.advance(2)
    await verifier.verify(third)
    await verifier.verify(long)
    assert inner.asked.count(long) == 1
    await verifier.verify(fourth)
    await verifier.verify(long)

    assert inner.asked.count(long) == 2
    assert inner.asked.count(fourth) == 1


def test_paths_of_templates_have_no_holes(app: Litestar) -> None:
    """The walk asks real addresses: every parameter of an API template is filled."""
    for _, template in routes_of(app):
        if template.startswith("/api/"):
            assert "{" not in path_of(template)
    assert UUID(str(uuid7(1))).version == 7


async def test_refused_tokens_are_counted_by_their_reason(make_app: MakeApp, clock: FixedClock) -> None:
    """An operator sees a clock that is wrong or an origin that is missing; the answer names no reason."""
    factory = TokenFactory(int(clock().timestamp()))
    verifier = SessionTokenVerifier(ISSUER, [ORIGIN], OneKey(factory.key.public_key()), clock)
    now = int(clock().timestamp())
    wrong: dict[str, dict[str, object]] = {
        "expired": {"iat": now - 120, "nbf": now - 120, "exp": now - 60},
        "not-yet-valid": {"iat": now + 100, "nbf": now + 100, "exp": now + 160},
        "issuer": {"iss": "https://other.example"},
        "authorized-party": {"azp": "https://other.example"},
        "claims": {"sub": "nobody"},
    }
    async with client_of(make_app(verifier=verifier)) as client:
        for claims in wrong.values():
            token = factory.good(**claims)
            answer = await client.get("/api/me", headers={"authorization": f"Bearer {token}"})
            assert (answer.status_code, answer.json()["detail"]) == (401, "Sign in to continue.")
        forged = factory.good()[:-8] + "AAAAAAAA"
        assert (await client.get("/api/me", headers={"authorization": f"Bearer {forged}"})).status_code == 401
        text = (await client.get("/metrics")).text

    for reason in (*wrong, "signature"):
        assert f'capture_refused_tokens_total{{reason="{reason}"}} 1.0' in text


class OneKey:
    """A key set of one key."""

    def __init__(self, key: Any) -> None:
        self._key = key

    async def key(self, _: str) -> Any:
        return self._key
