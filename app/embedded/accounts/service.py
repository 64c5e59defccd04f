"""The built-in accounts of a single clinic: sign-in by name and password, and tokens from a login cookie.

The first account is made at the first start with a password that is printed once and stored hashed.
"""

import secrets
import string
from collections.abc import Callable
from typing import Any

import msgspec
import structlog

from app.domain.errors import InvalidField, PasswordChangeRequired, Unauthenticated, WrongPassword
from app.domain.identity.accounts import (
    AccountUser,
    PasswordChange,
    Profile,
    SessionToken,
    SignedIn,
    SignInClient,
    SignInState,
    check_new_password,
    normal_name,
    typed_name,
)
from app.domain.ports.clock import Clock
from app.domain.ports.database import Database, Transaction
from app.domain.ports.identity import Account
from app.embedded.accounts import logins
from app.embedded.accounts.device_cookies import DeviceCookies
from app.embedded.accounts.passwords import Passwords, readable_password
from app.embedded.accounts.signing_keys import TOKEN_LIFE_S, SessionIssuer
from app.embedded.accounts.throttle import (
    ThrottleKeys,
    address_key,
    clear_after_reset,
    count_attempt,
    device_cookie_key,
    name_key,
    refund_attempt,
    unknown_client_keys,
)

FIRST_NAME = "clinician"

_log = structlog.get_logger("clinicpro")


class GeneratedPassword(msgspec.Struct, frozen=True, kw_only=True):
    """An account with a password that exists nowhere else; show it once."""

    name: str
    password: str


