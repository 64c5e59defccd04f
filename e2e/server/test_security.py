"""What a stranger, a thief of a cookie or another user gets: nothing."""

import contextlib
import json
import sqlite3
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page

from e2e.doubles.stranger import open_stranger
from e2e.support.api_upload import store_photos
from e2e.support.clinic import Clinic
from e2e.support.http_client import open_client
from e2e.support.verbs import (
    api,
    capture,
    expect_stored_once,
    gallery,
    open_consultation_on_both,
    sign_in,
    start_consultation,
    stored_today,
)
from e2e.support.watch import Watch

ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "strict-origin-when-cross-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
BARE = "default-src 'none'"


def statement(clinic: Clinic, sql: str) -> None:
    """Run a statement on the database file without the program."""
    path = next((clinic.folder / "data").glob("*.sqlite3"))
    with contextlib.closing(sqlite3.connect(path, timeout=10)) as database:
        database.execute(sql)
        database.commit()


def answers(clinic: Clinic, client: httpx.Client) -> dict[str, httpx.Response]:
    """One answer of each kind, by status; the last one after a table of the database has vanished."""
    consultation = client.post("/api/consultations", json={"label": "Room 2"}).json()["id"]
    photos = f"/api/consultations/{consultation}/photos"
    asset = client.get("/pwa/styles/base.css")
    found = {
        "200 page": client.get("/desktop"),
        "200 api": client.get("/api/me"),
        "200 script": client.get("/service_worker/sw.js"),
        "204": client.post("/api/upload-session"),
        "304 list": client.get(photos, headers={"if-none-match": client.get(photos).headers["etag"]}),
        "304 asset": client.get(asset.url.path, headers={"if-none-match": asset.headers["etag"]}),
        "400": client.post("/api/consultations", json={"label": 7}),
        "401": client.get("/api/me", headers={"authorization": "Bearer nonsense"}),
        "403": client.post(
            "/api/consultations", json={"label": "x"}, headers={"origin": "https://a.example"}
        ),
        "403 store": client.get("/photos/consultations/unsigned.jpg"),
        "404": client.get("/no/such/place"),
        "404 api": client.get("/api/no/such/place"),
        "405": client.put("/api/me"),
        "413": client.post("/api/consultations", json={"label": "x" * 70_000}),
        "421": client.get("/desktop", headers={"host": "rebound.example"}),
    }
    statement(clinic, "ALTER TABLE consultations RENAME TO lost")
    return {**found, "500": client.get("/api/me")}


def expected(kind: str) -> dict[str, str]:
    """The headers of every answer; an answer of the photo store sends no referrer at all."""
    return {**ALWAYS, "referrer-policy": "no-referrer"} if kind.endswith("store") else ALWAYS


