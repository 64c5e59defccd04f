"""An HTTP client without a browser: sends what a page would send, or anything else."""

import contextlib
from collections.abc import Iterator

import httpx

from e2e.support.clinic import Clinic

TYPED = {"content-type": "application/json"}


@contextlib.contextmanager
def open_client(clinic: Clinic, name: str = "", password: str = "") -> Iterator[httpx.Client]:
    """Signed in, with a token, and with the headers that our own pages send."""
    headers = {"origin": clinic.url, "sec-fetch-site": "same-origin", "x-cp-client": "1"}
    with httpx.Client(base_url=clinic.url, headers=headers) as client:
        credentials = {"name": name or clinic.name, "password": password or clinic.password}
        assert client.post("/api/session", json=credentials).status_code == 200
        client.headers["authorization"] = f"Bearer {client.post('/api/session/token').json()['token']}"
        yield client
