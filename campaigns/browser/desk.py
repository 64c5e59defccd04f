"""The desk: whose photos they are and which consultation is current, set through the server's API."""

from typing import Any

import httpx

from e2e.support.clinic import Clinic


class Desk:
    """A signed-in desktop without a screen."""

    def __init__(self, clinic: Clinic, name: str = "", password: str = "") -> None:
        headers = {"X-CP-Client": "1", "Origin": clinic.url, "Content-Type": "application/json"}
        self._client = httpx.Client(base_url=clinic.url, headers=headers, timeout=30)
        account = {"name": name or clinic.name, "password": password or clinic.password}
        self.user: str = self._ask("POST", "/api/session", account)["user"]["id"]

    def close(self) -> None:
        """Hang up; the session stays."""
        self._client.close()

    def open_consultation(self, label: str) -> str:
        """Start a consultation, which becomes current; its id."""
        return str(self.api("POST", "/api/consultations", {"label": label})["id"])

    def choose(self, consultation: str) -> None:
        """Make a consultation the current one."""
        self.api("PUT", "/api/consultations/current", {"consultationId": consultation})

    def close_consultation(self, consultation: str) -> None:
        """End a consultation."""
        self.api("PATCH", f"/api/consultations/{consultation}", {"closed": True})

    def photos(self, consultation: str) -> list[Any]:
        """What the desktop would list."""
        found: list[Any] = self.api("GET", f"/api/consultations/{consultation}/photos")["photos"]
        return found

    def api(self, method: str, path: str, body: object = None) -> Any:
        """Ask with a fresh token."""
        token = self._ask("POST", "/api/session/token", None)["token"]
        return self._ask(method, path, body, {"Authorization": f"Bearer {token}"})

    def _ask(self, method: str, path: str, body: object, headers: dict[str, str] | None = None) -> Any:
        answer = self._client.request(method, path, json=body, headers=headers)
        answer.raise_for_status()
        return answer.json() if answer.content else None
