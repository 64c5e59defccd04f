"""Whether Clerk is who the settings say: its keys by their issuer, and its secret by what it opens."""

from typing import Any

import httpx
import msgspec

from app.adapters.clerk.jwks import PemKeySet, read_keys
from app.checks.finding import Finding, good, unknown, wrong
from app.checks.network import open_client, unreachable
from app.config.settings import Settings

_FETCH = "Clerk's public keys can be fetched"
_ASKING = "the server may ask Clerk about sessions"


async def try_clerk(settings: Settings, api: str) -> list[Finding]:
    """Keys where the issuer has them, the fixed key among them, and the secret of the same instance."""
    async with open_client() as client:
        keys, found = await _keys(client, settings)
        found += _one_instance(settings)
        if settings.clerk_jwt_key and keys:
            found.append(_fixed(settings, keys))
        if settings.clerk_secret_key:
            found.append(await _secret(client, settings, api, keys))
    return found


def _one_instance(settings: Settings) -> list[Finding]:
    """The page's script signs users in where the key says, and the server trusts the issuer."""
    if settings.issuer == settings.clerk_frontend:
        return []
    what = "Clerk's script and the server speak of one address"
    why = f"CLERK_PUBLISHABLE_KEY names {settings.clerk_frontend} and CLERK_ISSUER {settings.issuer}"
    return [unknown("sign-in", what, f"{why}; right only where a proxy stands before Clerk")]


def _where(settings: Settings) -> tuple[str, str]:
    """The address of the keys, and the setting that it comes from."""
    if settings.clerk_jwks_url:
        return settings.clerk_jwks_url, "CLERK_JWKS_URL"
    name = "CLERK_ISSUER" if settings.clerk_issuer else "CLERK_PUBLISHABLE_KEY"
    return f"{settings.issuer}/.well-known/jwks.json", name


async def _keys(client: httpx.AsyncClient, settings: Settings) -> tuple[dict[str, Any], list[Finding]]:
    url, name = _where(settings)
    change = f"Set {name} to what Clerk's dashboard shows for this instance."
    try:
        answer = await client.get(url)
    except (httpx.HTTPError, httpx.InvalidURL) as problem:
        return {}, [wrong("sign-in", _FETCH, f"{unreachable(problem)} The address is {url}.", change)]
    try:
        if answer.status_code != 200:
            raise ValueError(f"the answer is {answer.status_code}")
        keys = read_keys(answer.content)
    except ValueError as problem:
        return {}, [wrong("sign-in", _FETCH, f"At {url} {problem}.", change)]
    return dict(keys), [good("sign-in", _FETCH)]


def _fixed(settings: Settings, keys: dict[str, Any]) -> Finding:
    what = "the fixed public key is one of Clerk's"
    numbers = PemKeySet(settings.clerk_jwt_key).numbers
    if any(key.public_numbers() == numbers for key in keys.values()):
        return good("sign-in", what)
    why = "The issuer signs with none that fits, so nobody could sign in."
    return wrong(
        "sign-in", what, why, "Set CLERK_JWT_KEY to the PEM in Clerk's dashboard, or leave it empty."
    )


async def _secret(client: httpx.AsyncClient, settings: Settings, api: str, keys: dict[str, Any]) -> Finding:
    """The keys again, which Clerk's server API sends for a valid secret only."""
    asked = {"Authorization": f"Bearer {settings.clerk_secret_key}"}
    change = "Set CLERK_SECRET_KEY to the secret key of the same instance, from Clerk's dashboard."
    try:
        answer = await client.get(f"{api}/v1/jwks", headers=asked)
    except (httpx.HTTPError, httpx.InvalidURL) as problem:
        return wrong(
            "sign-in", _ASKING, f"{unreachable(problem)} The address is {api}.", "Let this server reach it."
        )
    if answer.status_code in (401, 403):
        return wrong("sign-in", _ASKING, "Clerk does not accept CLERK_SECRET_KEY.", change)
    if answer.status_code != 200:
        return wrong("sign-in", _ASKING, f"Clerk answered {answer.status_code}.", change)
    theirs = _kids(answer.content)
    if keys and theirs and theirs.isdisjoint(keys):
        return wrong("sign-in", _ASKING, "CLERK_SECRET_KEY belongs to another instance of Clerk.", change)
    return good("sign-in", _ASKING)


def _kids(document: bytes) -> set[str]:
    try:
        listed = msgspec.json.decode(document, type=dict[str, Any]).get("keys", [])
    except msgspec.DecodeError:
        return set()
    return {str(one.get("kid")) for one in listed if isinstance(one, dict)}
