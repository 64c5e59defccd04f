"""Patient data and secrets, planted and looked for in every place where none may be."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, expect

from e2e.conftest import DESKTOP, PHONE
from e2e.support.clinic import Clinic
from e2e.support.http_client import TYPED, open_client
from e2e.support.stored import bodies
from e2e.support.verbs import (
    capture,
    expect_stored_once,
    gallery,
    open_consultation_on_both,
    sign_in,
    stored_today,
    wait_for_worker,
)

LABEL, SECOND, NOTES, CAPTION, SITE = "Qzlabel71", "Qzsecond72", "Qznotes73", "Qzcaption74", "Qzsite75"
CANARIES = [LABEL, SECOND, NOTES, CAPTION, SITE]


class Listener:
    """Records what a page sends and what is signalled to it."""

    def __init__(self, page: Page) -> None:
        self.signals: list[str] = []
        self.addresses: list[str] = []
        self.tokens: set[str] = set()
        page.on("websocket", self._socket)
        page.on("request", self._request)

    def _socket(self, socket: Any) -> None:
        self.addresses.append(socket.url.partition("?")[0])
        socket.on("framereceived", lambda frame: self.signals.append(str(frame)))

    def _request(self, request: Any) -> None:
        self.addresses.append(request.url)
        if bearer := request.headers.get("authorization"):
            self.tokens.add(bearer.removeprefix("Bearer "))


def signatures(addresses: list[str]) -> set[str]:
    """Signatures of presigned addresses."""
    return {
        part.partition("=")[2]
        for address in addresses
        for part in address.partition("?")[2].split("&")
        if part.startswith("X-Amz-Signature=")
    }


def browser_keeps(page: Page) -> str:
    """All of a page's Cache Storage, local and session storage, as one text."""
    return str(
        page.evaluate(
            """async () => {
                 const texts = [JSON.stringify([{...localStorage}, {...sessionStorage}])];
                 for (const name of await caches.keys()) {
                   const cache = await caches.open(name);
                   for (const request of await cache.keys()) {
                     const answer = await cache.match(request);
                     texts.push(request.url, JSON.stringify([...answer.headers]), await answer.text());
                   }
                 }
                 return texts.join('\\n');
               }"""
        )
    )


def misuse(clinic: Clinic, consultation: str) -> str:
    """Errors provoked with the canaries in every place of a request; the bodies of the answers."""
    with open_client(clinic) as client:
        text = "".join(CANARIES)
        found = [
            client.post("/api/consultations", json={"label": LABEL, NOTES: SECOND}),
            client.post("/api/consultations", json={"label": [LABEL]}),
            client.post("/api/consultations", content=f'{{"label": {text}'.encode(), headers=TYPED),
            client.patch(f"/api/consultations/{consultation}", json={"notes": {NOTES: 1}}),
            client.get(f"/api/consultations/{text}", params={"q": text}),
            client.patch(f"/api/photos/{text}", json={"caption": CAPTION}),
            client.post("/api/uploads/presign", json={"photos": [{"photoId": CAPTION, SITE: LABEL}]}),
            client.get(f"/photos/{text}.jpg", params={"X-Amz-Signature": text}),
            client.post("/api/session", json={"name": text, "password": text}),
        ]
    statuses = [answer.status_code for answer in found]
    assert all(status >= 400 for at, status in enumerate(statuses) if at != 6), statuses
    return "\n".join(f"{dict(answer.headers)}{answer.text}" for answer in found)


def hits(words: list[str], text: str) -> list[str]:
    """The words that occur in a text, whatever their case."""
    return [word for word in words if word.lower() in text.lower()]


