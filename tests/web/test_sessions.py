"""The sign-in routes over real accounts, the real issuer and the real verifier."""

import re

import httpx
import msgspec
import pytest
from argon2 import PasswordHasher
from litestar import Litestar

from app.adapters.clerk.tokens import SessionTokenVerifier
from app.adapters.database.engine import SqlDatabase
from app.domain.identity.sessions import SignedOutSessions
from app.embedded.accounts.device_cookies import DeviceCookies
from app.embedded.accounts.passwords import Passwords
from app.embedded.accounts.service import GeneratedPassword, LocalIdentity
from app.embedded.accounts.signing_keys import LocalKeySet, SessionIssuer, SessionKey, load_session_key
from app.web.site.module_graph import BrokenImport
from tests.support.accounts import add_signed_in_user
from tests.support.fakes import FixedClock
from tests.support.tokens import ISSUER, TokenFactory, hostile_tokens
from tests.web.conftest import REPOSITORY, MakeApp, client_of, own_page, signed_in

LOCAL = "http://localhost:8000"
CLINIC = "https://capture.clinic.example"
ALIAS = "http://127.0.0.1:8000"


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> SessionKey:
    return load_session_key(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def accounts(database: SqlDatabase, key: SessionKey, clock: FixedClock) -> LocalIdentity:
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    return LocalIdentity(
        database, SessionIssuer(key, ISSUER, clock), passwords, DeviceCookies(b"a key"), clock
    )


@pytest.fixture
async def anna(accounts: LocalIdentity) -> GeneratedPassword:
    return await add_signed_in_user(accounts, "Anna")


@pytest.fixture
async def newcomer(accounts: LocalIdentity) -> GeneratedPassword:
    """Has the password that was generated, and has never signed in."""
    return await accounts.add_user("Newcomer")


@pytest.fixture
def app(make_app: MakeApp, accounts: LocalIdentity, key: SessionKey, clock: FixedClock) -> Litestar:
    origins = (LOCAL, CLINIC)
    return make_app(
        PUBLIC_ORIGINS=",".join(origins),
        verifier=SessionTokenVerifier(ISSUER, origins, LocalKeySet(key), clock),
        profiles=accounts,
        accounts=accounts,
        is_session_open=accounts.is_open,
    )


def browser(app: Litestar, origin: str = LOCAL) -> httpx.AsyncClient:
    return client_of(app, origin, **own_page(origin))


async def sign_in(client: httpx.AsyncClient, account: GeneratedPassword) -> httpx.Response:
    return await client.post("/api/session", json={"name": account.name, "password": account.password})


async def bearer(client: httpx.AsyncClient) -> dict[str, str]:
    answer = await client.post("/api/session/token")
    assert answer.status_code == 200, answer.text
    return {"authorization": f"Bearer {answer.json()['token']}"}


async def test_from_password_to_the_api(app: Litestar, anna: GeneratedPassword) -> None:
    """Name and password open a login, the login gives a token, and the token opens the API."""
    async with browser(app) as client:
        answer = await sign_in(client, anna)
        assert (answer.status_code, answer.json()["user"]["name"]) == (200, "Anna")

        me = await client.get("/api/me", headers=await bearer(client))

    assert me.json()["user"] == answer.json()["user"]


async def test_a_generated_password_opens_nothing_until_it_is_changed(
    app: Litestar, newcomer: GeneratedPassword
) -> None:
    """It was printed, so that others may have read it; the page gets an error and shows the form."""
    async with browser(app) as client:
        signed_in_with = await sign_in(client, newcomer)
        state = await client.get("/api/session")
        refused = await client.post("/api/session/token")
        same = {"current": newcomer.password, "new": newcomer.password}
        kept = await client.put("/api/session/password", json=same)
        chosen = {"current": newcomer.password, "new": "a better password"}
        changed = await client.put("/api/session/password", json=chosen)
        after = await client.get("/api/session")
        me = await client.get("/api/me", headers=await bearer(client))

    assert signed_in_with.json() == state.json()
    assert signed_in_with.json()["passwordChangeRequired"] is True
    assert (refused.status_code, refused.json()["code"]) == (403, "password-change-required")
    assert (kept.status_code, kept.json()["field"], changed.status_code) == (400, "new", 204)
    assert after.json() == {"user": state.json()["user"], "passwordChangeRequired": False}
    assert me.status_code == 200


def set_cookie(answer: httpx.Response, name: str) -> str:
    """The one Set-Cookie header of that name."""
    [found] = [line for line in answer.headers.get_list("set-cookie") if line.startswith(f"{name}=")]
    return found


@pytest.mark.parametrize(("origin", "prefix", "secure"), [(LOCAL, "", False), (CLINIC, "__Host-", True)])
@pytest.mark.parametrize("name", ["cp_login", "cp_known"])
async def test_the_cookies_of_a_sign_in_are_out_of_reach(
    app: Litestar, anna: GeneratedPassword, origin: str, prefix: str, name: str, secure: bool
) -> None:
    """No script reads them, no other site sends them, and on https no other host can set them."""
    name = prefix + name
    async with browser(app, origin) as client:
        cookie = set_cookie(await sign_in(client, anna), name)

    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert cookie.startswith(f"{name}=")
    assert {"httponly", "samesite=strict", "path=/"} <= parts
    assert ("secure" in parts) is secure
    assert not any(part.startswith("domain") for part in parts)


async def test_a_login_of_http_is_not_taken_on_https(app: Litestar, anna: GeneratedPassword) -> None:
    """A cookie that a network could have planted on http opens nothing on https."""
    async with browser(app) as client:
        value = set_cookie(await sign_in(client, anna), "cp_login").split(";")[0].split("=", 1)[1]

    async with browser(app, CLINIC) as client:
        answer = await client.post("/api/session/token", headers={"cookie": f"cp_login={value}"})
    assert answer.status_code == 401


async def test_a_wrong_password_is_a_problem_in_our_form(app: Litestar, anna: GeneratedPassword) -> None:
    """The answer says neither which of the two is wrong nor what was typed."""
    async with browser(app) as client:
        answers = [
            await client.post("/api/session", json={"name": name, "password": "hunter2hunter2"})
            for name in ("Anna", "Nobody")
        ]

    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (401, "wrong-password")
        assert answer.headers["x-cp-server"] == "capture/1"
        assert "hunter2" not in answer.text
        assert "set-cookie" not in answer.headers
    assert answers[0].json()["detail"] == answers[1].json()["detail"]


async def test_a_known_browser_signs_in_while_a_stranger_guesses(
    app: Litestar, anna: GeneratedPassword
) -> None:
    """Its cookie outlives the sign-out; one of plain http counts for nothing on https."""
    async with browser(app) as here, browser(app) as stranger:
        await sign_in(here, anna)
        await here.delete("/api/session")
        assert {cookie.name for cookie in here.cookies.jar} == {"cp_known"}
        for _ in range(5):
            guess = await stranger.post("/api/session", json={"name": "Anna", "password": "no"})
            assert "set-cookie" not in guess.headers

        assert (await sign_in(stranger, anna)).status_code == 429
        wrong = await here.post("/api/session", json={"name": "Anna", "password": "no"})
        assert wrong.json() | {"requestId": ""} == guess.json() | {"requestId": ""}
        marks = here.cookies["cp_known"]
        assert (await sign_in(here, anna)).status_code == 200
        assert here.cookies["cp_known"] != marks
    async with browser(app, CLINIC) as moved:
        moved.headers["cookie"] = f"cp_known={marks}"
        assert (await sign_in(moved, anna)).status_code == 429


async def test_too_many_attempts_say_how_long_to_wait(app: Litestar, anna: GeneratedPassword) -> None:
    """The form can count down."""
    async with browser(app) as client:
        for _ in range(5):
            await client.post("/api/session", json={"name": "Anna", "password": "no"})
        answer = await sign_in(client, anna)

    assert (answer.status_code, answer.json()["code"]) == (429, "rate-limited")
    assert answer.headers["retry-after"] == "1"


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'{"name": "Anna"}', b'{"name": 1, "password": "x"}', b'{"name":"","password":""}'],
)
async def test_a_malformed_sign_in_names_its_field(app: Litestar, body: bytes) -> None:
    """Nothing but a name and a password is taken."""
    async with browser(app) as client:
        answer = await client.post("/api/session", content=body, headers={"content-type": "application/json"})

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-field")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/session"),
        ("POST", "/api/session/token"),
        ("PUT", "/api/session/password"),
        ("DELETE", "/api/session"),
    ],
)
async def test_a_foreign_page_signs_no_user_in_or_out(
    app: Litestar, anna: GeneratedPassword, method: str, path: str
) -> None:
    """Forms and scripts of other sites are refused although cookies might come with them."""
    foreign = {"origin": "https://evil.example", "sec-fetch-site": "cross-site", "x-cp-client": "1"}
    body = {"name": anna.name, "password": anna.password}
    async with client_of(app, LOCAL, **foreign) as client:
        answer = await client.request(method, path, json=body)

    assert (answer.status_code, answer.json()["code"]) == (403, "cross-site")
    assert "set-cookie" not in answer.headers


