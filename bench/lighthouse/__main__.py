"""``python -m bench.lighthouse``: Lighthouse over the pages, on a slowed network and processor.

Each page is opened in a fresh profile whose user is signed in already: the phone cold, the desktop with
5, 60 and 500 photos in an open consultation and as many consultations beside it. Ends with 1 where a
score is below its goal.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec

from app.config.identifiers import uuid7
from app.server import log
from bench.browsing import Chromium, browser, sign_in_by_cookie
from bench.running import MeasuredClinic
from bench.users import PASSWORD, make_accounts, prepare
from e2e.conftest import DESKTOP, PHONE
from e2e.support.clinic import sha256
from e2e.support.http_client import open_client
from tests.support.pictures import jpeg
from tests.support.ports import free_port

SCRIPT = Path(__file__).with_name("audit.js")
GOALS = {"performance": 98, "accessibility": 100, "best-practices": 100, "seo": 100}
METRICS = {
    "first-contentful-paint": "5.0f",
    "largest-contentful-paint": "5.0f",
    "total-blocking-time": "5.0f",
    "cumulative-layout-shift": "5.3f",
}
HEADING = "perf  acc best  seo    FCP    LCP    TBT    CLS"
FULL = (5, 60, 500)
LIMIT_S = 300


class Audited(msgspec.Struct, frozen=True):
    """A page as somebody opens it; without a name nobody is signed in."""

    title: str
    address: str
    device: str
    name: str = ""


def main() -> None:
    """Every page once; the scores and metrics as a table."""
    log.configure("warning")
    with (
        tempfile.TemporaryDirectory(prefix="lighthouse-", ignore_cleanup_errors=True) as place,
        _clinic(Path(place)) as (clinic, pages),
        browser(Path(place)) as chromium,
    ):
        print(f"{'page':22} {'':8} {HEADING}")
        below = [page.title for page in pages if not _reaches_goals(chromium, clinic, page)]
    sys.exit(f"Below the goals: {', '.join(below)}" if below else 0)


@contextmanager
def _clinic(place: Path) -> Iterator[tuple[MeasuredClinic, list[Audited]]]:
    """A clinic with a user for each fullness."""
    clinic = MeasuredClinic(place / "clinic", free_port())
    accounts = prepare(clinic, lambda backends: make_accounts(backends, len(FULL) + 1))
    clinic.start()
    try:
        pages = [
            Audited("sign-in", "/sign-in?back=/mobile", "mobile"),
            Audited("phone", "/mobile", "mobile", accounts[0].name),
        ]
        for account, count in zip(accounts[1:], FULL, strict=True):
            _fill(clinic, account.name, count)
            title = f"desktop, {count} photos"
            pages += [Audited(title, "/desktop", device, account.name) for device in ("mobile", "desktop")]
        yield clinic, pages
    finally:
        clinic.kill()


def _fill(clinic: MeasuredClinic, name: str, count: int) -> None:
    """Consultations through the API, and photos in the last one, which stays open."""
    with open_client(clinic, name, PASSWORD) as client:
        for number in range(count):
            _renew_token(client)
            started = client.post("/api/consultations", json={"label": f"Room {number + 1}"})
            place = started.raise_for_status().json()["id"]
        owner = client.get("/api/me").json()["user"]["id"]
        for seed in range(count):
            _renew_token(client)
            _upload(client, owner, place, jpeg(800, 600, seed))


def _renew_token(client: httpx.Client) -> None:
    answer = client.post("/api/session/token")
    client.headers["authorization"] = f"Bearer {answer.raise_for_status().json()['token']}"


def _upload(client: httpx.Client, owner: str, place: str, body: bytes) -> None:
    claim = {"owner": owner, "consultationId": place, "sha256": sha256(body)}
    photo = {
        **claim, "photoId": str(uuid7()), "contentType": "image/jpeg", "size": len(body),
        "width": 800, "height": 600, "capturedAt": datetime.now(UTC).isoformat(),
    }  # fmt: skip
    answer = client.post("/api/uploads/presign", json={"photos": [photo]}).raise_for_status()
    upload = answer.json()["results"][0]["upload"]
    httpx.put(upload["url"], headers=upload["headers"], content=body).raise_for_status()
    client.post(f"/api/uploads/{photo['photoId']}/complete", json=claim).raise_for_status()


def _reaches_goals(chromium: Chromium, clinic: MeasuredClinic, page: Audited) -> bool:
    found = _audit(chromium, clinic, page)
    scores = found["scores"]
    points = " ".join(f"{scores[name]:4}" for name in GOALS)
    numbers = "  ".join(f"{found['metrics'][name]:{form}}" for name, form in METRICS.items())
    print(f"{page.title:22} {page.device:8} {points}  {numbers}", *found["failed"], sep="\n    ", flush=True)
    return all(scores[name] >= goal for name, goal in GOALS.items())


def _audit(chromium: Chromium, clinic: MeasuredClinic, page: Audited) -> dict[str, Any]:
    port = free_port()
    options = DESKTOP if page.device == "desktop" else PHONE
    with chromium.opened(f"--remote-debugging-port={port}", **options) as context:
        if page.name:
            sign_in_by_cookie(context, clinic.url, page.name)
        node = shutil.which("node") or "node"
        command = [node, str(SCRIPT), str(port), f"{clinic.url}{page.address}", page.device]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=LIMIT_S, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    # A page that did not load has a score, too.
    assert not found["error"], f"{page.title}: {found['error']}"
    return found


if __name__ == "__main__":
    main()
