"""What operators see: alive, ready or which part is not, and numbers for this machine only."""

import asyncio
from typing import Any
from unittest.mock import Mock

import httpx
import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from litestar import Litestar

from app.adapters.clerk.jwks import STALE_S, HttpKeySet
from app.adapters.database.engine import SqlDatabase
from app.domain.errors import Unavailable
from app.web import readiness
from app.web.readiness import REMEMBERED_S, Readiness
from tests.support.fakes import MemorySignals, MemoryStore, uuid7
from tests.web.conftest import ANNA, MakeApp, client_of, signed_in
from tests.web.test_limits import Watch

# Every header by which a proxy marks a request that it passed on.
PASSED_ON = [
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-forwarded-port",
    "x-forwarded-server",
    "x-real-ip",
    "via",
    "cf-connecting-ip",
    "cf-ray",
    "cdn-loop",
    "true-client-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "fastly-client-ip",
    "x-original-host",
    "x-original-forwarded-for",
    "x-envoy-external-address",
    "x-amzn-trace-id",
    "x-azure-clientip",
    "fly-client-ip",
    "x-proxyuser-ip",
    "x-appengine-user-ip",
    "x-arr-ssl",
    "x-scheme",
    "proxy-connection",
    "max-forwards",
]


async def test_live_asks_no_part(app: Litestar, store: MemoryStore) -> None:
    """A slow store must not make a platform restart the server."""
    store.down = True
    async with client_of(app) as client:
        assert (await client.get("/health/live")).json() == {"status": "live"}


async def test_ready_when_every_part_answers(app: Litestar) -> None:
    """Database, store and signals."""
    async with client_of(app) as client:
        answer = await client.get("/health/ready")

    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready", "parts": {"database": "ok", "store": "ok", "signals": "ok"}
    }  # fmt: skip
    assert answer.headers["cache-control"] == "no-store"


async def test_not_ready_names_the_part_that_is_down(
    app: Litestar, store: MemoryStore, signals: MemorySignals
) -> None:
    """503 in the form of every error, with the parts beside it."""
    store.down = signals.down = True
    async with client_of(app) as client:
        answer = await client.get("/health/ready")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.json()["code"], answer.json()["parts"]) == (
        "unavailable", {"database": "ok", "store": "down", "signals": "down"}
    )  # fmt: skip


@pytest.mark.parametrize("part", ["signals", "sign-in"])
async def test_a_part_that_photos_can_do_without_only_degrades(make_app: MakeApp, part: str) -> None:
    """Ready means that photos can be taken: no balancer takes the service out because signals are away."""

    async def fine() -> None:
        """It answers."""

    async def away() -> None:
        raise Unavailable

    checks = {"database": fine, "store": fine, "signals": fine, "sign-in": fine, part: away}
    async with client_of(make_app(readiness_checks=checks)) as client:
        answer = await client.get("/health/ready")

    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert answer.json() == {
        "status": "degraded", "parts": {**dict.fromkeys(checks, "ok"), part: "down"}
    }  # fmt: skip


@pytest.mark.parametrize("part", ["database", "store"])
async def test_a_part_that_every_photo_needs_ends_readiness(make_app: MakeApp, part: str) -> None:
    """The control: where no photo can be kept the server is not ready, whatever else works."""

    async def fine() -> None:
        """It answers."""

    async def away() -> None:
        raise Unavailable

    checks = {"database": fine, "store": fine, "signals": fine, "sign-in": fine, part: away}
    async with client_of(make_app(readiness_checks=checks)) as client:
        answer = await client.get("/health/ready")

    assert (answer.status_code, answer.json()["parts"][part]) == (503, "down")


async def test_stale_sign_in_keys_degrade_and_fresh_ones_mend(make_app: MakeApp) -> None:
    """The real key set: a day after the provider's last answer the part is named, and photos go on."""
    watch = Watch()
    keys = HttpKeySet("https://clerk.clinic.invalid/jwks.json", monotonic=watch, timeout_s=0.05)
    keys._keys, keys._fetched_at = {"one": Mock(RSAPublicKey)}, watch()
    answers = []
    for watch.now in (0.0, STALE_S + 1):
        async with client_of(make_app(readiness_checks={"sign-in": keys.check})) as client:
            answer = await client.get("/health/ready")
        answers.append((answer.status_code, answer.json()["status"]))

    assert answers == [(200, "ready"), (200, "degraded")]


