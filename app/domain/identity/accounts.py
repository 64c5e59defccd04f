"""Local accounts as the pages and the command line see them, where no identity provider is configured."""

import re
import unicodedata
from typing import Annotated, Any, Protocol

import msgspec

from app.domain.errors import InvalidField
from app.domain.photos.model import Schema, Text

MIN_PASSWORD_CHARS = 10
MAX_PASSWORD_CHARS = 256
MAX_NAME_CHARS = 64

Password = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_PASSWORD_CHARS)]


class SignIn(Schema, frozen=True):
    """What the sign-in page sends."""

    name: Annotated[Text, msgspec.Meta(min_length=1, max_length=MAX_NAME_CHARS)]
    password: Password


class PasswordChange(Schema, frozen=True):
    """The old password authenticates the request; the new one follows ``check_new_password``."""

    current: Password
    new: Annotated[Text, msgspec.Meta(max_length=MAX_PASSWORD_CHARS)]


class AccountUser(Schema, frozen=True):
    """A local user: the id in tokens and the name typed at sign-in."""

    id: str
    name: str


class SignInClient(msgspec.Struct, frozen=True):
    """The client of a sign-in: its address, and the device cookies that earlier sign-ins left in it."""

    address: str
    device_cookies: str = ""


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """A new login: its user, and the secret value of its cookie, which appears only here.

    ``device_cookies`` identify the browser later as one that has signed in to this account.
    """

    user: AccountUser
    password_change_required: bool
    cookie: str
    lifetime_s: int
    device_cookies: str


class SignInState(Schema, frozen=True):
    """The signed-in user of a browser, if any, and whether its generated password must be changed first."""

    user: AccountUser | None = None
    password_change_required: bool = False


class SignInAnswer(Schema, frozen=True):
    """Who has signed in, and whether the generated password must be changed first."""

    user: AccountUser
    password_change_required: bool


class SessionToken(Schema, frozen=True):
    """A session token for one minute, and its user."""

    token: str
    expires_in: int
    user: AccountUser


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """What a page may say about its own user; no name where the identity provider keeps it."""

    name: str | None


class LocalAccounts(Protocol):
    """What the session routes need; ``origin`` is the requesting page's."""

    async def sign_in(self, name: str, password: str, client: SignInClient, replaced: str | None) -> SignedIn:
        """Open a login and end the one it replaces. ``WrongPassword`` or ``TooManyRequests``."""
        ...

    async def state(self, cookie: str) -> SignInState:
        """The user of this login; signed out once it has ended."""
        ...

    async def token(self, cookie: str, origin: str) -> SessionToken:
        """A token for a page of ``origin``; ``Unauthenticated`` once the login has ended.

        ``PasswordChangeRequired`` while the account still has its generated password.
        """
        ...

    async def sign_out(self, cookie: str) -> None:
        """End the login and its background uploads; no error when it has already ended."""
        ...

    async def change_password(self, cookie: str, change: PasswordChange, client: SignInClient) -> SignedIn:
        """Set a new password, sign out everywhere, and open one new login for the requesting page.

        Raises ``Unauthenticated``, ``WrongPassword``, ``TooManyRequests``, or ``InvalidField`` with the rule
        that the new one breaks.
        """
        ...

    def key_document(self) -> dict[str, Any]:
        """The public keys as a JWKS document."""
        ...


class Profiles(Protocol):
    """Names of users, for ``GET /api/me``."""

    async def profile(self, user: str) -> Profile:
        """The profile of a user id; an empty one when it is not known here."""
        ...


def normal_name(name: str) -> str:
    """The spelling under which an account is kept; ``InvalidField`` for any other text."""
    folded = typed_name(name)
    if not re.fullmatch(rf"[\w.@'+ -]{{1,{MAX_NAME_CHARS}}}", folded):
        raise InvalidField("A name has 1 to 64 letters, digits, spaces or . @ ' + -", "name")
    return folded


def typed_name(name: str) -> str:
    """A name as the sign-in form takes it, whatever keyboard it was typed on."""
    return unicodedata.normalize("NFKC", name).strip()


def check_new_password(new: str, current: str, name: str) -> None:
    """Raise ``InvalidField`` with the rule that a new password breaks."""
    if len(new) < MIN_PASSWORD_CHARS:
        raise InvalidField(f"A password has at least {MIN_PASSWORD_CHARS} characters.", "new")
    if new == current:
        raise InvalidField("The new password is the old one. Choose another.", "new")
    if name.casefold() in new.casefold() and len(new) - len(name) < MIN_PASSWORD_CHARS:
        raise InvalidField("The name alone must not make up most of the password.", "new")
    if len(set(new)) < 4:
        raise InvalidField("The password repeats too few characters. Choose another.", "new")