def test_every_kind_of_answer_carries_the_security_headers(clinic: Clinic) -> None:
    """200, 204, 304, 4xx and 500 of the running program; no header names the software."""
    with open_client(clinic) as client:
        found = answers(clinic, client)

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
    tables = [row["name"] for row in clinic.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {table: [tuple(row) for row in clinic.rows(f"SELECT * FROM {table}")] for table in tables}


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"], ids=["same-site", "cross-site"])
def test_a_stranger_s_page_changes_nothing(clinic: Clinic, desktop: Page, watch: Watch, host: str) -> None:
    """Forms, fetches, beacons and pictures from another origin, with a clinician signed in: no row moves."""
    watch.allow("")  # A stranger's console is full of refusals.
    sign_in(desktop, clinic, "/desktop")
    start_consultation(desktop, "Room 2")
    [photo] = store_photos(desktop)
    gallery(desktop, 1)
    expect_stored_once(desktop, clinic, 1)
    with open_stranger() as port:
        desktop.goto(f"http://{host}:{port}/")
        before, lines = everything(clinic), len(clinic.log)
        desktop.evaluate(FORGE, [clinic.url, photo])
        after = everything(clinic)
    clinic.stop()

    assert after == before
    refused = [json.loads(line) for line in clinic.log[lines:] if '"status":403' in line]
    assert {one["route"] for one in refused} >= {"/api/consultations", "/api/session", "/api/session/token"}


def test_our_own_page_changes_what_the_stranger_could_not(clinic: Clinic, desktop: Page) -> None:
    """The control: the same request from our own origin makes a row, and the comparison sees it."""
    sign_in(desktop, clinic, "/desktop")
    before = everything(clinic)

    api(desktop, "/api/consultations", "POST", {"label": "forged"})

    after = everything(clinic)
    changed = [table for table in after if after[table] != before[table]]
    assert "consultations" in changed


def test_a_forged_address_gives_no_guesses_and_a_stranger_locks_no_user_out(
    clinic: Clinic, desktop: Page, watch: Watch
) -> None:
    """Twenty addresses in headers are one client; the clinician's own browser signs in all the while."""
    watch.allow("status of 401", "warning: Ably")  # The page behind the session that ends.
    sign_in(desktop, clinic, "/desktop")
    api(desktop, "/api/session", "DELETE")
    headers = {"origin": clinic.url, "sec-fetch-site": "same-origin", "x-cp-client": "1"}

    with httpx.Client(base_url=clinic.url, headers=headers, trust_env=False) as stranger:
        guesses = [
            stranger.post(
                "/api/session",
                json={"name": clinic.name, "password": f"guess {number}"},
                headers={"x-forwarded-for": f"203.0.113.{number}"},
            ).status_code
            for number in range(20)
        ]
    sign_in(desktop, clinic, "/desktop")

    assert guesses.count(401) < 10
    assert 429 in guesses
    desktop.wait_for_url(f"{clinic.url}/desktop")


def test_the_upload_cookie_sends_photos_and_opens_nothing_else(
    clinic: Clinic, phone: Page, desktop: Page
) -> None:
    """A thief with only that cookie sees no picture, no list, no signal, and ends no session."""
    open_consultation_on_both(clinic, phone, desktop)
    capture(phone, 1)
    stored_today(phone, 1)
    gallery(desktop, 1)
    [row] = expect_stored_once(desktop, clinic, 1)
    [cookie] = [one["value"] for one in phone.context.cookies() if one["name"] == "cp_upload"]
    headers = {"origin": clinic.url, "sec-fetch-site": "same-origin", "x-cp-client": "1"}
    photo, consultation = row["photo_id"], row["filed_in"]
    refused = [
        ("GET", "/api/me"),
        ("GET", "/api/consultations"),
        ("GET", f"/api/consultations/{consultation}"),
        ("GET", f"/api/consultations/{consultation}/photos"),
        ("GET", "/api/consultations/current"),
        ("GET", "/api/realtime/token"),
        ("POST", "/api/session/token"),
        ("POST", "/api/upload-session"),
        ("DELETE", f"/api/photos/{photo}"),
    ]

    with httpx.Client(base_url=clinic.url, headers=headers, cookies={"cp_upload": cookie}) as thief:
        statuses = {path: thief.request(method, path).status_code for method, path in refused}
        picture = thief.get(f"/photos/consultations/{consultation}/{photo}.jpg")
        state = thief.get(f"/api/uploads/{photo}")

    assert set(statuses.values()) == {401}, statuses
    assert picture.status_code == 403
    assert (state.status_code, state.json()["state"]) == (200, "stored")
    expect_stored_once(desktop, clinic, 1)


def test_an_unknown_consultation_and_another_user_s_look_the_same(clinic: Clinic, desktop: Page) -> None:
    """404 either way, with one log line for each, and neither contains what was requested."""
    password = clinic.add_account("ben")
    sign_in(desktop, clinic, "/desktop")
    start_consultation(desktop, "Room 2")
    [photo] = store_photos(desktop)
    expect_stored_once(desktop, clinic, 1)
    [row] = clinic.photos()
    others = f"/api/consultations/{row['filed_in']}"
    unknown = "/api/consultations/01a20000-0000-7000-8000-000000000000"
    with open_client(clinic, "ben", password) as ben:
        lines = len(clinic.log)
        found = {path: ben.get(path) for path in (others, unknown, f"{others}/photos", "/no/such/place")}
        moved = ben.post(f"/api/photos/{photo}/move", json={"consultationId": row["filed_in"]})
        deleted = ben.delete(f"/api/photos/{photo}")
    desktop.close()
    clinic.stop()

    assert [one.status_code for one in (*found.values(), moved, deleted)] == [404] * 6
    same = [{**found[path].json(), "requestId": ""} for path in (others, unknown)]
    assert same[0] == same[1]
    for answer in (*found.values(), moved, deleted):
        about = [line for line in clinic.log[lines:] if answer.headers["x-request-id"] in line]
        assert len(about) == 1, about
        assert row["filed_in"] not in about[0]
        assert "such" not in about[0]
    assert [one["state"] for one in clinic.photos()] == ["stored"]
