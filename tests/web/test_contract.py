"""The OpenAPI document at /schema says what the app does, and the app does what it says."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from app.web.middleware.auth import PUBLIC
from tests.web.conftest import MakeApp, client_of, signed_in


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(method, path, operation) of a document."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


async def document_of(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await client.get("/schema")
    assert answer.headers["content-type"] == "application/json"
    return dict(answer.json())


async def test_every_api_route_is_described(app: Litestar, stranger: httpx.AsyncClient) -> None:
    """Route by route, and nothing else: pages and health are no API."""
    described = {f"{method} {path}" for method, path, _ in operations(await document_of(stranger))}
    served = {
        f"{method} {route.path_format}"
        for route in app.routes
        if isinstance(route, HTTPRoute) and route.path_format.startswith("/api/")
        for method in route.methods - {"OPTIONS"}
    }

    assert described == served - PUBLIC


async def test_every_problem_is_described_as_one(stranger: httpx.AsyncClient) -> None:
    """Errors are problem details in the document too."""
    for method, path, operation in operations(await document_of(stranger)):
        assert {"401", "429", "500"} <= operation["responses"].keys(), (method, path)
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                assert list(answer["content"]) == ["application/problem+json"], (method, path, status)


async def test_bodies_are_described_from_the_structs_that_read_them(stranger: httpx.AsyncClient) -> None:
    """Limits and closed objects included."""
    paths = (await document_of(stranger))["paths"]
    start = paths["/api/consultations"]["post"]["requestBody"]
    batch = paths["/api/uploads/presign"]["post"]["requestBody"]["content"]["application/json"]["schema"]

    schema = start["content"]["application/json"]["schema"]
    assert start["required"] is True
    assert schema["properties"]["label"]["maxLength"] == 120
    assert schema["additionalProperties"] is False
    assert batch["properties"]["photos"]["maxItems"] == 20
    assert batch["properties"]["photos"]["items"]["properties"]["size"]["maximum"] == 4_000_000


@pytest.mark.parametrize("path", ["/schema/swagger", "/schema/redoc", "/schema/elements", "/schema/nothing"])
async def test_no_third_party_viewer(stranger: httpx.AsyncClient, path: str) -> None:
    """The framework's viewers load scripts from elsewhere; here they do not exist."""
    answer = await stranger.get(path)

    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


async def test_answers_have_the_described_fields(make_app: MakeApp) -> None:
    """The names in the document are those on the wire."""
    async with client_of(make_app(), **signed_in()) as client:
        schemas = (await document_of(client))["components"]["schemas"]
        me = (await client.get("/api/me")).json()

    described = next(schema for name, schema in schemas.items() if name.split("_")[-1] == "Me")
    assert described["properties"].keys() == me.keys()
    assert set(described["required"]) == me.keys()


async def test_a_thumbnail_may_be_absent(stranger: httpx.AsyncClient) -> None:
    """A page of this version also reads lists of a server of before, which name none."""
    schemas = (await document_of(stranger))["components"]["schemas"]
    photo = next(schema for name, schema in schemas.items() if name.split("_")[-1] == "PhotoView")

    assert {"type": "null"} in photo["properties"]["thumbnailUrl"]["oneOf"]
    assert "thumbnailUrl" not in photo["required"]
    assert "url" in photo["required"]