def test_patient_data_and_secrets_stay_out_of_every_sink(
    clinic: Clinic, open_context: Callable[..., BrowserContext]
) -> None:
    """Texts and keys of a whole consultation, errors included, searched in eight places where none may be."""
    desktop, phone = open_context(**DESKTOP).new_page(), open_context(**PHONE).new_page()
    at_desktop, at_phone = Listener(desktop), Listener(phone)
    sign_in(desktop, clinic, "/desktop")
    desktop.get_by_role("button", name="New consultation").first.click()
    form = desktop.get_by_role("dialog", name="New consultation")
    form.get_by_label("Label").fill(LABEL)
    form.get_by_label("Second identifier").fill(SECOND)
    form.get_by_role("button", name="Start consultation").click()
    sign_in(phone, clinic)
    expect(phone.get_by_role("heading", name=LABEL)).to_be_visible()
    wait_for_worker(phone)
    capture(phone, 1)
    stored_today(phone, 1)
    gallery(desktop, 1)
    desktop.get_by_role("textbox", name="Notes").fill(NOTES)
    desktop.get_by_role("list", name="Photos").get_by_role("button").first.click()
    dialog = desktop.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Caption").fill(CAPTION)
    dialog.get_by_label("Body site").fill(SITE)
    expect(dialog.get_by_text("Saved", exact=True)).to_be_visible()
    dialog.get_by_role("button", name="Close", exact=True).click()
    expect(desktop.locator("#notes").get_by_text("Saved", exact=True)).to_be_visible()
    expect_stored_once(desktop, clinic, 1)
    consultation = next(
        row["consultation_id"] for row in clinic.rows("SELECT * FROM consultations") if row["notes"]
    )
    errors = misuse(clinic, consultation)
    kept = {"desktop": browser_keeps(desktop), "phone": browser_keeps(phone)}
    numbers = desktop.request.get("/metrics").text()
    published = [row["payload"] for row in clinic.rows("SELECT * FROM outbox")]
    desktop.close()
    phone.close()
    clinic.stop()

    log = "".join(clinic.log[clinic.log.index(next(line for line in clinic.log if line[:1] == "{")) :])
    names = "\n".join(str(path) for path in (clinic.folder / "data").rglob("*"))
    sinks = {
        "log": log,
        "disk": names,
        "signals": "\n".join(at_desktop.signals),
        "outbox": "\n".join(map(str, published)),
        "errors": errors,
        "metrics": numbers,
        "addresses": "\n".join(at_desktop.addresses + at_phone.addresses),
        **kept,
    }
    assert {place: hits(CANARIES, text) for place, text in sinks.items() if hits(CANARIES, text)} == {}
    secrets = [
        *at_desktop.tokens,
        *at_phone.tokens,
        *signatures(at_desktop.addresses),
        "X-Amz-Signature",
        "Bearer ",
    ]
    assert len(secrets) > 3
    assert hits(secrets, log) == []
    for place in ("disk", "signals", "outbox", "metrics", "desktop", "phone"):
        assert hits([*at_desktop.tokens, *at_phone.tokens], sinks[place]) == [], place
    # The controls: each canary did reach the database, each sink has what it should.
    rows = str(
        [tuple(row) for table in ("consultations", "photos") for row in clinic.rows(f"SELECT * FROM {table}")]
    )
    assert hits(CANARIES, rows) == CANARIES
    assert consultation in sinks["signals"]
    assert consultation in sinks["outbox"]
    assert '"status":404' in log
    assert "/pwa/bundles/phone-" in kept["phone"]


def test_photos_on_the_disk_cannot_be_read(clinic: Clinic, phone: Page, desktop: Page) -> None:
    """No file under the objects contains a JPEG or any part of the photo that was stored."""
    open_consultation_on_both(clinic, phone, desktop)
    capture(phone, 2)
    stored_today(phone, 2)
    gallery(desktop, 2)

    stored = bodies(desktop, clinic, 2)

    objects = clinic.folder / "data" / "objects"
    files = {path: path.read_bytes() for path in objects.rglob("*") if path.is_file()}
    marks = [b"\xff\xd8\xff\xe0", b"JFIF", *(body[2000:2032] for body in stored.values())]
    assert sum(len(content) for content in files.values()) >= sum(map(len, stored.values()))
    assert [path.name for path, content in files.items() if any(mark in content for mark in marks)] == []
    for body in stored.values():  # The control: what was fetched has the marks.
        assert body.startswith(marks[0])
        assert any(mark in body for mark in marks[2:])
    assert modes(objects) <= {0o600, 0o700}


def modes(folder: Path) -> set[int]:
    """Permissions of a folder and of all that is in it."""
    return {path.stat().st_mode & 0o777 for path in (folder, *folder.rglob("*"))}
