"""The token policy by itself, at its edges."""

import pytest

from app.domain.errors import SessionPending, Unauthenticated
from app.domain.identity.tokens import TokenPolicy, key_id, validate_claims
from app.domain.identity.users import AuthenticatedUser
from tests.support.tokens import ISSUER, KID, OMIT, ORIGIN, TokenFactory, wrong_headers

NOW = 1_795_000_000
FACTORY = TokenFactory(NOW)
POLICY = TokenPolicy(ISSUER, frozenset({ORIGIN}))


def accept(**changes: object) -> AuthenticatedUser:
    return validate_claims(FACTORY.claims(**changes), POLICY, NOW)


def test_a_token_names_the_key_that_signed_it() -> None:
    """The key id comes from a header that passed the policy."""
    assert key_id(FACTORY.good()) == KID


def test_an_accepted_token_names_user_session_and_end() -> None:
    """All three come from the claims alone."""
    assert accept(exp=NOW + 60) == AuthenticatedUser(
        id="user_2aBcDeF", session="sess_2aBcDeF", expires=NOW + 60
    )


@pytest.mark.parametrize(
    ("inside", "outside"),
    [
        ({"exp": NOW - 4, "iat": NOW - 60}, {"exp": NOW - 5, "iat": NOW - 60}),
        ({"iat": NOW + 5}, {"iat": NOW + 6}),
        ({"nbf": NOW + 5}, {"nbf": NOW + 6}),
        ({"exp": NOW + 600}, {"exp": NOW + 601}),
        ({"exp": NOW + 1, "iat": NOW}, {"exp": NOW, "iat": NOW}),
    ],
)
def test_times_are_accepted_up_to_their_limit(inside: dict[str, int], outside: dict[str, int]) -> None:
    """Five seconds of clock difference and ten minutes of life, not one more."""
    assert accept(**inside).id

    with pytest.raises(Unauthenticated):
        accept(**outside)


@pytest.mark.parametrize("status", ["active", OMIT])
def test_an_active_or_unstated_status_is_accepted(status: object) -> None:
    """Instances without session tasks do not state one."""
    assert accept(sts=status).id


@pytest.mark.parametrize("name", wrong_headers(FACTORY))
def test_a_header_that_no_session_token_has_is_refused(name: str) -> None:
    """Before a key is looked for: a token chooses neither its key nor how it is verified."""
    with pytest.raises(Unauthenticated):
        key_id(wrong_headers(FACTORY)[name])


@pytest.mark.parametrize("token", ["", "..", "a.b", "a.b.c.d", "a.b.c\n", "a.b." + "c" * 4096])
def test_a_text_that_has_not_the_form_of_a_token_is_refused(token: str) -> None:
    """Before anything in it is decoded."""
    with pytest.raises(Unauthenticated) as refused:
        key_id(token)
    assert refused.value.reason == "form"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": ISSUER + "/"}, "issuer"),
        ({"azp": "https://evil.example"}, "authorized-party"),
        ({"sid": OMIT}, "claims"),
        ({"act": {"sub": "user_admin"}}, "claims"),
        ({"sts": "revoked"}, "status"),
    ],
)
def test_the_operator_learns_which_rule_a_token_broke(changes: dict[str, object], reason: str) -> None:
    """The answer is the same for all."""
    with pytest.raises(Unauthenticated) as refused:
        accept(**changes)
    assert (refused.value.reason, refused.value.detail) == (reason, Unauthenticated.sentence)


def test_pending_comes_after_every_other_rule() -> None:
    """A forged pending token gets no reason."""
    with pytest.raises(SessionPending):
        accept(sts="pending")
    with pytest.raises(Unauthenticated):
        accept(sts="pending", azp="https://evil.example")


def test_without_authorised_parties_no_token_is_accepted() -> None:
    """An empty list never turns the rule off."""
    with pytest.raises(Unauthenticated):
        validate_claims(FACTORY.claims(), TokenPolicy(ISSUER, frozenset()), NOW)
