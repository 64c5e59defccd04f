"""The first sign-in of an account: its generated password opens nothing but the form for another one."""

import secrets

import httpx

from tests.support.waiting import wait_until


def _is_served(answer: httpx.Response) -> bool:
    if answer.status_code == 503:
        return False
    answer.raise_for_status()
    return True


def choose_password(url: str, name: str, generated: str) -> str:
    """Change a generated password as the sign-in page asks for it; the new one.

    It is printed before the first worker process serves, so that the sign-in may have to wait.
    """
    chosen = "-".join(secrets.token_hex(4) for _ in range(3))
    headers = {"origin": url, "sec-fetch-site": "same-origin", "x-cp-client": "1"}
    with httpx.Client(base_url=url, headers=headers, timeout=30) as client:
        sign_in = {"name": name, "password": generated}
        wait_until(
            lambda: _is_served(client.post("/api/session", json=sign_in)),
            "no worker process served the sign-in",
        )
        passwords = {"current": generated, "new": chosen}
        client.put("/api/session/password", json=passwords).raise_for_status()
    return chosen
