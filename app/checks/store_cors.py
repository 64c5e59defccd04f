"""Whether a browser will let each of our pages send a photo to the store and read the answer."""

import json
from collections.abc import Iterable, Iterator, Mapping

import httpx

from app.checks.finding import Finding, good, wrong
from app.domain.photos.bucket import cors_rules


def _asked_headers(headers: Iterable[str]) -> str:
    """As a browser lists them: lower case, in order, without those that it sets by itself."""
    return ",".join(sorted(name.lower() for name in headers))


class CorsTrial:
    """The questions that a browser asks before a photo, for one address and one set of headers."""

    def __init__(self, client: httpx.AsyncClient, url: str, headers: Mapping[str, str], picture: str) -> None:
        """``picture`` is the address of a photo that is there; empty where there is none."""
        self._client = client
        self._url = url
        self._picture = picture
        self._names = _asked_headers(headers)

    async def page(self, origin: str) -> Finding:
        """May the page of this origin send a photo?"""
        what = f"the page {origin} may send photos to the store (CORS)"
        lacking = await self._lacking(origin)
        if not lacking:
            return good("store", what)
        rule = json.dumps(cors_rules([origin]), separators=(",", ":"))
        change = f"Give the bucket in S3_BUCKET this CORS rule, one for each of PUBLIC_ORIGINS: {rule}"
        return wrong("store", what, lacking, change)

    async def _lacking(self, origin: str) -> str:
        if await self._passes(origin, "PUT", self._names):
            return await self._unreadable(origin)
        if not (await self._passes(origin, "PUT", "") or await self._passes(origin, "GET", "")):
            return f"The store allows nothing to {origin}: AllowedOrigins of its CORS rule lacks it."
        if not await self._passes(origin, "PUT", ""):
            return f"The store's CORS rule for {origin} lacks PUT in AllowedMethods."
        lacking = [name for name in self._names.split(",") if not await self._passes(origin, "PUT", name)]
        return f"The store's CORS rule for {origin} lacks in AllowedHeaders: {', '.join(lacking)}."

    async def _unreadable(self, origin: str) -> str:
        """A page downloads a photo by reading it."""
        if not self._picture:
            return ""
        answer = await self._client.get(self._picture, headers={"Origin": origin})
        if _allows_origin(answer.headers, origin):
            return ""
        return f"The store's CORS rule for {origin} lacks GET in AllowedMethods: no photo can be downloaded."

    async def _passes(self, origin: str, method: str, names: str) -> bool:
        asked = {"Origin": origin, "Access-Control-Request-Method": method}
        if names:
            asked["Access-Control-Request-Headers"] = names
        answer = await self._client.options(self._url, headers=asked)
        headers = answer.headers
        return (
            answer.is_success
            and _allows_origin(headers, origin)
            and (method in ("GET", *_listed(headers, "methods")) or "*" in _listed(headers, "methods"))
            and _covers(_listed(headers, "headers"), names)
        )


def _allows_origin(headers: Mapping[str, str], origin: str) -> bool:
    """Whether a page of this origin may read an answer."""
    return headers.get("access-control-allow-origin") in (origin, "*")


def _listed(headers: Mapping[str, str], name: str) -> list[str]:
    return [one.strip() for one in headers.get(f"access-control-allow-{name}", "").split(",") if one.strip()]


def _covers(allowed: list[str], names: str) -> bool:
    known = {name.lower() for name in allowed}
    return "*" in known or all(name in known for name in _split(names))


def _split(names: str) -> Iterator[str]:
    yield from filter(None, names.split(","))
