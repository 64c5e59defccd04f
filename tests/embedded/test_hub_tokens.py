"""What the hub signs and what it accepts, with a clock that the test sets."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import InvalidField
from app.domain.signals import subscribe_claims
from app.embedded.hub import new_hub_key
from app.embedded.hub.errors import HubError
from app.embedded.hub.tokens import TokenRequest, TokenService

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
KEY = new_hub_key()


def book(now: datetime = NOW) -> TokenService:
    return TokenService(KEY, lambda: now, shortest_seconds=60)


def code_of(call: Callable[[], object]) -> int:
    with pytest.raises(HubError) as caught:
        call()
    return caught.value.code


def claims(**changes: Any) -> dict[str, Any]:
    return subscribe_claims("abc", NOW) | changes


def test_a_token_grants_exactly_what_it_says() -> None:
    """Its own channel, to listen; not another, and not to publish."""
    grant = book().read(book().sign(claims()))

    assert grant.client == "abc"
    assert grant.may_subscribe("user:abc")
    assert not grant.may_subscribe("user:xyz")
    assert not grant.may_publish("user:abc")


@given(st.text(max_size=70))
def test_every_token_names_one_channel_in_full_or_is_not_made(user: str) -> None:
    """Whatever the id, a token opens its own channel only, or there is no token."""
    try:
        token = book().sign(subscribe_claims(user, NOW))
    except InvalidField:
        return

    grant = book().read(token)
    assert grant.capability == {f"user:{user}": frozenset({"subscribe"})}
    assert set(user) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")


@pytest.mark.parametrize("resource", ["*", "user:*", "[*]*", "user:a*"])
def test_a_wildcard_grants_no_subscription(resource: str) -> None:
    """Stricter than Ably: a listener's channel is named in full."""
    for rights in (["*"], ["subscribe"]):
        capability = json.dumps({resource: rights})
        grant = book().read(book().sign(claims(**{"x-ably-capability": capability})))

        for channel in ("user:abc", resource, "*"):
            assert not grant.may_subscribe(channel)
            assert not grant.may_publish(channel)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"x-ably-capability": None}, 40144),
        ({"x-ably-capability": "[]"}, 40144),
        ({"x-ably-capability": "no json"}, 40144),
        ({"x-ably-capability": '{"user:abc": 7}'}, 40144),
        ({"exp": "soon"}, 40144),
        ({"exp": int(NOW.timestamp())}, 40142),
        ({"exp": int(NOW.timestamp()) + 59}, 40144),
        ({"exp": int(NOW.timestamp()) + 25 * 3600}, 40144),
        ({"iat": int(NOW.timestamp()) - 30 * 3600}, 40144),
    ],
)
def test_a_token_without_a_clear_grant_or_a_fair_life_is_refused(changes: dict[str, Any], code: int) -> None:
    """A capability written out, and a life between a minute and a day."""
    assert code_of(lambda: book().read(book().sign(claims(**changes)))) == code


@pytest.mark.parametrize("text", ["", "a.b.c", "....", "x" * 10_000, "eyJhbGciOiJub25lIn0.e30.", "\ud800"])
def test_text_that_is_no_token_is_refused(text: str) -> None:
    """Garbage is a refusal and never a crash."""
    assert code_of(lambda: book().read(text)) == 40144


def test_a_token_of_another_key_is_refused_with_its_reason() -> None:
    """A page with a token from before the key was changed must not retry with it without end."""
    other = jwt.encode(claims(), "x" * 43, "HS256", headers={"kid": "hub.other"})

    assert code_of(lambda: book().read(other)) == 40101


def request(**changes: Any) -> TokenRequest:
    fields: dict[str, Any] = {
        "key_name": KEY.name,
        "timestamp": int(NOW.timestamp() * 1000),
        "nonce": "0123456789abcdef",
        "capability": '{"user:*":["publish"]}',
        "ttl": 3_600_000,
        "mac": "",
    } | changes
    unsigned = TokenRequest(**fields)
    return (
        unsigned if changes.get("mac") else TokenRequest(**fields | {"mac": unsigned.signature(KEY.secret)})
    )


def test_a_signed_request_gets_a_token_for_what_it_asked() -> None:
    """The answer carries the grant and its times in ms."""
    answer = book().issue(KEY.name, request())

    grant = book().read(str(answer["token"]))
    assert grant.may_publish("user:abc")
    assert not grant.may_subscribe("user:abc")
    assert answer["expires"] == int(NOW.timestamp() * 1000) + 3_600_000


def test_a_signed_request_works_once() -> None:
    """A copy of it cannot be used again."""
    tokens = book()
    tokens.issue(KEY.name, request())

    assert code_of(lambda: tokens.issue(KEY.name, request())) == 40105


@pytest.mark.parametrize("minutes", [-4, 4])
def test_a_request_from_another_time_is_refused(minutes: int) -> None:
    """Three minutes either way are forgiven, four are not."""
    late = int(NOW.timestamp() * 1000) + minutes * 60_000

    assert code_of(lambda: book().issue(KEY.name, request(timestamp=late))) == 40104


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"mac": "AAAA"}, 40101),
        ({"key_name": "hub.other"}, 40101),
        ({"capability": None}, 40160),
        ({"capability": "all"}, 40144),
    ],
)
def test_a_request_that_is_not_right_gets_nothing(changes: dict[str, Any], code: int) -> None:
    """A wrong signature, another key, and a request for everything."""
    assert code_of(lambda: book().issue(KEY.name, request(**changes))) == code


def test_a_request_that_was_changed_after_signing_gets_nothing() -> None:
    """The signature covers what may be done."""
    mac = request().mac

    assert code_of(lambda: book().issue(KEY.name, request(mac=mac, capability='{"*":["*"]}'))) == 40101


@pytest.mark.parametrize(
    "header",
    ["", "Basic", "Basic !!", "Basic aHViOnNlY3JldA==", "Bearer", "Bearer !!", "Digest x", "Basic w6Q="],
)
def test_credentials_that_are_not_ours_are_refused(header: str) -> None:
    """Whatever is in the header, it is a refusal and never a crash."""
    assert code_of(lambda: book().read_header(header)) in (40101, 40144)
