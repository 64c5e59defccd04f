"""Every answer carries the security headers, whatever part made it: measured status by status."""

from typing import Any

import httpx
import pytest
import structlog
from litestar import Litestar, get
from litestar.handlers import asgi
from litestar.types import Receive, Scope, Send

from tests.support.fakes import uuid7
from tests.web.conftest import MakeApp, client_of, own_page, signed_in

ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "strict-origin-when-cross-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


def assert_secured(answer: httpx.Response, status: int) -> None:
    """The headers of every answer, on one of the expected status."""
    assert answer.status_code == status
    assert ALWAYS.items() <= dict(answer.headers).items()
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "camera=(self)" in answer.headers["permissions-policy"]
    assert len(answer.headers["x-request-id"]) == 16
    assert "strict-transport-security" not in answer.headers


@get("/api/broken")
async def broken() -> None:
    raise RuntimeError("Mrs Example, born 1950")


@asgi("/photos/", is_mount=True, copy_scope=True)
async def mounted(scope: Scope, receive: Receive, send: Send) -> None:
    headers = [(b"content-type", b"image/jpeg"), (b"content-security-policy", b"sandbox")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


@pytest.mark.parametrize("path", ["/api/me", "//api/me"])
async def test_api_200_is_ours_and_never_stored(anna: httpx.AsyncClient, path: str) -> None:
    """A phone distinguishes our answer from a captive portal's, and no cache keeps it."""
    answer = await anna.get(f"{str(anna.base_url).rstrip('/')}{path}")

    assert_secured(answer, 200)
    assert answer.headers["x-cp-server"] == "capture/1"
    assert answer.headers["cache-control"] == "no-store"


async def test_204(anna: httpx.AsyncClient) -> None:
    """An answer without a body."""
    answer = await anna.post("/api/upload-session")

    assert_secured(answer, 204)
    assert answer.headers["x-cp-server"] == "capture/1"


async def test_304_of_a_list_and_of_an_asset(anna: httpx.AsyncClient) -> None:
    """An answer that only confirms."""
    unfiled = (await anna.get("/api/me")).json()["unfiledConsultation"]["id"]
    url = f"/api/consultations/{unfiled}/photos"
    etag = (await anna.get(url)).headers["etag"]
    asset = (await anna.get("/pwa/styles/base.css")).headers["etag"]

    assert_secured(again := await anna.get(url, headers={"if-none-match": etag}), 304)
    assert again.headers["etag"] == etag
    assert_secured(await anna.get("/pwa/styles/base.css", headers={"if-none-match": asset}), 304)


async def test_401(stranger: httpx.AsyncClient) -> None:
    """Without a sign-in."""
    answer = await stranger.get("/api/me")

    assert_secured(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["x-cp-server"] == "capture/1"


@pytest.mark.parametrize("path", ["/nothing", "/api/nothing", "/pwa/nothing.js"])
async def test_404(stranger: httpx.AsyncClient, path: str) -> None:
    """Nothing there, matched or not."""
    answer = await stranger.get(path)

    assert_secured(answer, 404)
    assert answer.headers["cache-control"] == "no-store"


async def test_405_names_the_methods(anna: httpx.AsyncClient) -> None:
    """A known address with the wrong method."""
    answer = await anna.delete("/api/me")

    assert_secured(answer, 405)
    assert "GET" in answer.headers["allow"]


async def test_413(anna: httpx.AsyncClient) -> None:
    """A body over 64 kB."""
    body = b'{"label": "' + b"a" * 70_000 + b'"}'
    answer = await anna.post("/api/consultations", content=body, headers={"content-type": "application/json"})

    assert_secured(answer, 413)


async def test_421(app: Litestar) -> None:
    """A host that is not ours."""
    async with client_of(app, "http://evil.example") as client:
        assert_secured(await client.get("/mobile"), 421)


async def test_500_hides_what_went_wrong_and_logs_no_text(make_app: MakeApp) -> None:
    """Neither the answer nor the log carries the error's text, which may contain patient data."""
    with structlog.testing.capture_logs() as logs:
        async with client_of(make_app(handlers=[broken]), **signed_in()) as client:
            answer = await client.get("/api/broken")

    assert_secured(answer, 500)
    assert answer.json()["code"] == "internal"
    assert "Example" not in answer.text
    assert "Example" not in str(logs)
    assert [line["error"] for line in logs if line["event"] == "request.failed"] == ["RuntimeError"]


async def test_a_mounted_answer_keeps_its_own_policy(make_app: MakeApp) -> None:
    """The store's sandbox is stricter than the default and stays; the rest is added."""
    async with client_of(make_app(handlers=[mounted])) as client:
        answer = await client.get("/photos/consultations/a.jpg")

    assert answer.headers.get_list("content-security-policy") == ["sandbox"]
    assert ALWAYS.items() <= dict(answer.headers).items()


async def test_pages_scripts_and_the_rest_have_policies_of_their_own(stranger: httpx.AsyncClient) -> None:
    """Pages may run our scripts, workers may fetch, everything else may do nothing."""
    page = (await stranger.get("/mobile")).headers["content-security-policy"]
    worker = (await stranger.get("/service_worker/sw.js")).headers["content-security-policy"]
    icon = (await stranger.get("/pwa/icons/icon.svg")).headers["content-security-policy"]

    assert "script-src 'self';" in page
    assert "unsafe" not in page
    assert "connect-src 'self' ws://localhost:8000" in page
    typed = "require-trusted-types-for 'script'; trusted-types 'none'"
    assert worker == f"default-src 'none'; script-src 'self'; connect-src 'self'; {typed}"
    assert "script-src" not in icon


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("https://capture.clinic.example", "max-age=63072000"),
        ("http://capture.clinic.example", "max-age=63072000"),  # a proxy ended TLS
        ("http://localhost:8000", None),
        ("https://localhost:8443", None),
    ],
)
async def test_hsts_only_on_https_under_a_public_name(
    make_app: MakeApp, origin: str, expected: str | None
) -> None:
    """Pinning https on a loopback name would lock other programs of this computer out."""
    app = make_app(PUBLIC_ORIGINS="http://localhost:8000,https://capture.clinic.example")
    async with client_of(app, origin) as client:
        answer = await client.get("/mobile")

    assert answer.status_code == 200
    assert answer.headers.get("strict-transport-security") == expected


