"""A client: one signed-in browser on the wire, its tokens, and what no answer may ever be."""

from collections import Counter
from typing import Any

import httpx

LATER = (429, 503, 507)


class Gone(Exception):
    """No answer: the server is not there, or died over it."""


class Later(Exception):
    """The server asked to wait: 429, 503 or 507 with ``Retry-After``."""


class Wire:
    """A connection with a login. Counts every answer, and keeps those that no rule allows in ``broken``."""

    def __init__(self, url: str, limit_s: float) -> None:
        self.url = url
        self.answers: Counter[str] = Counter()
        self.broken: list[str] = []
        self._limit_s = limit_s
        self._cookie: dict[str, str] = {}
        self._token = ""
        self._client = httpx.Client(trust_env=False, timeout=limit_s)

    def sign_in(self, name: str, password: str) -> str:
        """Once, since the cookie outlives every restart; the user's id."""
        answer = self._send("POST", "/api/session", {"name": name, "password": password})
        self._cookie = dict(answer.cookies)
        user: str = self._read(answer, "sign in")["user"]["id"]
        return user

    def api(self, method: str, path: str, what: str, body: Any = None) -> Any:
        """A request with a fresh enough token; the JSON of its answer."""
        answer = self._signed(method, path, body)
        if answer.status_code == 401:
            self._token = ""
            answer = self._signed(method, path, body)
        return self._read(answer, what)

    def put(self, upload: dict[str, Any], body: bytes) -> bool:
        """A presigned PUT; whether the store took the body as new."""
        answer = self._request("PUT", upload["url"], headers=upload["headers"], content=body)
        self._read(answer, "put", (412,))
        return answer.status_code == 200

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def _signed(self, method: str, path: str, body: Any) -> httpx.Response:
        if not self._token:
            answer = self._send("POST", "/api/session/token", None)
            self._token = self._read(answer, "token")["token"]
        return self._send(method, path, body)

    def _send(self, method: str, path: str, body: Any) -> httpx.Response:
        headers = {"origin": self.url, "x-cp-client": "1"}
        headers |= {"authorization": f"Bearer {self._token}"} if self._token else {}
        headers |= {"cookie": "; ".join(f"{name}={value}" for name, value in self._cookie.items())}
        return self._request(method, self.url + path, json=body, headers=headers)

    def _request(self, method: str, url: str, **options: Any) -> httpx.Response:
        try:
            return self._client.request(method, url, **options)
        except httpx.TransportError as problem:
            self.answers["no answer"] += 1
            # The next request must not find a connection to a server that is gone.
            self._client.close()
            self._client = httpx.Client(trust_env=False, timeout=self._limit_s)
            raise Gone(type(problem).__name__) from None

    def _read(self, answer: httpx.Response, what: str, allowed: tuple[int, ...] = ()) -> Any:
        self.answers[f"{what} {answer.status_code}"] += 1
        if answer.status_code in LATER:
            if not answer.headers.get("retry-after", "").isdigit() and what != "put":
                self.broken.append(f"{what} answered {answer.status_code} without Retry-After")
            raise Later(f"{what} {answer.status_code}")
        if not answer.is_success and answer.status_code not in allowed and answer.status_code != 401:
            self.broken.append(f"{what} answered {answer.status_code}: {answer.text[:300]}")
        return answer.json() if answer.headers.get("content-type", "").endswith("json") else None
