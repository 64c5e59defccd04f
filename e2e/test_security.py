"""What a stranger, a curious colleague or a thief of the disk gets: nothing, and the log stays silent."""

import contextlib
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from e2e.caller import TYPED, open_caller
from e2e.clinic import Clinic
from e2e.conftest import DESKTOP, PHONE
from e2e.courier import deliver
from e2e.doubles.stranger import open_stranger
from e2e.stored import bodies
from e2e.verbs import (
    api,
    capture,
    gallery,
    open_camera,
    open_room,
    sign_in,
    start_consultation,
    stored_today,
    the_server_holds,
)
from e2e.watch import Watch

ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "strict-origin-when-cross-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
BARE = "default-src 'none'"


def statement(clinic: Clinic, sql: str) -> None:
    """Do something to the database file behind the program's back."""
    path = next((clinic.folder / "data").glob("*.sqlite3"))
    with contextlib.closing(sqlite3.connect(path, timeout=10)) as database:
        database.execute(sql)
        database.commit()


def answers(clinic: Clinic, caller: httpx.Client) -> dict[str, httpx.Response]:
    """One answer of each kind, by status; the last one after a table of the database has vanished."""
    visit = caller.post("/api/consultations", json={"label": "Room 2"}).json()["id"]
    photos = f"/api/consultations/{visit}/photos"
    asset = caller.get("/pwa/styles/base.css")
    found = {
        "200 page": caller.get("/desktop"),
        "200 api": caller.get("/api/me"),
        "200 script": caller.get("/service_worker/sw.js"),
        "204": caller.post("/api/upload-session"),
        "304 list": caller.get(photos, headers={"if-none-match": caller.get(photos).headers["etag"]}),
        "304 asset": caller.get(asset.url.path, headers={"if-none-match": asset.headers["etag"]}),
        "400": caller.post("/api/consultations", json={"label": 7}),
        "401": caller.get("/api/me", headers={"authorization": "Bearer nonsense"}),
        "403": caller.post(
            "/api/consultations", json={"label": "x"}, headers={"origin": "https://a.example"}
        ),
        "403 store": caller.get("/photos/consultations/unsigned.jpg"),
        "404": caller.get("/no/such/place"),
        "404 api": caller.get("/api/no/such/place"),
        "405": caller.put("/api/me"),
        "413": caller.post("/api/consultations", json={"label": "x" * 70_000}),
        "421": caller.get("/desktop", headers={"host": "rebound.example"}),
    }
    statement(clinic, "ALTER TABLE consultations RENAME TO lost")
    return {**found, "500": caller.get("/api/me")}


def expected(kind: str) -> dict[str, str]:
    """The headers of every answer; an answer of the photo store tells no site at all where one was."""
    return {**ALWAYS, "referrer-policy": "no-referrer"} if kind.endswith("store") else ALWAYS


def test_every_kind_of_answer_carries_the_security_headers(clinic: Clinic) -> None:
    """200, 204, 304, 4xx and 500 of the running program; nothing says which software it is."""
    with open_caller(clinic) as caller:
        found = answers(clinic, caller)

    assert {kind: one.status_code for kind, one in found.items()} == {kind: int(kind[:3]) for kind in found}
    for kind, answer in found.items():
        assert expected(kind).items() <= dict(answer.headers).items(), kind
        assert BARE in answer.headers["content-security-policy"], kind
        assert "camera=(self)" in answer.headers["permissions-policy"], kind
        assert answer.headers["x-request-id"], kind
        assert "server" not in answer.headers, kind
        assert "strict-transport-security" not in answer.headers, kind
    assert "frame-ancestors 'none'" in found["200 page"].headers["content-security-policy"]
    assert "unsafe" not in found["200 page"].headers["content-security-policy"]
    for kind in ("200 api", "204", "401", "500"):
        assert found[kind].headers["cache-control"] == "no-store", kind


