"""What an address is: each page has one, and every other spelling of it leads there.

``service_worker/addresses.js`` says the same, so that a phone without a network goes where one with it does.
"""

from typing import Any

from litestar.response import Redirect

from app.web.middleware.request_context import request_context_of

PAGES = frozenset({"/mobile", "/desktop", "/sign-in", "/trust"})


def _page_of(path: str) -> str | None:
    """The page that a path means, whatever its slashes and capitals; ``None`` where it means none."""
    name = "/" + path.strip("/").lower()
    return name if name in PAGES else None


def to_page(scope: Any) -> Redirect | None:
    """Where a request for a page by another spelling must go; ``None`` for every other request."""
    if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
        return None
    path = request_context_of(scope).path
    page = _page_of(path)
    if page is None or page == path:
        return None
    return Redirect(with_query(page, scope), status_code=302, headers={"cache-control": "no-store"})


def with_query(page: str, scope: Any) -> str:
    """The page's address with the query of this request."""
    query = scope["query_string"].decode("latin-1")
    return f"{page}?{query}" if query else page