async def test_a_loopback_alias_gets_the_address_to_use(app: Litestar, anna: GeneratedPassword) -> None:
    """A token for 127.0.0.1 would be accepted nowhere, so the sign-in fails with the address at once."""
    async with browser(app, ALIAS) as client:
        answer = await sign_in(client, anna)

    assert answer.status_code == 403
    assert LOCAL in answer.json()["detail"]


async def test_no_login_gives_no_token(app: Litestar) -> None:
    """The page learns that there is no session."""
    async with browser(app) as client:
        answer = await client.post("/api/session/token")

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


async def test_the_sign_in_page_learns_who_is_signed_in_without_an_error(
    app: Litestar, anna: GeneratedPassword
) -> None:
    """No user and a user are both good answers."""
    async with browser(app) as client:
        before = await client.get("/api/session")
        user = (await sign_in(client, anna)).json()["user"]
        after = await client.get("/api/session")
        forged = await client.get("/api/session", headers={"cookie": "cp_login=x.1"})

    assert [answer.status_code for answer in (before, after, forged)] == [200] * 3
    assert [answer.json()["user"] for answer in (before, after, forged)] == [None, user, None]


async def test_sign_out_ends_tokens_and_background_uploads_at_once(
    app: Litestar, anna: GeneratedPassword
) -> None:
    """The cookies are removed, and their values are worth nothing any more."""
    async with browser(app) as client:
        await sign_in(client, anna)
        begun = await client.post("/api/upload-session", headers=await bearer(client))
        assert begun.status_code == 204
        kept = {cookie.name: cookie.value for cookie in client.cookies.jar}
        assert set(kept) == {"cp_login", "cp_upload", "cp_known"}

        answer = await client.delete("/api/session")
        assert answer.status_code == 204
        assert [cookie.name for cookie in client.cookies.jar] == ["cp_known"]

        again = {"cookie": "; ".join(f"{name}={value}" for name, value in kept.items())}
        token = await client.post("/api/session/token", headers=again)
        upload = await client.post("/api/uploads/presign", json={"photos": []}, headers=again)
        repeated = await client.delete("/api/session")

    assert (token.status_code, upload.status_code, repeated.status_code) == (401, 401, 204)