HANDLER = "<img src=data:, onerror=pwned=1>"
SCRIPT = "<script>pwned=1</script>"
ATTACK = HANDLER + SCRIPT
RUN = """(attack) => {
  const place = document.createElement('div');
  place.innerHTML = attack;
  document.body.append(place);
  const script = document.createElement('script');
  script.textContent = 'scripted = 1';
  document.body.append(script);
  const picture = place.querySelector('img');
  return new Promise((done) => {
    const look = () => done([typeof pwned, typeof scripted]);
    picture.addEventListener('error', () => setTimeout(look));
  });
}"""


def inert(page: Page) -> None:
    """Nothing that was typed has become part of the page."""
    assert page.evaluate("typeof pwned") == "undefined"
    assert page.locator("img[onerror]").count() == 0
    assert page.evaluate("[...document.scripts].filter((one) => !one.src).length") == 0


def test_markup_in_every_text_field_stays_text(clinic: Clinic, phone: Page, desktop: Page) -> None:
    """Label, second identifier, notes, caption and body site, on every screen that shows them."""
    sign_in(desktop, clinic, "/desktop")
    desktop.get_by_role("button", name="New consultation").first.click()
    form = desktop.get_by_role("dialog", name="New consultation")
    form.get_by_label("Label").fill(ATTACK)
    form.get_by_label("Second identifier").fill(ATTACK)
    form.get_by_role("button", name="Start consultation").click()
    expect(desktop.get_by_role("heading", name=ATTACK)).to_be_visible()
    sign_in(phone, clinic)
    expect(phone.get_by_role("heading", name=ATTACK)).to_be_visible()
    capture(phone, 1)
    stored_today(phone, 1)
    gallery(desktop, 1)
    desktop.get_by_role("textbox", name="Notes").fill(ATTACK)
    desktop.get_by_role("list", name="Photos").get_by_role("button").first.click()
    dialog = desktop.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Caption").fill(ATTACK)
    dialog.get_by_label("Body site").fill(ATTACK)
    expect(dialog.get_by_text("Saved", exact=True)).to_be_visible()
    inert(desktop)
    dialog.get_by_role("button", name="Close", exact=True).click()
    expect(desktop.get_by_role("list", name="Photos").get_by_role("button").first).to_contain_text(HANDLER)

    desktop.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(desktop.locator("#sheet figure")).to_contain_text(HANDLER)
    inert(desktop)
    open_camera(phone)
    start_consultation(desktop, f"2 {ATTACK}")
    phone.evaluate("dispatchEvent(new Event('online'))")  # The phone asks now and not in 15 s.
    expect(phone.get_by_role("button", name=f"Switch to 2 {ATTACK}")).to_be_visible()
    inert(phone)
    desktop.reload()
    expect(desktop.get_by_role("heading", name=f"2 {ATTACK}")).to_be_visible()
    inert(desktop)
    [row] = the_server_holds(desktop, clinic, 1)
    assert (row["caption"], row["body_site"]) == (ATTACK, ATTACK)


def test_markup_as_an_account_name_is_text_and_no_account(
    clinic: Clinic, desktop: Page, watch: Watch
) -> None:
    """Nobody can be called that, and trying to sign in with it runs nothing."""
    watch.allow("status of 401")
    with pytest.raises(Exception, match="A name has 1 to 64 letters"):
        clinic.add_account(HANDLER)
    desktop.goto("/sign-in")
    desktop.get_by_label("Name").fill(HANDLER)
    desktop.get_by_label("Password", exact=True).fill(ATTACK)
    desktop.get_by_role("button", name="Sign in").click()

    expect(desktop.get_by_role("alert")).to_contain_text("The name or the password is not right.")
    inert(desktop)


@pytest.mark.parametrize("path", ["/desktop", "/mobile", "/sign-in?change=1"])
def test_markup_that_got_into_a_page_would_still_not_run(
    clinic: Clinic, desktop: Page, watch: Watch, path: str
) -> None:
    """The second wall: the policy refuses inline handlers and scripts, and reports each."""
    watch.allow("CSP report: script-src", "violates the following Content Security Policy", "data:,")
    sign_in(desktop, clinic, "/desktop")
    desktop.goto(path)

    assert desktop.evaluate(RUN, HANDLER) == ["undefined", "undefined"]

    reports = [line for line in watch.complaints if "CSP report: script-src" in line]
    assert len(reports) == 2