class LocalIdentity:
    """Accounts, logins and session tokens over a database that keeps only hashes."""

    def __init__(
        self,
        database: Database,
        issuer: SessionIssuer,
        passwords: Passwords,
        marks: DeviceCookies,
        clock: Clock,
        on_end: Callable[[], None] = lambda: None,
    ) -> None:
        """``on_end`` is called after logins have ended."""
        self._database = database
        self._issuer = issuer
        self._passwords = passwords
        self._marks = marks
        self._clock = clock
        self.on_end = on_end

    async def sign_in(
        self, name: str, password: str, client: SignInClient, replaced: str | None = None
    ) -> SignedIn:
        """Open a login and end the one it replaces. ``WrongPassword`` or ``TooManyRequests``."""
        account = await self._verify_password(typed_name(name), password, client)
        async with self._database.transaction() as tx:
            # A check takes its time, and a new password meanwhile has ended the logins of the old one.
            if await tx.accounts.by_user(account.user) != account:
                raise WrongPassword
            if replaced:
                await logins.end_login(tx, replaced, self._clock())
            signed_in = await self._signed_in(tx, account, client)
        self.on_end()
        return signed_in

    async def state(self, cookie: str) -> SignInState:
        """Whose login this is; no user once it has ended."""
        async with self._database.transaction() as tx:
            try:
                account = await logins.account_of(tx, cookie, self._clock())
            except Unauthenticated:
                return SignInState()
        return SignInState(user=_user(account), password_change_required=account.must_change)

    async def token(self, cookie: str, origin: str) -> SessionToken:
        """A token for a page of ``origin``; ``Unauthenticated`` once the login has ended.

        ``PasswordChangeRequired`` while the account still has its generated password.
        """
        async with self._database.transaction() as tx:
            account = await logins.use_login(tx, cookie, self._clock())
            # Undoes the use as well: a login that opens nothing is not prolonged by asking.
            if account.must_change:
                raise PasswordChangeRequired
        minutes = int((self._clock() - logins.login_started_at(cookie)).total_seconds() // 60)
        signed = self._issuer.token(account.user, logins.session_id(cookie), origin, minutes)
        return SessionToken(token=signed, expires_in=TOKEN_LIFE_S, user=_user(account))

    async def is_open(self, session: str) -> bool:
        """Whether a login has not ended, by the session id in its tokens, which may outlive it."""
        async with self._database.transaction() as tx:
            return await logins.is_open(tx, session, self._clock())

    async def sign_out(self, cookie: str) -> None:
        """End the login and its background uploads; no error when it has already ended."""
        async with self._database.transaction() as tx:
            await logins.end_login(tx, cookie, self._clock())
        self.on_end()

    async def change_password(self, cookie: str, change: PasswordChange, client: SignInClient) -> SignedIn:
        """Set a new password, sign out everywhere, and open one new login for the asking page.

        Raises ``Unauthenticated``, ``WrongPassword``, ``TooManyRequests``, or ``InvalidField`` with the rule
        that the new one breaks.
        """
        async with self._database.transaction() as tx:
            asking = await logins.account_of(tx, cookie, self._clock())
        check_new_password(change.new, change.current, asking.name)
        await self._passwords.check_strength(change.new, asking.name)
        await self._verify_password(asking.name, change.current, client)
        hashed = await self._passwords.hash(change.new)
        async with self._database.transaction() as tx:
            account = await logins.account_of(tx, cookie, self._clock())
            await self._replace_password(tx, account.user, hashed, must_change=False)
            chosen = msgspec.structs.replace(account, password_hash=hashed, must_change=False)
            signed_in = await self._signed_in(tx, chosen, client)
        self.on_end()
        return signed_in

    async def profile(self, user: str) -> Profile:
        """The name of a user."""
        async with self._database.transaction() as tx:
            account = await tx.accounts.by_user(user)
        return Profile(name=account.name if account else None)

    def key_document(self) -> dict[str, Any]:
        """The public keys as a JWKS document."""
        return self._issuer.key.document()

    async def ensure_first_account(self, name: str = FIRST_NAME) -> GeneratedPassword | None:
        """On the first start make an account and return its password, the only time; later None.

        Raises ``InvalidField`` where another process has just made it.
        """
        await self._passwords.prepare()
        if await self.users():
            return None
        return await self.add_user(name)

    async def users(self) -> list[str]:
        """Names of all accounts, sorted."""
        async with self._database.transaction() as tx:
            return [account.name for account in await tx.accounts.list_all()]

    async def add_user(self, name: str) -> GeneratedPassword:
        """A new account with a generated password; ``InvalidField`` when the name is taken."""
        made = GeneratedPassword(name=normal_name(name), password=readable_password())
        account = Account(
            user=_new_user_id(),
            name=made.name,
            password_hash=await self._passwords.hash(made.password),
            must_change=True,
        )
        async with self._database.transaction() as tx:
            if not await tx.accounts.add(account):
                raise InvalidField("There is already an account of this name.", "name")
        return made

    async def reset_password(self, name: str) -> GeneratedPassword:
        """A generated password for an account, which is signed out everywhere and may try at once.

        Raises ``InvalidField`` where there is no such account.
        """
        password = readable_password()
        hashed = await self._passwords.hash(password)
        async with self._database.transaction() as tx:
            account = await tx.accounts.by_name(typed_name(name))
            if account is None:
                raise InvalidField("There is no account of this name.", "name")
            await self._replace_password(tx, account.user, hashed, must_change=True)
            await clear_after_reset(tx, account.name, self._clock())
        self.on_end()
        return GeneratedPassword(name=account.name, password=password)

    async def _verify_password(self, name: str, password: str, client: SignInClient) -> Account:
        """The account that name and password open; a failure is counted for the client."""
        mark = self._marks.find(client.device_cookies, name_key(name))
        lane = self._passwords.known_clients if mark else self._passwords.unknown_clients
        with lane.place(mark or address_key(client.address)):
            async with lane.counting, self._database.transaction() as tx:
                keys = await self._throttle_keys(tx, name, client, mark)
                counted = await count_attempt(tx, keys, self._clock())
                account = await tx.accounts.by_name(name)
            fits = await self._passwords.matches(account.password_hash if account else None, password, lane)
            if account is None or not fits:
                _log.info("session.refused", code=WrongPassword.code)
                raise WrongPassword
            async with lane.counting, self._database.transaction() as tx:
                await refund_attempt(tx, keys, counted, self._clock())
        return account

    async def _throttle_keys(
        self, tx: Transaction, name: str, client: SignInClient, mark: str | None
    ) -> ThrottleKeys:
        """A browser with this account's mark counts by that mark, every other by name and address."""
        if mark:
            return ThrottleKeys(client=device_cookie_key(name, mark))
        return await unknown_client_keys(tx, name, client.address, self._clock())

    async def _signed_in(self, tx: Transaction, account: Account, client: SignInClient) -> SignedIn:
        cookie = await logins.open_login(tx, account.user, self._clock())
        marks = self._marks.add(client.device_cookies, name_key(account.name))
        return SignedIn(
            user=_user(account),
            password_change_required=account.must_change,
            cookie=cookie,
            lifetime_s=logins.LONGEST_S,
            device_cookies=marks,
        )

    async def _replace_password(self, tx: Transaction, user: str, hashed: str, *, must_change: bool) -> None:
        await tx.accounts.set_password(user, hashed, must_change)
        await tx.logins.delete_all(user)
        await tx.upload_sessions.delete(user)
        _log.info("password.changed", user=user)


def _user(account: Account) -> AccountUser:
    return AccountUser(id=account.user, name=account.name)


def _new_user_id() -> str:
    letters = string.ascii_letters + string.digits
    return "user_" + "".join(secrets.choice(letters) for _ in range(27))
