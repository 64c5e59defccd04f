"""The first sign-in of an account: its generated password opens nothing but the form for another one."""

import secrets

import httpx


def choose_password(url: str, name: str, generated: str) -> str:
    """Change a generated password as the sign-in page asks for it; the new one."""
    chosen = "-".join(secrets.token_hex(4) for _ in range(3))
    marks = {"origin": url, "sec-fetch-site": "same-origin", "x-cp-client": "1"}
    with httpx.Client(base_url=url, headers=marks, timeout=30) as browser:
        browser.post("/api/session", json={"name": name, "password": generated}).raise_for_status()
        wish = {"current": generated, "new": chosen}
        browser.put("/api/session/password", json=wish).raise_for_status()
    return chosen