def test_without_a_policy_the_same_markup_runs(browser: Browser) -> None:
    """The control: on a page without a policy both ways in are open."""
    page = browser.new_page()
    page.goto("about:blank")

    assert page.evaluate(RUN, HANDLER) == ["number", "number"]
    page.close()


TABLES = ("users", "consultations", "current_choices", "photos", "audit", "outbox",
          "upload_sessions", "accounts", "login_sessions", "login_failures")  # fmt: skip
FORGE = """async ([clinic, photo]) => {
  const body = JSON.stringify({label: 'forged'});
  const plain = {method: 'POST', mode: 'no-cors', credentials: 'include', body};
  const typed = {...plain, mode: 'cors', headers: {'content-type': 'application/json', 'x-cp-client': '1'}};
  const paths = ['/api/consultations', '/api/session/token', '/api/upload-session', '/api/uploads/presign',
    `/api/photos/${photo}/move`, '/api/session'];
  for (const path of paths) {
    await fetch(clinic + path, plain).catch(() => {});
    await fetch(clinic + path, typed).catch(() => {});
    navigator.sendBeacon(clinic + path, body);
    for (const enctype of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      const form = Object.assign(document.createElement('form'),
        {action: clinic + path, method: 'POST', enctype, target: 'hole'});
      form.append(Object.assign(document.createElement('input'), {name: body, value: ''}));
      document.body.append(form);
      const hole = document.querySelector('iframe');
      const sent = new Promise((done) => hole.addEventListener('load', done, {once: true}));
      form.submit();
      await sent;
    }
    await new Promise((done) => {
      const picture = new Image();
      picture.onerror = picture.onload = done;
      picture.src = clinic + path;
    });
  }
  for (const method of ['DELETE', 'PUT', 'PATCH'])
    await fetch(`${clinic}/api/photos/${photo}`, {...typed, method}).catch(() => {});
  await fetch(clinic + '/api/session', {...typed, method: 'DELETE'}).catch(() => {});
}"""


def everything(clinic: Clinic) -> dict[str, list[Any]]:
    """Every row of every table."""
    return {table: [tuple(row) for row in clinic.rows(f"SELECT * FROM {table}")] for table in TABLES}


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"], ids=["same-site", "cross-site"])
def test_a_stranger_s_page_changes_nothing(clinic: Clinic, desktop: Page, watch: Watch, host: str) -> None:
    """Forms, fetches, beacons and pictures from another origin, with a clinician signed in: no row moves."""
    watch.allow("")  # A stranger's console is full of refusals.
    sign_in(desktop, clinic, "/desktop")
    start_consultation(desktop, "Room 2")
    [photo] = deliver(desktop)
    gallery(desktop, 1)
    the_server_holds(desktop, clinic, 1)
    with open_stranger() as port:
        desktop.goto(f"http://{host}:{port}/")
        before, lines = everything(clinic), len(clinic.log)
        desktop.evaluate(FORGE, [clinic.url, photo])
        after = everything(clinic)
    clinic.stop()

    assert after == before
    refused = [json.loads(line) for line in clinic.log[lines:] if '"status": 403' in line]
    assert {one["route"] for one in refused} >= {"/api/consultations", "/api/session", "/api/session/token"}


def test_our_own_page_changes_what_the_stranger_could_not(clinic: Clinic, desktop: Page) -> None:
    """The control: the same request from our own origin makes a row, and the comparison sees it."""
    sign_in(desktop, clinic, "/desktop")
    before = everything(clinic)

    api(desktop, "/api/consultations", "POST", {"label": "forged"})

    after = everything(clinic)
    changed = [table for table in TABLES if after[table] != before[table]]
    assert "consultations" in changed


