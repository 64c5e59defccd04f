"""Which user may receive which signals, as a pure rule."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import InvalidField
from app.domain.signals import ably_host, channel_name, signal_body, subscribe_claims

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
PLAIN = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)


@given(PLAIN)
def test_a_plain_id_has_a_channel_of_its_own(user: str) -> None:
    """Ids of both identity providers are plain."""
    assert channel_name(user) == f"user:{user}"


@given(st.text(), st.sampled_from("*:,[]/ \n\0.?#%é"), st.text())
def test_an_id_with_a_meaning_to_ably_has_none(before: str, odd: str, after: str) -> None:
    """One such character could widen a grant to other users' channels."""
    with pytest.raises(InvalidField):
        channel_name(before + odd + after)


@pytest.mark.parametrize("user", ["", "x" * 65])
def test_an_id_of_no_or_too_great_length_has_none(user: str) -> None:
    """Neither a channel of all users nor a flood of names."""
    with pytest.raises(InvalidField):
        channel_name(user)


def test_a_grant_is_written_out_and_ends() -> None:
    """One channel, one right, a quarter of an hour."""
    claims = subscribe_claims("abc", NOW)

    assert claims == {
        "iat": 1795341600,
        "exp": 1795341600 + 900,
        "x-ably-capability": '{"user:abc": ["subscribe"]}',
        "x-ably-clientId": "abc",
    }


def test_a_signal_is_one_message_that_any_client_reads() -> None:
    """An object travels as JSON text, and says so."""
    body = signal_body("event-1", {"t": "photos.changed", "rev": 3})

    assert (body["id"], body["name"], body["encoding"]) == ("event-1", "changed", "json")
    assert json.loads(str(body["data"])) == {"t": "photos.changed", "rev": 3}


@pytest.mark.parametrize(
    ("endpoint", "host"),
    [
        ("", "main.realtime.ably.net"),
        ("eu", "eu.realtime.ably.net"),
        ("signals.clinic.example", "signals.clinic.example"),
        ("localhost", "localhost"),
    ],
)
def test_an_endpoint_names_one_host(endpoint: str, host: str) -> None:
    """The page's policy and the server's own requests allow and use the same one."""
    assert ably_host(endpoint) == host
