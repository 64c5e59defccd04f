"""The main job in the cloud shape: PostgreSQL, and a bucket on an origin of its own with real CORS."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Page, Response, expect

from e2e.support.clinic import sha256
from e2e.support.cloud import CloudClinic, open_cloud_clinic
from e2e.support.verbs import (
    capture,
    expect_state,
    expect_stored_once,
    gallery,
    open_consultation_on_both,
    queue_row,
    sign_in,
    start_consultation,
    stored_today,
)
from e2e.support.watch import Watch

pytestmark = pytest.mark.xdist_group("cloud")


@pytest.fixture
def settings() -> dict[str, str]:
    """What a test sets beyond database and bucket."""
    return {}


@pytest.fixture
def clinic(tmp_path: Path, settings: dict[str, str]) -> Iterator[CloudClinic]:
    """A clinic in the cloud shape."""
    with open_cloud_clinic(tmp_path / "clinic", **settings) as clinic:
        yield clinic


def scene(clinic: CloudClinic, phone: Page, desktop: Page) -> None:
    """Both signed in, one consultation open."""
    sign_in(desktop, clinic, "/desktop")
    start_consultation(desktop, "Room 2")
    expect(desktop.get_by_text("Live", exact=True)).to_be_visible()
    sign_in(phone, clinic)
    expect(phone.get_by_role("heading", name="Room 2")).to_be_visible()


def test_photos_travel_through_a_bucket_of_another_origin(
    clinic: CloudClinic, phone: Page, desktop: Page
) -> None:
    """Three photos cross origins both ways; rows in PostgreSQL and objects in the bucket agree."""
    shown: list[Response] = []
    desktop.on("response", lambda answer: shown.append(answer))
    scene(clinic, phone, desktop)

    capture(phone, 3)

    stored_today(phone, 3)
    gallery(desktop, 3)
    expect_state(phone, "connected")
    rows = expect_stored_once(desktop, clinic, 3)
    objects = clinic.objects()
    assert len(objects) == 6
    for row in rows:
        key = f"consultations/{row['captured_in']}/{row['photo_id']}"
        stored, small = objects[f"{key}.jpg"], objects[f"{key}.thumb.webp"]
        assert (small["type"], small["encryption"]) == ("image/webp", "AES256")
        assert small["sha256"] == small["checksum"]
        expected = {"sha256": row["sha256"], "checksum": row["sha256"], "type": row["content_type"]}
        assert stored == {**expected, "encryption": "AES256"}
    pictures = {answer.url for answer in shown if answer.request.resource_type == "image"}
    assert sum(url.startswith(clinic.bucket.endpoint) for url in pictures) == 3


def test_the_page_may_talk_to_the_bucket_and_to_no_other_origin(
    clinic: CloudClinic, phone: Page, watch: Watch
) -> None:
    """The policy of the page names the bucket's origin; its neighbour is refused and reported."""
    watch.allow("CSP report: connect-src", "Refused to connect", "violates the following", "status of 403")
    sign_in(phone, clinic)
    neighbour = f"http://localhost:{urlsplit(clinic.bucket.endpoint).port}"

    assert phone.evaluate(REACHES, clinic.bucket.endpoint + "/clinic-photos/x")
    assert not phone.evaluate(REACHES, neighbour + "/clinic-photos/x")


REACHES = "url => fetch(url, {mode: 'no-cors'}).then(() => true, () => false)"


def test_a_download_reads_the_photo_across_origins_only_where_the_bucket_allows_it(
    clinic: CloudClinic, phone: Page, desktop: Page, watch: Watch
) -> None:
    """The file has the hash of the shutter; without GET in the bucket's CORS the page says so."""
    watch.allow("blocked by CORS policy", "ERR_FAILED")
    scene(clinic, phone, desktop)
    capture(phone, 1)
    gallery(desktop, 1)
    desktop.get_by_role("list", name="Photos").get_by_role("img").click()
    dialog = desktop.get_by_role("dialog")

    with desktop.expect_download() as waiting:
        dialog.get_by_role("button", name="Download").click()
    clinic.bucket.set_cors(clinic.url, "PUT")
    dialog.get_by_role("button", name="Download").click()

    expect(dialog.get_by_text("The photo was not downloaded.")).to_be_visible()
    assert [sha256(waiting.value.path().read_bytes())] == [row["sha256"] for row in clinic.photos()]
    assert re.fullmatch(r"[\w.-]+\.jpg", waiting.value.suggested_filename)


def test_a_bucket_that_does_not_know_the_page_costs_no_photo(
    clinic: CloudClinic, phone: Page, desktop: Page, watch: Watch
) -> None:
    """A rule for another page stops the PUT; once it is put right the photos arrive by themselves."""
    watch.allow("blocked by CORS policy", "ERR_FAILED", "status of 409")
    clinic.bucket.set_cors("https://other.example.org", "PUT", "GET")
    scene(clinic, phone, desktop)

    capture(phone, 2)
    expect(queue_row(phone, re.compile("Waiting for connection|Retrying"))).to_have_count(2)
    assert clinic.objects() == {}
    clinic.bucket.set_cors(clinic.url, "PUT", "GET")

    gallery(desktop, 2, limit_ms=40_000)
    expect_stored_once(desktop, clinic, 2)


@pytest.mark.parametrize("settings", [{"ABLY_API_KEY": "app.key:secret", "ABLY_ENDPOINT": "localhost"}])
def test_a_signal_service_that_cannot_be_reached_costs_only_liveness(
    clinic: CloudClinic, phone: Page, desktop: Page, watch: Watch
) -> None:
    """Ably by settings, without a server at its address: the desktop shows Polling and shows the photos."""
    watch.allow("wss://localhost", "https://localhost", "ERR_")
    open_consultation_on_both(clinic, phone, desktop)

    capture(phone, 1)

    expect(desktop.get_by_text("Polling", exact=True)).to_be_visible(timeout=30_000)
    gallery(desktop, 1, limit_ms=30_000)
    expect_stored_once(desktop, clinic, 1)


@pytest.mark.parametrize(
    "settings", [{"WORKERS": "2", "ABLY_API_KEY": "app.key:secret", "ABLY_ENDPOINT": "localhost"}]
)
def test_several_processes_serve_one_clinic(
    clinic: CloudClinic, phone: Page, desktop: Page, watch: Watch
) -> None:
    """The first password is printed once for all of them, every photo is stored once, and Ctrl-C ends all."""
    watch.allow("wss://localhost", "https://localhost", "ERR_")
    until_it_answers(f"{clinic.url}/health/live")
    sign_in(desktop, clinic, "/desktop")
    start_consultation(desktop, "Room 2")
    sign_in(phone, clinic)

    capture(phone, 3)

    stored_today(phone, 3)
    gallery(desktop, 3, limit_ms=30_000)
    expect_stored_once(desktop, clinic, 3)
    assert clinic.stop() == 0
    assert [line for line in clinic.log if "Traceback" in line] == []


def until_it_answers(url: str) -> None:
    """Wait for the first of several processes."""
    transport = httpx.HTTPTransport(retries=8)
    # The port is open before the first process answers on it.
    with httpx.Client(transport=transport, timeout=60) as client:
        assert client.get(url).status_code == 200