def test_the_upload_cookie_sends_photos_and_opens_nothing_else(
    clinic: Clinic, phone: Page, desktop: Page
) -> None:
    """Whoever has only that cookie sees no picture, no list, no signal, and ends nobody's session."""
    open_room(clinic, phone, desktop)
    capture(phone, 1)
    stored_today(phone, 1)
    gallery(desktop, 1)
    [row] = the_server_holds(desktop, clinic, 1)
    [cookie] = [one["value"] for one in phone.context.cookies() if one["name"] == "cp_upload"]
    marks = {"origin": clinic.url, "sec-fetch-site": "same-origin", "x-cp-client": "1"}
    photo, visit = row["photo_id"], row["filed_in"]
    refused = [
        ("GET", "/api/me"),
        ("GET", "/api/consultations"),
        ("GET", f"/api/consultations/{visit}"),
        ("GET", f"/api/consultations/{visit}/photos"),
        ("GET", "/api/consultations/current"),
        ("GET", "/api/realtime/token"),
        ("POST", "/api/session/token"),
        ("POST", "/api/upload-session"),
        ("DELETE", f"/api/photos/{photo}"),
    ]

    with httpx.Client(base_url=clinic.url, headers=marks, cookies={"cp_upload": cookie}) as thief:
        statuses = {path: thief.request(method, path).status_code for method, path in refused}
        picture = thief.get(f"/photos/consultations/{visit}/{photo}.jpg")
        state = thief.get(f"/api/uploads/{photo}")

    assert set(statuses.values()) == {401}, statuses
    assert picture.status_code == 403
    assert (state.status_code, state.json()["state"]) == (200, "stored")
    the_server_holds(desktop, clinic, 1)


def test_nobody_s_address_and_somebody_else_s_consultation_look_the_same(
    clinic: Clinic, desktop: Page
) -> None:
    """404 either way, with one log line for each, and neither says what was asked for."""
    password = clinic.add_account("ben")
    sign_in(desktop, clinic, "/desktop")
    start_consultation(desktop, "Room 2")
    [photo] = deliver(desktop)
    the_server_holds(desktop, clinic, 1)
    [row] = clinic.photos()
    hers = f"/api/consultations/{row['filed_in']}"
    nobodys = "/api/consultations/01a20000-0000-7000-8000-000000000000"
    with open_caller(clinic, "ben", password) as ben:
        lines = len(clinic.log)
        found = {path: ben.get(path) for path in (hers, nobodys, f"{hers}/photos", "/no/such/place")}
        moved = ben.post(f"/api/photos/{photo}/move", json={"consultationId": row["filed_in"]})
        deleted = ben.delete(f"/api/photos/{photo}")
    desktop.close()
    clinic.stop()

    assert [one.status_code for one in (*found.values(), moved, deleted)] == [404] * 6
    same = [{**found[path].json(), "requestId": ""} for path in (hers, nobodys)]
    assert same[0] == same[1]
    for answer in (*found.values(), moved, deleted):
        about = [line for line in clinic.log[lines:] if answer.headers["x-request-id"] in line]
        assert len(about) == 1, about
        assert row["filed_in"] not in about[0]
        assert "such" not in about[0]
    assert [one["state"] for one in clinic.photos()] == ["stored"]


LABEL, SECOND, NOTES, CAPTION, SITE = "Qzlabel71", "Qzsecond72", "Qznotes73", "Qzcaption74", "Qzsite75"
CANARIES = [LABEL, SECOND, NOTES, CAPTION, SITE]


class Listener:
    """Hears what a page sends and what is signalled to it."""

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
    """All that a page's Cache Storage, local and session storage hold, as one text."""
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


