"""Who may change state: our own pages, under our own hosts, with JSON."""

from collections.abc import AsyncIterator

import pytest
from litestar import Litestar, post
from litestar.params import FromPath

from tests.web.conftest import ORIGIN, MakeApp, client_of, own_page, signed_in

TOKEN = {"authorization": "Bearer token-of-user_anna"}
HTTPS = "https://capture.clinic.example"


async def status_of(app: Litestar, headers: dict[str, str], origin: str = ORIGIN) -> tuple[int, str | None]:
    """Status and code of a state change with these headers."""
    async with client_of(app, origin, **TOKEN, **headers) as client:
        answer = await client.post("/api/upload-session")
    return answer.status_code, answer.json().get("code") if answer.content else None


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"sec-fetch-site": None},
        {"origin": None},
    ],
)
async def test_our_own_page_may(app: Litestar, changes: dict[str, str | None]) -> None:
    """One of the two marks is enough, since old engines send only one."""
    headers = {name: value for name, value in (own_page() | changes).items() if value is not None}

    assert await status_of(app, headers) == (204, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "http://localhost:8000.evil.example"},
        {"origin": "http://localhost:8001"},
        {"origin": "https://localhost:8000"},
        {"x-cp-client": None},
        {"x-cp-client": "2"},
        {"origin": None, "sec-fetch-site": None},
    ],
)
async def test_no_other_page_may(app: Litestar, changes: dict[str, str | None]) -> None:
    """A token alone does not make a request ours."""
    headers = {name: value for name, value in (own_page() | changes).items() if value is not None}

    assert await status_of(app, headers) == (403, "cross-site")


async def test_every_public_origin_is_ours(make_app: MakeApp) -> None:
    """Behind a proxy that ends TLS too, where the scheme seen here is http."""
    app = make_app(PUBLIC_ORIGINS=f"{ORIGIN},{HTTPS}")

    assert (await status_of(app, own_page(HTTPS), HTTPS))[0] == 204
    assert (await status_of(app, own_page(HTTPS), "http://capture.clinic.example"))[0] == 204
    assert (await status_of(app, own_page(ORIGIN), ORIGIN))[0] == 204


async def test_reading_needs_no_mark(app: Litestar) -> None:
    """A GET changes nothing."""
    async with client_of(app, **TOKEN) as client:
        assert (await client.get("/api/me")).status_code == 200


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", ""]
)
async def test_a_body_is_json(app: Litestar, content_type: str) -> None:
    """Types that a foreign form can send are refused before they are read."""
    async with client_of(app, **signed_in(), **{"content-type": content_type}) as client:
        answer = await client.post("/api/consultations", content=b'{"label": "Elbow"}')

    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-media-type")


async def test_a_body_of_unknown_length_is_a_body(app: Litestar) -> None:
    """Leaving the length out does not leave the check out."""

    async def chunks() -> AsyncIterator[bytes]:
        yield b"label=Elbow"

    async with client_of(app, **signed_in(), **{"content-type": "text/plain"}) as client:
        answer = await client.post("/api/consultations", content=chunks())

    assert answer.status_code == 415


async def test_json_with_a_charset_is_json(app: Litestar) -> None:
    """Parameters of the type do not matter."""
    async with client_of(app, **signed_in(), **{"content-type": "application/json; charset=utf-8"}) as client:
        answer = await client.post("/api/consultations", content=b'{"label": "Elbow"}')

    assert answer.status_code == 201


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "", "10.0.0.1"])
async def test_an_unknown_host_is_refused(app: Litestar, host: str) -> None:
    """A name that was made to point at this computer reads nothing from it."""
    async with client_of(app, **TOKEN, host=host) as client:
        answer = await client.get("/api/me")

    assert (answer.status_code, answer.json()["code"]) == (421, "host-not-allowed")


@pytest.mark.parametrize("path", ["/mobile", "/api/me", "/metrics", "/health/live", "/nowhere"])
@pytest.mark.parametrize(
    "host",
    [
        "[",
        "[::1",
        "localhost:99999",
        "localhost:abc",
        "a@localhost",
        "[::1%25e]",
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_what_is_no_host_is_refused_like_an_unknown_one(
    app: Litestar, scheme: str, host: str, path: str
) -> None:
    """Whatever readers of URLs make of it, nothing fails and nothing is served under it."""
    async with client_of(app, f"{scheme}://localhost:8000", **TOKEN, host=host) as client:
        answer = await client.get(path)

    assert answer.status_code == {"/health/live": 200, "/nowhere": 404}.get(path, 421)
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize("host", ["localhost:8000", "localhost:1", "127.0.0.1:8000", "[::1]:8000"])
async def test_this_computers_own_names_are_allowed(app: Litestar, host: str) -> None:
    """Whatever the public address is, the server's own console works."""
    async with client_of(app, **TOKEN, host=host) as client:
        assert (await client.get("/api/me")).status_code == 200


async def test_a_probe_may_ask_by_address(app: Litestar) -> None:
    """Container platforms ask health by the address of the container."""
    async with client_of(app, host="10.4.0.17:8000") as client:
        assert (await client.get("/health/live")).status_code == 200


@post(["/photos/{name:str}", "/channels/{name:str}", "/keys/{name:str}", "/elsewhere/{name:str}"])
async def outsiders(name: FromPath[str]) -> str:
    return name


@pytest.mark.parametrize(
    ("variables", "passed"),
    [
        ({}, {"/photos/", "/channels/", "/keys/"}),
        ({"STORE_BUCKET": "elsewhere"}, {"/elsewhere/", "/channels/", "/keys/"}),
        ({"S3_BUCKET": "clinic", "ABLY_API_KEY": "a.b:c"}, set()),
    ],
)
async def test_built_in_store_and_hub_authorise_their_own_requests(
    make_app: MakeApp, variables: dict[str, str], passed: set[str]
) -> None:
    """A presigned PUT has no header of ours; where the parts are elsewhere, nothing is exempt."""
    async with client_of(make_app(handlers=[outsiders], **variables)) as client:
        statuses = {
            prefix: (await client.post(f"{prefix}a", content=b"x")).status_code
            for prefix in ("/photos/", "/channels/", "/keys/", "/elsewhere/")
        }

    assert {prefix for prefix, status in statuses.items() if status == 201} == passed
    assert {status for prefix, status in statuses.items() if prefix not in passed} == {403}