async def test_a_part_that_hangs_is_down(make_app: MakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer comes within the limit."""
    monkeypatch.setattr(readiness, "CHECK_SECONDS", 0.01)
    hang = asyncio.Event().wait
    async with client_of(make_app(readiness_checks={"store": hang})) as client:
        answer = await client.get("/health/ready")

    assert answer.json()["parts"] == {"store": "down"}


async def test_a_crowd_that_asks_sets_off_one_question(make_app: MakeApp) -> None:
    """A client without a sign-in cannot make the server ask the store as often as it likes."""
    asked = 0

    async def check() -> None:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)

    async with client_of(make_app(readiness_checks={"store": check})) as client:
        answers = await asyncio.gather(*(client.get("/health/ready") for _ in range(50)))

    assert {answer.status_code for answer in answers} == {200}
    assert asked == 1


async def test_what_is_down_or_back_is_reported_within_seconds(store: MemoryStore) -> None:
    """An answer is remembered for three seconds, whatever it was."""
    watch = Watch()
    tested = Readiness({"store": store.check}, watch)
    answers = []
    steps = ((0.0, False), (REMEMBERED_S - 0.1, True), (REMEMBERED_S, True), (7.0, False))
    for watch.now, store.down in steps:
        answers.append((await tested.parts())["store"])

    assert answers == ["ok", "ok", "down", "ok"]


async def test_metrics_count_by_template_and_include_what_waits(app: Litestar) -> None:
    """Requests by route and status, and the database's own counts."""
    async with client_of(app, **signed_in()) as client:
        await client.get("/api/me")
        await client.get("/Mrs-Example")
        await client.request("BREW", "/mobile")
        answer = await client.get("/metrics")

    text = answer.text
    assert 'capture_requests_total{method="GET",route="/api/me",status="200"} 1.0' in text
    assert 'capture_requests_total{method="GET",route="unmatched",status="404"} 1.0' in text
    assert 'method="other"' in text
    assert 'capture_request_seconds_count{route="/api/me"} 1.0' in text
    assert "capture_pending 0.0" in text
    assert "capture_oldest_pending_seconds" in text
    assert "capture_outbox" in text
    assert "Example" not in text
    assert "user_anna" not in text


@pytest.mark.parametrize(
    ("base", "peer", "headers"),
    [
        ("http://localhost:8000", "192.168.1.9", {}),
        ("http://localhost:8000", "127.0.0.1", {"x-forwarded-for": "10.0.0.1"}),
        *(("http://localhost:8000", "127.0.0.1", {name: "10.0.0.1"}) for name in PASSED_ON),
        ("https://capture.clinic.example", "127.0.0.1", {}),
    ],
)
async def test_metrics_are_for_this_machine_only(
    make_app: MakeApp, base: str, peer: str, headers: dict[str, str]
) -> None:
    """To others, and through a proxy, there is nothing at this address."""
    app = make_app(PUBLIC_ORIGINS="http://localhost:8000,https://capture.clinic.example")
    async with client_of(app, base, peer=peer, **headers) as client:
        with structlog.testing.capture_logs() as lines:
            assert (await client.get("/metrics")).status_code == 404
    reasons = [line["reason"] for line in lines if line["event"] == "metrics.refused"]
    assert len(reasons) == 1
    assert reasons[0] in ("address", "host", "proxy")


@pytest.mark.parametrize(("version", "status"), [("1.0", 404), ("1.1", 200)])
async def test_a_proxy_without_headers_is_recognised_by_its_http_version(
    app: Litestar, version: str, status: int
) -> None:
    """What nginx sends as it is installed; 1.1 is the control."""

    async def passed_on(scope: Any, receive: Any, send: Any) -> None:
        await app(scope | {"http_version": version}, receive, send)

    transport = httpx.ASGITransport(app=passed_on, client=("127.0.0.1", 50_000))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        assert (await client.get("/metrics", headers={"connection": "close"})).status_code == status


@pytest.mark.parametrize("base", ["http://localhost:8000", "http://127.0.0.1:8000", "http://[::1]:8000"])
async def test_a_collector_on_this_machine_is_answered(make_app: MakeApp, base: str) -> None:
    """The control: what Prometheus sends."""
    sent = {
        "user-agent": "Prometheus/3.1.0",
        "accept": "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
        "x-prometheus-scrape-timeout-seconds": "10",
        "authorization": "Bearer something",
    }
    async with client_of(make_app(), base, **sent) as client:
        assert (await client.get("/metrics")).status_code == 200


async def test_two_apps_count_apart(make_app: MakeApp) -> None:
    """A registry for each app."""
    first, second = make_app(), make_app()
    async with client_of(first) as client:
        await client.get("/mobile")
    async with client_of(second) as client:
        assert "/mobile" not in (await client.get("/metrics")).text


async def test_metrics_include_device_inventories_and_what_the_sweeper_found(
    app: Litestar, database: SqlDatabase
) -> None:
    """Gauges for what waits, a counter for what was done, and no user's id in either."""
    entry = {
        "photoId": str(uuid7(7)),
        "consultationId": str(uuid7(1)),
        "capturedAt": "2026-11-22T11:59:00Z",
        "state": "captured",
    }
    async with database.transaction() as tx:
        await tx.metrics.increment_counters({"sweep_stored": 3})
    async with client_of(app, **signed_in()) as client:
        listed = {"owner": ANNA, "held": [entry], "deleted": []}
        await client.put("/api/devices/current/captures", json=listed)
        text = (await client.get("/metrics")).text

    assert "# TYPE capture_sweep_stored_total counter\ncapture_sweep_stored_total 3.0" in text
    assert "# TYPE capture_announced gauge\ncapture_announced 1.0" in text
    for name in ("oldest_announced_seconds", "missing", "pending_over_1h", "oldest_outbox_seconds"):
        assert f"\ncapture_{name} 0.0" in text
    assert str(uuid7(7)) not in text