@pytest.mark.parametrize("change", [False, True], ids=["sign-out", "new password"])
async def test_a_token_that_outlives_its_login_begins_no_background_uploads(
    app: Litestar, anna: GeneratedPassword, change: bool
) -> None:
    """A copy of it would give a cookie for hours that no sign-out ends."""
    photo = {"photos": [{"photoId": "x"}]}
    async with browser(app) as thief, browser(app) as client:
        await sign_in(client, anna)
        token = await bearer(client)
        before = await thief.post("/api/upload-session", headers=token)
        if change:
            passwords = {"current": anna.password, "new": "quiet-harbour-lamp"}
            assert (await client.put("/api/session/password", json=passwords)).status_code == 204
        else:
            assert (await client.delete("/api/session")).status_code == 204
        after = await thief.post("/api/upload-session", headers=token)
        upload = await thief.post("/api/uploads/presign", json=photo)

    assert (before.status_code, after.status_code, upload.status_code) == (204, 401, 401)
    assert "set-cookie" not in after.headers


async def test_a_new_password_keeps_this_page_signed_in_and_no_other(
    app: Litestar, anna: GeneratedPassword
) -> None:
    """The answer carries the new login's cookie."""
    async with browser(app) as here, browser(app) as there:
        await sign_in(here, anna)
        await sign_in(there, anna)
        change = {"current": anna.password, "new": "a better password"}
        answer = await here.put("/api/session/password", json=change)

        assert answer.status_code == 204
        assert (await here.post("/api/session/token")).status_code == 200
        assert (await there.post("/api/session/token")).status_code == 401


