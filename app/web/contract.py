"""The HTTP contract as an OpenAPI document at ``/schema``: JSON only, no third-party viewer."""

from http import HTTPStatus
from typing import Any

from litestar import MediaType, Response, Router
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

from app.domain.errors import NotFound
from app.web.site.templates import PRODUCT


async def _problem_instead_of_page(response: Response[Any]) -> Response[Any]:
    # The framework answers unknown paths below /schema with an HTML page of its own.
    if response.status_code == HTTPStatus.NOT_FOUND:
        raise NotFound
    return response


def openapi_config() -> OpenAPIConfig:
    """How the document is made and served."""
    return OpenAPIConfig(
        title=PRODUCT,
        version="1",
        description="Clinical photos from the phone to the consultation.",
        use_handler_docstrings=True,
        create_examples=False,
        render_plugins=[JsonRenderPlugin(path=["/", "/openapi.json"], media_type=MediaType.JSON)],
        openapi_router=Router(
            "/schema",
            route_handlers=[],
            include_in_schema=False,
            after_request=_problem_instead_of_page,
        ),
        components=Components(
            security_schemes={
                "session": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT"),
            }
        ),
        security=[{"session": []}],
    )