def misuse(clinic: Clinic, visit: str) -> str:
    """Errors provoked with the words in every place of a request; the bodies of the answers."""
    with open_caller(clinic) as caller:
        word = "".join(CANARIES)
        found = [
            caller.post("/api/consultations", json={"label": LABEL, NOTES: SECOND}),
            caller.post("/api/consultations", json={"label": [LABEL]}),
            caller.post("/api/consultations", content=f'{{"label": {word}'.encode(), headers=TYPED),
            caller.patch(f"/api/consultations/{visit}", json={"notes": {NOTES: 1}}),
            caller.get(f"/api/consultations/{word}", params={"q": word}),
            caller.patch(f"/api/photos/{word}", json={"caption": CAPTION}),
            caller.post("/api/uploads/presign", json={"photos": [{"photoId": CAPTION, SITE: LABEL}]}),
            caller.get(f"/photos/{word}.jpg", params={"X-Amz-Signature": word}),
            caller.post("/api/session", json={"name": word, "password": word}),
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
    """Words and keys of a whole visit, errors included, looked for in eight places where none may be."""
    desktop, phone = open_context(**DESKTOP).new_page(), open_context(**PHONE).new_page()
    heard, sent = Listener(desktop), Listener(phone)
    sign_in(desktop, clinic, "/desktop")
    desktop.get_by_role("button", name="New consultation").first.click()
    form = desktop.get_by_role("dialog", name="New consultation")
    form.get_by_label("Label").fill(LABEL)
    form.get_by_label("Second identifier").fill(SECOND)
    form.get_by_role("button", name="Start consultation").click()
    sign_in(phone, clinic)
    expect(phone.get_by_role("heading", name=LABEL)).to_be_visible()
    phone.evaluate("navigator.serviceWorker.ready.then(() => true)")
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
    the_server_holds(desktop, clinic, 1)
    visit = next(row["consultation_id"] for row in clinic.rows("SELECT * FROM consultations") if row["notes"])
    errors = misuse(clinic, visit)
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
        "signals": "\n".join(heard.signals),
        "outbox": "\n".join(map(str, published)),
        "errors": errors,
        "metrics": numbers,
        "addresses": "\n".join(heard.addresses + sent.addresses),
        **kept,
    }
    assert {place: hits(CANARIES, text) for place, text in sinks.items() if hits(CANARIES, text)} == {}
    secrets = [*heard.tokens, *sent.tokens, *signatures(heard.addresses), "X-Amz-Signature", "Bearer "]
    assert len(secrets) > 3
    assert hits(secrets, log) == []
    for place in ("disk", "signals", "outbox", "metrics", "desktop", "phone"):
        assert hits([*heard.tokens, *sent.tokens], sinks[place]) == [], place
    # The controls: each word did reach the database, each sink holds what it should.
    rows = str(
        [tuple(row) for table in ("consultations", "photos") for row in clinic.rows(f"SELECT * FROM {table}")]
    )
    assert hits(CANARIES, rows) == CANARIES
    assert visit in sinks["signals"]
    assert visit in sinks["outbox"]
    assert '"status": 404' in log
    assert "/pwa/capture/main.js" in kept["phone"]


def test_photos_on_the_disk_cannot_be_read(clinic: Clinic, phone: Page, desktop: Page) -> None:
    """No file under the objects holds a JPEG or any part of the photo that was stored."""
    open_room(clinic, phone, desktop)
    capture(phone, 2)
    stored_today(phone, 2)
    gallery(desktop, 2)

    held = bodies(desktop, clinic, 2)

    objects = clinic.folder / "data" / "objects"
    files = {path: path.read_bytes() for path in objects.rglob("*") if path.is_file()}
    marks = [b"\xff\xd8\xff\xe0", b"JFIF", *(body[2000:2032] for body in held.values())]
    assert sum(len(content) for content in files.values()) >= sum(map(len, held.values()))
    assert [path.name for path, content in files.items() if any(mark in content for mark in marks)] == []
    for body in held.values():  # The control: what was fetched has the marks.
        assert body.startswith(marks[0])
        assert any(mark in body for mark in marks[2:])
    assert modes(objects) <= {0o600, 0o700}


def modes(folder: Path) -> set[int]:
    """Permissions of a folder and of all that is in it."""
    return {path.stat().st_mode & 0o777 for path in (folder, *folder.rglob("*"))}
