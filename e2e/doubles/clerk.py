"""A stand-in for Clerk's servers, as much of them as Clerk's own script uses for a sign-in.

The script is the real one. Its requests to the internet are answered inside the browser; the tokens are
signed with a real key, whose public half the clinic gets.
"""

import base64
import time
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import BrowserContext, Route

from tests.support.tokens import ISSUER, TokenFactory

HOSTED = "https://accounts.clinic.example"
USER, SESSION = "user_2aBcDeF", "sess_2aBcDeF"
DAY_MS = 86_400_000


class Clerk:
    """One account: ``signed_in`` is whether this browser has a session."""

    def __init__(self) -> None:
        self.signed_in = False
        self._tokens = TokenFactory(int(time.time()))

    def settings(self) -> dict[str, str]:
        """Settings of a clinic that trusts this stand-in."""
        host = base64.b64encode(urlsplit(ISSUER).netloc.encode() + b"$").decode()
        public = self._tokens.key.public_key()
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return {"CLERK_PUBLISHABLE_KEY": f"pk_live_{host}", "CLERK_JWT_KEY": pem.decode()}

    def attend(self, context: BrowserContext, origin: str) -> None:
        """Answer every page of a context, whose pages come from ``origin``."""
        self._origin = origin
        context.route(f"{ISSUER}/**", self._answer)
        context.route(f"{HOSTED}/**", self._sign_in)

    def _answer(self, route: Route) -> None:
        path = urlsplit(route.request.url).path
        headers = {
            "access-control-allow-origin": self._origin,
            "access-control-allow-credentials": "true",
        }
        if path == "/v1/environment":
            route.fulfill(json=ENVIRONMENT, headers=headers)
        elif path.endswith("/tokens"):
            route.fulfill(json={"object": "token", "jwt": self._token()}, headers=headers)
        else:
            route.fulfill(json={"response": self._client(), "client": None}, headers=headers)

    def _sign_in(self, route: Route) -> None:
        """The hosted page: it signs the user in and leads back."""
        self.signed_in = True
        route.fulfill(content_type="text/html", body=f"<script>{BACK}</script>")

    def _token(self) -> str:
        self._tokens.now = int(time.time())
        return self._tokens.good(azp=self._origin, sub=USER, sid=SESSION)

    def _client(self) -> dict[str, Any]:
        sessions = [self._session()] if self.signed_in else []
        return {
            "object": "client", "id": "client_1", "sessions": sessions, "sign_in": None, "sign_up": None,
            "last_active_session_id": SESSION if sessions else None, "created_at": 1, "updated_at": 1,
        }  # fmt: skip

    def _session(self) -> dict[str, Any]:
        now = int(time.time() * 1000)
        user = {
            "object": "user", "id": USER, "first_name": "Anna", "last_name": "Berg", "email_addresses": [],
            "phone_numbers": [], "web3_wallets": [], "external_accounts": [], "passkeys": [],
            "organization_memberships": [], "created_at": 1, "updated_at": 1,
        }  # fmt: skip
        return {
            "object": "session", "id": SESSION, "status": "active", "user": user, "public_user_data": {},
            "expire_at": now + DAY_MS, "abandon_at": now + DAY_MS, "last_active_at": now, "actor": None,
            "last_active_token": {"object": "token", "jwt": self._token()},
            "last_active_organization_id": None, "created_at": now, "updated_at": now,
        }  # fmt: skip


# The address to return to is behind the #, as Clerk's script writes it.
BACK = """
const asked = new URLSearchParams(location.hash.split('?')[1]);
location.replace(asked.get('sign_in_force_redirect_url'));
"""
ENVIRONMENT = {
    "auth_config": {"object": "auth_config", "id": "a", "single_session_mode": True},
    "display_config": {
        "object": "display_config", "id": "d", "instance_environment_type": "production",
        "application_name": "ClinicPro", "sign_in_url": f"{HOSTED}/sign-in",
        "sign_up_url": f"{HOSTED}/sign-up",
    },
    "user_settings": {
        "attributes": {}, "actions": {}, "social": {}, "saml": {}, "sign_in": {}, "sign_up": {},
    },
    "organization_settings": {"enabled": False},
    "maintenance_mode": False,
}  # fmt: skip
