"""Which problems a group of routes may answer, for OpenAPI."""

from litestar.openapi import ResponseSpec

from app.web.problems import PROBLEM_TYPE, Problem, title

NO_CONTENT = {204: ResponseSpec(None, description="Done", media_type="")}
ALWAYS = (400, 401, 403, 421, 429, 500, 503)


def problems(*statuses: int) -> dict[int, ResponseSpec]:
    """Problem details under these statuses, and under those that any API route may answer."""
    return {
        status: ResponseSpec(
            Problem, generate_examples=False, description=title(status), media_type=PROBLEM_TYPE
        )
        for status in sorted({*statuses, *ALWAYS})
    }
