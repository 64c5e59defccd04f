"""A sign-out ends everything now: tokens, open sockets, addresses of pictures, background uploads."""

import contextlib
import json
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Event
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from app.config.identifiers import uuid7
from e2e.support.clinic import Clinic, sha256
from e2e.support.http_client import open_client
from tests.support.pictures import jpeg

CONNECTED, DISCONNECTED, ERROR = 4, 6, 9
LIMIT_S = 20.0
BODY = jpeg(400, 300, 7)


class Everything:
    """All that one sign-in hands out, as a thief would have copied it."""

    def __init__(self, clinic: Clinic, client: httpx.Client) -> None:
        self.clinic = clinic
        self.client = client
        self.token = client.headers["authorization"]
        self.signals = client.get("/api/realtime/token").json()["token"]
        assert client.post("/api/upload-session").status_code == 204
        self.cookies = dict(client.cookies)
        self.picture = self._picture()
        self.socket = self.listen()

    def _picture(self) -> str:
        """The address of a stored photo."""
        me = self.client.get("/api/me").json()
        place = me["unfiledConsultation"]["id"]
        claim = {"owner": me["user"]["id"], "consultationId": place, "sha256": sha256(BODY)}
        photo = {
            **claim, "photoId": str(uuid7()), "contentType": "image/jpeg", "size": len(BODY),
            "width": 400, "height": 300, "capturedAt": datetime.now(UTC).isoformat(),
        }  # fmt: skip
        granted = self.client.post("/api/uploads/presign", json={"photos": [photo]}).json()["results"][0]
        sent = httpx.put(granted["upload"]["url"], headers=granted["upload"]["headers"], content=BODY)
        assert sent.status_code == 200
        done = self.client.post(f"/api/uploads/{photo['photoId']}/complete", json=claim)
        assert done.json()["state"] == "stored"
        photos = self.client.get(f"/api/consultations/{place}/photos").json()["photos"]
        return str(photos[-1]["url"])

    def listen(self) -> ClientConnection:
        """A socket with the token for signals."""
        address = f"{self.clinic.url.replace('http', 'ws')}/?access_token={self.signals}&format=json"
        return connect(address, open_timeout=LIMIT_S)

    def accepts_new_socket(self) -> bool:
        """Whether the hub accepts the token for a new socket."""
        with self.listen() as socket:
            return bool(json.loads(socket.recv(timeout=LIMIT_S))["action"] == CONNECTED)

    def opens(self) -> dict[str, bool]:
        """Which parts of it still give access."""
        cookies = (f"{name}={self.cookies[name]}" for name in ("cp_login", "cp_upload"))
        own = {"cookie": "; ".join(cookies)}
        headers = {
            k: v for k, v in self.client.headers.items() if k in ("origin", "sec-fetch-site", "x-cp-client")
        }
        with httpx.Client(base_url=self.clinic.url, headers=headers) as thief:
            bearer = {"authorization": self.token}
            return {
                "me": thief.get("/api/me", headers=bearer).is_success,
                "photos": thief.get("/api/consultations", headers=bearer).is_success,
                "signals": thief.get("/api/realtime/token", headers=bearer).is_success,
                "new upload cookie": thief.post("/api/upload-session", headers=bearer).is_success,
                "upload cookie": thief.get(f"/api/uploads/{uuid7()}", headers=own).status_code != 401,
                "login cookie": thief.post("/api/session/token", headers=own).is_success,
                "picture": httpx.get(self.picture).is_success,
                "new socket": self.accepts_new_socket(),
            }

    def socket_ends(self) -> bool:
        """Until the server has ended the open socket; False if it stays."""
        try:
            while True:
                self.socket.recv(timeout=LIMIT_S)
        except ConnectionClosed:
            return True
        except TimeoutError:
            return False


@pytest.fixture
def here(clinic: Clinic) -> Iterator[Everything]:
    """A browser that is signed in and has one of everything."""
    with open_client(clinic) as client:
        yield Everything(clinic, client)


def sign_out(everything: Everything) -> None:
    """As the page does it."""
    answer = everything.client.delete("/api/session")
    assert (answer.status_code, answer.headers["clear-site-data"]) == (204, '"cache"')


def change_password(everything: Everything) -> None:
    """A new password, from another browser of the same user."""
    clinic = everything.clinic
    with open_client(clinic) as other:
        fresh = "-".join(secrets.token_hex(4) for _ in range(4))
        answer = other.put("/api/session/password", json={"current": clinic.password, "new": fresh})
        assert answer.status_code == 204, answer.text
        # The browser that changed it goes on, with a session of its own.
        token = other.post("/api/session/token").json()["token"]
        assert other.get("/api/me", headers={"authorization": f"Bearer {token}"}).status_code == 200


def sign_in_again(everything: Everything) -> None:
    """Another sign-in in the same browser takes the place of the first."""
    clinic = everything.clinic
    credentials = {"name": clinic.name, "password": clinic.password}
    assert everything.client.post("/api/session", json=credentials).status_code == 200


@contextlib.contextmanager
def in_use(everything: Everything) -> Iterator[None]:
    """Requests with the session's token, one after the other."""
    over = Event()

    def ask() -> None:
        while not over.is_set():
            everything.client.get("/api/me")

    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(ask)
        try:
            yield
        finally:
            over.set()
        asking.result(LIMIT_S)


@pytest.mark.parametrize("end", [sign_out, change_password, sign_in_again])
def test_nothing_that_a_session_handed_out_outlives_it(
    here: Everything, end: Callable[[Everything], Any]
) -> None:
    """Copied a moment before, refused a moment after; the open socket ends."""
    assert all(here.opens().values()), here.opens()  # the control: each opened something before
    with contextlib.suppress(TimeoutError):
        assert json.loads(here.socket.recv(timeout=LIMIT_S))["action"] == CONNECTED
    end(here)
    assert [name for name, opened in here.opens().items() if opened] == []
    assert here.socket_ends()


def test_a_password_reset_by_the_operator_ends_everything_in_the_running_server(here: Everything) -> None:
    """It has ended by the time the password is printed, though the session was in use all the while."""
    with in_use(here):
        done = here.clinic.run("user", "reset", here.clinic.name)
    assert done.returncode == 0, done.stderr
    assert [name for name, opened in here.opens().items() if opened] == []
    assert here.socket_ends()


def test_a_sign_out_leaves_another_browser_of_the_same_user_alone(clinic: Clinic, here: Everything) -> None:
    """Its token, its socket and its pictures stay."""
    with open_client(clinic) as client:
        there = Everything(clinic, client)
        sign_out(here)
        assert all(there.opens().values()), there.opens()
        there.socket.ping().wait(LIMIT_S)
        there.socket.close()