async def test_a_weak_password_names_field_and_rule(app: Litestar, anna: GeneratedPassword) -> None:
    """The form can show the rule beside the field."""
    async with browser(app) as client:
        await sign_in(client, anna)
        change = {"current": anna.password, "new": "short"}
        answer = await client.put("/api/session/password", json=change)

    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["field"]) == (400, "invalid-field", "new")
    assert "10 characters" in problem["detail"]


async def test_a_stranger_changes_no_password(app: Litestar, anna: GeneratedPassword) -> None:
    """Without a login even the right password changes nothing."""
    async with browser(app) as client:
        change = {"current": anna.password, "new": "a better password"}
        answer = await client.put("/api/session/password", json=change)

    assert answer.status_code == 401


async def test_the_keys_are_public_and_contain_no_private_part(app: Litestar) -> None:
    """They verify tokens and cannot sign any."""
    async with client_of(app) as client:
        answer = await client.get("/.well-known/jwks.json")

    (published,) = answer.json()["keys"]
    assert set(published) == {"kty", "n", "e", "use", "alg", "kid"}
    assert answer.headers["cache-control"] == "public, max-age=300"


async def test_every_hostile_token_gets_the_same_answer_on_every_route(
    app: Litestar, clock: FixedClock, key: SessionKey
) -> None:
    """Only the request id differs, so that no route reveals to a forger what was wrong."""
    factory = TokenFactory(int(clock().timestamp()))
    tokens = [token for token in hostile_tokens(factory).values() if len(token) < 6000]
    answers = set()
    async with browser(app) as client:
        for path in ("/api/me", "/api/consultations", "/api/realtime/token"):
            for token in tokens:
                header = {b"authorization": b"Bearer " + token.encode()}
                answer = await client.get(path, headers=header)
                body = {name: value for name, value in answer.json().items() if name != "requestId"}
                answers.add((answer.status_code, msgspec.json.encode(body, order="sorted")))

    assert len(answers) == 1
    assert next(iter(answers))[0] == 401


async def test_the_sign_in_page_is_the_same_for_every_client(make_app: MakeApp) -> None:
    """Neither the way back nor anything else of the request reaches the page."""
    async with client_of(make_app(root=REPOSITORY)) as client:
        plain = await client.get("/sign-in")
        asked = await client.get("/sign-in?back=//evil.example&change=1")
        head = await client.head("/sign-in")

    assert plain.status_code == head.status_code == 200
    assert plain.headers["content-type"] == "text/html; charset=utf-8"
    assert plain.content == asked.content
    assert "script-src 'self'" in plain.headers["content-security-policy"]


