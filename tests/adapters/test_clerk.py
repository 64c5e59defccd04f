"""The verifier accepts seven forms of good token and not one of the hostile ones."""

from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.types import Options

from app.adapters.clerk.tokens import SessionTokenVerifier
from app.domain.errors import SessionPending, Unauthenticated
from tests.support.tokens import ISSUER, KID, ORIGIN, TokenFactory, good_tokens, hostile_tokens

NOW = datetime(2026, 11, 22, 10, 41, tzinfo=UTC)
FACTORY = TokenFactory(int(NOW.timestamp()))
GOOD = good_tokens(FACTORY)
HOSTILE = hostile_tokens(FACTORY)


class OneKey:
    """A key set that lists the factory's key, and counts the questions."""

    def __init__(self) -> None:
        self.asked = 0
        self.keys = {KID: FACTORY.key.public_key()}

    async def key(self, kid: str) -> RSAPublicKey | None:
        self.asked += 1
        return self.keys.get(kid)


class Time:
    """A clock that a test can move."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def keys() -> OneKey:
    return OneKey()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def verifier(keys: OneKey, time: Time) -> SessionTokenVerifier:
    return SessionTokenVerifier(ISSUER, [ORIGIN], keys, time)


@pytest.mark.parametrize("name", GOOD)
async def test_a_good_token_names_its_user_and_session(verifier: SessionTokenVerifier, name: str) -> None:
    """Every form that the provider issues opens the door."""
    user = await verifier.verify(GOOD[name])

    assert (user.id, user.session) == ("user_2aBcDeF", "sess_2aBcDeF")


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_token_is_refused_in_the_same_words(
    verifier: SessionTokenVerifier, name: str
) -> None:
    """No answer reveals which rule refused the token."""
    with pytest.raises(Unauthenticated) as refusal:
        await verifier.verify(HOSTILE[name])

    assert (type(refusal.value), refusal.value.detail) == (Unauthenticated, Unauthenticated.sentence)


def test_the_hostile_suite_is_large_and_its_tokens_differ() -> None:
    """The suite cannot shrink unnoticed."""
    assert len(HOSTILE) >= 64
    assert len(set(HOSTILE.values())) == len(HOSTILE)


def test_a_lax_verifier_accepts_some_of_them() -> None:
    """The control: signature, algorithm and expiry alone let many hostile tokens in."""
    accepted = [name for name, token in HOSTILE.items() if lax(token)]

    assert {"template", "machine", "party missing", "impersonated", "subject missing"} <= set(accepted)
    assert "attacker's key under our kid" not in accepted


def lax(token: str) -> bool:
    options: Options = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False}
    try:
        jwt.decode(token, FACTORY.key.public_key(), algorithms=["RS256"], options=options)
    except Exception:
        return False
    return True


async def test_an_unfinished_sign_in_has_an_error_of_its_own(verifier: SessionTokenVerifier) -> None:
    """A user who still has a task at the provider is asked to finish, not to start again."""
    with pytest.raises(SessionPending):
        await verifier.verify(FACTORY.good(sts="pending"))


async def test_an_overlong_token_costs_no_question_for_keys(
    verifier: SessionTokenVerifier, keys: OneKey
) -> None:
    """Size and header are checked before anything else."""
    for name in ("1 MB", "5 kB", "kid of 3 kB", "alg none"):
        with pytest.raises(Unauthenticated):
            await verifier.verify(HOSTILE[name])

    assert keys.asked == 0


async def test_the_same_token_is_refused_once_it_has_ended(
    verifier: SessionTokenVerifier, time: Time
) -> None:
    """Time passes for a token that was accepted before."""
    token = FACTORY.good()
    await verifier.verify(token)
    time.now = NOW + timedelta(seconds=66)

    with pytest.raises(Unauthenticated):
        await verifier.verify(token)