async def test_one_log_line_with_the_template_and_never_the_path(app: Litestar) -> None:
    """Ids and whatever else a path contains stay out of the log."""
    photo = uuid7(7)
    with structlog.testing.capture_logs() as logs:
        async with client_of(app, **signed_in()) as client:
            answer = await client.get(f"/api/uploads/{photo}?secret=1")
            await client.get("/Mrs-Example")

    lines = [line for line in logs if line["event"] == "request"]
    assert (
        lines[0].items()
        >= {
            "method": "GET",
            "route": "/api/uploads/{photo_id}",
            "status": 404,
            "user": "user_anna",
            "request_id": answer.headers["x-request-id"],
        }.items()
    )
    assert [line["route"] for line in lines[1:]] == ["unmatched"]
    assert str(photo) not in str(logs)
    assert "secret" not in str(logs)


async def test_files_that_were_found_are_logged_at_debug_and_counted_all_the_same(app: Litestar) -> None:
    """A page brings dozens; one that is missing, or a page itself, is logged at info."""
    files = [
        "/pwa/icons/icon.svg",
        "/service_worker/sw.js",
        "/favicon.ico",
        "/qr.svg",
        "/manifest.webmanifest",
    ]
    with structlog.testing.capture_logs() as logs:
        async with client_of(app) as client:
            found = [(await client.get(path)).status_code for path in files]
            etag = (await client.head(files[0])).headers["etag"]
            unchanged = await client.get(files[0], headers={"if-none-match": etag})
            missing = await client.get("/pwa/icons/none.svg")
            await client.get("/mobile")
            counted = (await client.get("/metrics")).text

    assert (found, unchanged.status_code, missing.status_code) == ([200] * 5, 304, 404)
    levels = [line["log_level"] for line in logs if line["event"] == "request"]
    assert levels == ["debug"] * 7 + ["info"] * 3
    assert 'capture_requests_total{method="GET",route="/pwa/{path}",status="404"} 1.0' in counted
    assert 'capture_requests_total{method="GET",route="/pwa/{path}",status="200"} 1.0' in counted


async def test_request_ids_differ_and_cannot_be_chosen(anna: httpx.AsyncClient) -> None:
    """A client cannot forge the id of another client's request."""
    first = await anna.get("/api/me", headers={"x-request-id": "mine"})
    second = await anna.get("/api/me", headers={"x-request-id": "mine"})

    assert len({first.headers["x-request-id"], second.headers["x-request-id"], "mine"}) == 3


async def test_websocket_messages_pass_untouched(make_app: MakeApp) -> None:
    """The hub's upgrade is neither counted nor changed."""

    async def hub(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept", "subprotocol": None, "headers": []})

    sent: list[dict[str, object]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    scope: Any = {
        "type": "websocket", "path": "/hub/", "raw_path": b"/hub/", "query_string": b"", "root_path": "",
        "scheme": "ws", "headers": [(b"host", b"localhost:8000")], "subprotocols": [],
        "client": ("127.0.0.1", 1), "server": ("localhost", 8000),
    }  # fmt: skip
    await make_app(handlers=[asgi("/hub/", is_mount=True, copy_scope=True)(hub)])(scope, receive, send)

    assert sent == [{"type": "websocket.accept", "subprotocol": None, "headers": []}]


async def test_own_page_headers_are_what_the_guard_wants(app: Litestar) -> None:
    """The control of this file's fixtures: without a token the same page is refused for that alone."""
    async with client_of(app, **own_page()) as client:
        assert (await client.post("/api/upload-session")).status_code == 401