async def test_under_clerk_each_sign_in_page_has_a_policy_and_a_nonce_of_its_own(make_app: MakeApp) -> None:
    """Clerk's styles run in this one answer, which is not cached; every other page stays strict."""
    script = "pwa/vendor/clerk.browser.js"
    key = "pk_live_Y2xlcmsuY2xpbmljLmV4YW1wbGUk"
    app = make_app(root=REPOSITORY, PUBLIC_ORIGINS=CLINIC, CLERK_PUBLISHABLE_KEY=key)
    async with client_of(app, CLINIC) as client:
        answers = [await client.get("/sign-in") for _ in range(2)]
        phone = await client.get("/mobile")

    nonces = [re.findall(r'name="cp-nonce" content="([\w-]{22})"', answer.text)[0] for answer in answers]
    assert len(set(nonces)) == 2
    for answer, nonce in zip(answers, nonces, strict=True):
        assert f"style-src 'self' 'nonce-{nonce}'" in answer.headers["content-security-policy"]
        assert "https://challenges.cloudflare.com" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert f'href="/{script}"' in answer.text
    assert "nonce" not in phone.text + phone.headers["content-security-policy"]
    assert f'href="/{script}"' in phone.text


async def test_clerk_without_its_browser_files_stops_the_start(make_app: MakeApp) -> None:
    """A sign-in page that cannot work is found by the operator, not by a clinician."""
    with pytest.raises(BrokenImport, match=r"clerk\.browser\.js, which is not there\. Set up again"):
        make_app(PUBLIC_ORIGINS=CLINIC, CLERK_PUBLISHABLE_KEY="pk_live_Y2xlcmsuY2xpbmljLmV4YW1wbGUk")


@pytest.mark.parametrize(("alive", "status"), [(True, 200), (False, 401)])
async def test_a_session_that_ended_at_the_provider_sends_no_more_photos(
    make_app: MakeApp,
    accounts: LocalIdentity,
    anna: GeneratedPassword,
    key: SessionKey,
    clock: FixedClock,
    alive: bool,
    status: int,
) -> None:
    """The upload cookie is worth nothing any more, and its record is gone."""
    asked = []

    async def session_alive(session: str) -> bool:
        asked.append(session)
        return alive

    app = make_app(
        verifier=SessionTokenVerifier(ISSUER, [LOCAL], LocalKeySet(key), clock),
        accounts=accounts,
        is_session_active=session_alive,
    )
    photo = {"photoId": "x"}
    async with browser(app) as client:
        await sign_in(client, anna)
        await client.post("/api/upload-session", headers=await bearer(client))
        answers = [await client.post("/api/uploads/presign", json={"photos": [photo]}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [status] * 2
    assert len(asked) == (2 if alive else 1)


async def test_a_token_ends_with_its_session(app: Litestar, anna: GeneratedPassword) -> None:
    """A copy of it would be valid for a minute more."""
    async with browser(app) as client:
        await sign_in(client, anna)
        token = await bearer(client)
        assert (await client.get("/api/me", headers=token)).status_code == 200

        await client.delete("/api/session")

        for path in ("/api/me", "/api/consultations", "/api/realtime/token"):
            assert (await client.get(path, headers=token)).status_code == 401
        assert (await client.post("/api/upload-session", headers=token)).status_code == 401


async def test_a_sign_out_at_a_provider_ends_the_cookies_of_this_server(make_app: MakeApp) -> None:
    """The provider's token lives on for up to a minute; the end of the upload cookie marks the sign-out."""
    left = SignedOutSessions()
    app = make_app(is_session_open=left.is_open, on_sign_out=left.add)
    async with (
        client_of(app, LOCAL, **signed_in()) as anna,
        client_of(app, LOCAL, **signed_in("user_ben")) as ben,
    ):
        assert (await anna.get("/api/me")).status_code == 200
        answer = await anna.delete("/api/upload-session")

        assert (answer.status_code, answer.headers["clear-site-data"]) == (204, '"cache"')
        assert (await anna.get("/api/me")).status_code == 401
        assert (await ben.get("/api/me")).status_code == 200
