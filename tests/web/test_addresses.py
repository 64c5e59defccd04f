"""One address for each page: every other spelling leads there, with its query, and nothing else does."""

import httpx
import pytest


@pytest.mark.parametrize(
    ("asked", "place"),
    [
        ("/mobile/", "/mobile"),
        ("/Mobile", "/mobile"),
        ("/MOBILE//", "/mobile"),
        ("/mobile/?start=camera", "/mobile?start=camera"),
        ("/Desktop/", "/desktop"),
        ("/desktop/?x=1&y=2", "/desktop?x=1&y=2"),
        ("/sign-in/?back=/mobile", "/sign-in?back=/mobile"),
        ("/Sign-In", "/sign-in"),
        ("/trust/", "/trust"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_another_spelling_leads_to_the_page(
    stranger: httpx.AsyncClient, method: str, asked: str, place: str
) -> None:
    """Relative, so that no foreign host can be written into it, and never cached."""
    answer = await stranger.request(method, asked)

    assert (answer.status_code, answer.headers["location"]) == (302, place)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("page", ["/mobile", "/mobile?start=camera", "/desktop?x", "/trust"])
async def test_the_page_itself_is_answered_whatever_its_query(stranger: httpx.AsyncClient, page: str) -> None:
    """No detour, and no loop."""
    answer = await stranger.get(page)

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")


async def test_the_front_door_keeps_the_query(stranger: httpx.AsyncClient) -> None:
    """What a link asked for is not lost on the way."""
    answer = await stranger.get("/?start=camera", headers={"user-agent": "Mobile"})

    assert answer.headers["location"] == "/mobile?start=camera"


@pytest.mark.parametrize("other", ["/mobiles", "/mobile/x", "/Qr.svg", "/API/me", "/evil.example/mobile"])
async def test_what_is_no_page_is_not_found(stranger: httpx.AsyncClient, other: str) -> None:
    """The control: nothing else is led anywhere."""
    assert (await stranger.get(other)).status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_nothing_but_a_look_is_led(stranger: httpx.AsyncClient, method: str) -> None:
    """A change must name its own address."""
    headers = {"x-cp-client": "1", "sec-fetch-site": "same-origin", "content-type": "application/json"}
    assert (await stranger.request(method, "/Mobile", headers=headers)).status_code in (404, 405)
