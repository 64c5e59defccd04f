"""The client address that a proxy names counts only where a setting names the proxy."""

from collections.abc import Sequence
from typing import Any

import httpx
import pytest
import uvicorn

from app.config.settings import read_settings
from app.server.serving import options
from tests.support.stores import bound_socket, serving_with

CLAIMED = {"x-forwarded-for": "203.0.113.7", "x-forwarded-proto": "https"}


async def mirror(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the client's address and scheme."""
    body = f"{scope['client'][0]} {scope['scheme']}".encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


def seen(proxies: Sequence[str], **headers: str) -> str:
    """The client that the program sees, asked from this machine with these headers."""
    config = uvicorn.Config(mirror, **options(proxies) | {"lifespan": "off"})
    with bound_socket() as listening, serving_with(config, listening):
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        return httpx.get(url, headers=headers, trust_env=False).text


@pytest.mark.parametrize("named", ["", "10.0.0.0/24"])
def test_a_proxy_that_no_setting_names_is_not_trusted(named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not from this machine either, and not by a variable that the web server reads by itself."""
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")

    assert seen(read_settings({"TRUSTED_PROXIES": named}).trusted_proxies, **CLAIMED) == "127.0.0.1 http"


@pytest.mark.parametrize("named", ["127.0.0.1", "10.0.0.7, 127.0.0.0/8"])
def test_a_named_proxy_is_trusted(named: str) -> None:
    """Address and scheme of the client behind it."""
    proxies = read_settings({"TRUSTED_PROXIES": named}).trusted_proxies

    assert seen(proxies, **CLAIMED) == "203.0.113.7 https"
    assert seen(proxies) == "127.0.0.1 http"


def test_addresses_that_a_client_wrote_before_the_proxy_are_not_trusted() -> None:
    """The nearest address that is no proxy counts, so that no client chooses its own."""
    claimed = {"x-forwarded-for": "198.51.100.1, 203.0.113.7, 10.0.0.7"}

    assert seen(("127.0.0.1/32", "10.0.0.7/32"), **claimed) == "203.0.113.7 http"
