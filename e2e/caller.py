"""Somebody who speaks HTTP without a browser: sends what a page would send, or anything else."""

import contextlib
from collections.abc import Iterator

import httpx

from e2e.clinic import Clinic

TYPED = {"content-type": "application/json"}


@contextlib.contextmanager
def open_caller(clinic: Clinic, name: str = "", password: str = "") -> Iterator[httpx.Client]:
    """Signed in, with a token, and with the marks that our own pages send."""
    marks = {"origin": clinic.url, "sec-fetch-site": "same-origin", "x-cp-client": "1"}
    with httpx.Client(base_url=clinic.url, headers=marks) as caller:
        wish = {"name": name or clinic.name, "password": password or clinic.password}
        assert caller.post("/api/session", json=wish).status_code == 200
        caller.headers["authorization"] = f"Bearer {caller.post('/api/session/token').json()['token']}"
        yield caller
