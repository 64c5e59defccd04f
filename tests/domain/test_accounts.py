"""Names and passwords of local accounts, as pure rules."""

import pytest

from app.domain.errors import InvalidField
from app.domain.identity.accounts import MAX_NAME_CHARS, check_new_password, normal_name


def test_a_name_is_kept_in_one_spelling() -> None:
    """Full-width letters and blanks around it are what the same user typed on another keyboard."""
    assert normal_name(" \uff41nna.o'neil+1@ward-4 ") == "anna.o'neil+1@ward-4"


@pytest.mark.parametrize("name", ["", " ", "a\nb", "anna:admin", "x" * (MAX_NAME_CHARS + 1)])
def test_a_name_that_no_account_has_is_refused(name: str) -> None:
    """The sentence says what a name is made of."""
    with pytest.raises(InvalidField, match="1 to 64 letters") as refused:
        normal_name(name)
    assert refused.value.field == "name"


@pytest.mark.parametrize(
    ("new", "rule"),
    [
        ("nine char", "at least 10"),
        ("the old password", "is the old one"),
        ("ANNA-maria-12", "name alone"),
        ("ababababababab", "too few characters"),
    ],
)
def test_a_new_password_is_refused_with_the_rule_that_it_breaks(new: str, rule: str) -> None:
    """Each rule on its own; the name counts in whatever case it was typed."""
    with pytest.raises(InvalidField, match=rule) as refused:
        check_new_password(new, "the old password", "anna-maria")
    assert refused.value.field == "new"


def test_a_new_password_may_hold_the_name_beside_enough_else() -> None:
    """A sentence with a name in it is a good password."""
    check_new_password("anna-maria rides a blue bicycle", "the old password", "anna-maria")
