"""Local accounts over the real database and the real Argon2 (at a low cost), with a clock of the test."""

import asyncio
import contextlib
import itertools
import stat
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import jwt
import pytest
from argon2 import PasswordHasher
from jwt.types import Options
from zxcvbn.matching import L33T_TABLE, enumerate_l33t_subs, relevant_l33t_subtable

from app.adapters.clerk.tokens import SessionTokenVerifier
from app.adapters.database.engine import SqlDatabase
from app.domain.errors import (
    InvalidField,
    PasswordChangeRequired,
    TooManyRequests,
    Unauthenticated,
    WrongPassword,
)
from app.domain.identity.accounts import PasswordChange, SignedIn, SignInClient
from app.embedded.accounts import throttle
from app.embedded.accounts.device_cookies import KEY_FILE as MARKS_FILE
from app.embedded.accounts.device_cookies import MAX_DEVICE_COOKIES, DeviceCookies, load_device_cookies
from app.embedded.accounts.logins import session_id
from app.embedded.accounts.passwords import (
    ALPHABET,
    MAX_WAITING,
    MOST_OF_ONE,
    Lane,
    Passwords,
    rated_text,
    readable_password,
)
from app.embedded.accounts.service import GeneratedPassword, LocalIdentity
from app.embedded.accounts.signing_keys import (
    KEY_FILE,
    LocalKeySet,
    SessionIssuer,
    SessionKey,
    digest,
    load_session_key,
)
from tests.support.accounts import add_signed_in_user

ORIGIN = "https://capture.clinic.example"
HERE = "203.0.113.7"
CLIENT = SignInClient(HERE)


MARKS = DeviceCookies(b"a key of the tests")


class Time:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 10, 41, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def passes(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> SessionKey:
    return load_session_key(tmp_path_factory.mktemp("keys"))


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqlDatabase]:
    database = await SqlDatabase.open(tmp_path / "data" / "capture.sqlite3")
    await database.migrate()
    yield database
    await database.close()


@pytest.fixture
def identity(database: SqlDatabase, key: SessionKey, time: Time) -> LocalIdentity:
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    return LocalIdentity(database, SessionIssuer(key, ORIGIN, time), passwords, MARKS, time)


@pytest.fixture
async def anna(identity: LocalIdentity) -> GeneratedPassword:
    """An account with a password that its owner has chosen."""
    return await add_signed_in_user(identity, "Anna")


async def signed_in(
    identity: LocalIdentity, account: GeneratedPassword, address: str = HERE, marks: str = ""
) -> SignedIn:
    return await identity.sign_in(account.name, account.password, SignInClient(address, marks))


async def refused(
    identity: LocalIdentity,
    name: str = "Anna",
    password: str = "a wrong one",
    address: str = HERE,
    marks: str = "",
) -> None:
    with pytest.raises(WrongPassword):
        await identity.sign_in(name, password, SignInClient(address, marks))


async def test_the_first_start_makes_one_account_and_later_starts_none(identity: LocalIdentity) -> None:
    """The password is returned once and opens the door; nothing brings it back."""
    first = await identity.ensure_first_account()

    assert first is not None
    assert await identity.ensure_first_account() is None
    assert await identity.users() == [first.name]
    assert (await signed_in(identity, first)).user.name == first.name


async def test_the_database_file_contains_neither_password_nor_cookie(
    identity: LocalIdentity, anna: GeneratedPassword, tmp_path: Path
) -> None:
    """A stolen copy of the data signs no user in."""
    login = await signed_in(identity, anna)

    kept = b"".join(path.read_bytes() for path in (tmp_path / "data").iterdir())
    assert anna.password.encode() not in kept
    assert login.cookie.encode() not in kept
    assert digest(login.cookie).encode() in kept


@pytest.mark.parametrize("typed", ["Anna", "anna", " ANNA ", "Ａｎｎａ"])
async def test_a_name_is_found_however_it_is_typed(
    identity: LocalIdentity, anna: GeneratedPassword, typed: str
) -> None:
    """Phones begin names with capitals and add spaces."""
    assert (await identity.sign_in(typed, anna.password, CLIENT)).user.name == "Anna"


async def test_a_wrong_name_and_a_wrong_password_get_the_same_words(
    identity: LocalIdentity, anna: GeneratedPassword
) -> None:
    """No answer reveals which names exist."""
    details = []
    for name, password in (("Anna", "a wrong one"), ("Nobody", anna.password), ("", "x")):
        with pytest.raises(WrongPassword) as refusal:
            await identity.sign_in(name, password, CLIENT)
        details.append(refusal.value.detail)

    assert len(set(details)) == 1


async def test_an_unknown_name_costs_a_password_check(
    identity: LocalIdentity, anna: GeneratedPassword
) -> None:
    """The time of an answer does not reveal which names exist."""
    checks = []
    hasher = identity._passwords._hasher

    class Counting(PasswordHasher):
        def verify(self, stored: str | bytes, password: str | bytes) -> Literal[True]:
            checks.append(stored)
            return super().verify(stored, password)

    identity._passwords._hasher = Counting(time_cost=1, memory_cost=8, parallelism=1)
    await refused(identity, "Anna")
    await refused(identity, "Nobody")

    assert len(checks) == 2
    assert hasher.check_needs_rehash(checks[1]) is False


async def test_tokens_of_a_login_pass_the_verifier_unchanged(
    identity: LocalIdentity, anna: GeneratedPassword, key: SessionKey, time: Time
) -> None:
    """The rest of the app cannot distinguish these tokens from the cloud provider's."""
    login = await signed_in(identity, anna)

    answer = await identity.token(login.cookie, ORIGIN)

    verifier = SessionTokenVerifier(ORIGIN, [ORIGIN], LocalKeySet(key), time)
    user = await verifier.verify(answer.token)
    assert (user.id, user.session) == (login.user.id, session_id(login.cookie))
    assert (answer.expires_in, answer.user) == (60, login.user)


async def test_a_token_is_good_for_pages_of_the_asking_origin_only(
    identity: LocalIdentity, anna: GeneratedPassword, key: SessionKey, time: Time
) -> None:
    """A token that a page of another origin asked for is not accepted."""
    login = await signed_in(identity, anna)
    answer = await identity.token(login.cookie, "https://wiki.clinic.example")

    with pytest.raises(Unauthenticated):
        await SessionTokenVerifier(ORIGIN, [ORIGIN], LocalKeySet(key), time).verify(answer.token)


async def test_the_key_document_verifies_the_tokens(identity: LocalIdentity, anna: GeneratedPassword) -> None:
    """Outsiders can verify with the published key alone, and it contains no private part."""
    login = await signed_in(identity, anna)
    token = (await identity.token(login.cookie, ORIGIN)).token
    (published,) = identity.key_document()["keys"]

    assert set(published) == {"kty", "n", "e", "use", "alg", "kid"}
    options: Options = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
    claims = jwt.decode(token, jwt.PyJWK(published), algorithms=["RS256"], options=options)
    assert claims["sub"] == login.user.id


async def test_sign_out_ends_the_login_and_its_background_uploads_only(
    identity: LocalIdentity, anna: GeneratedPassword, database: SqlDatabase, time: Time
) -> None:
    """Another phone of the same user keeps working."""
    phone, desktop = await signed_in(identity, anna), await signed_in(identity, anna)
    await upload_sessions(database, phone, desktop, until=time.now + timedelta(hours=12))

    await identity.sign_out(phone.cookie)
    await identity.sign_out(phone.cookie)

    with pytest.raises(Unauthenticated):
        await identity.token(phone.cookie, ORIGIN)
    assert (await identity.token(desktop.cookie, ORIGIN)).user.name == "Anna"
    assert await living(database, phone, desktop, now=time.now) == [None, session_id(desktop.cookie)]


async def upload_sessions(database: SqlDatabase, *logins: SignedIn, until: datetime) -> None:
    async with database.transaction() as tx:
        for login in logins:
            session = session_id(login.cookie)
            await tx.upload_sessions.add(f"upload of {session}", login.user.id, session, until)


async def living(database: SqlDatabase, *logins: SignedIn, now: datetime) -> list[str | None]:
    async with database.transaction() as tx:
        sessions = [session_id(login.cookie) for login in logins]
        found = [await tx.upload_sessions.find(f"upload of {session}", now) for session in sessions]
    return [each and each[1] for each in found]


async def test_signing_in_replaces_the_login_this_browser_had(
    identity: LocalIdentity, anna: GeneratedPassword, database: SqlDatabase, time: Time
) -> None:
    """On a shared phone the next user ends the session of the one before."""
    ben = await identity.add_user("Ben")
    before = await signed_in(identity, anna)
    await upload_sessions(database, before, until=time.now + timedelta(hours=12))

    await identity.sign_in(ben.name, ben.password, CLIENT, replaced=before.cookie)

    with pytest.raises(Unauthenticated):
        await identity.token(before.cookie, ORIGIN)
    assert await living(database, before, now=time.now) == [None]


async def test_a_login_lives_for_twelve_hours_after_its_last_use(
    identity: LocalIdentity, anna: GeneratedPassword, time: Time
) -> None:
    """A shift's pauses end no login; a phone left in a drawer is signed out."""
    login = await signed_in(identity, anna)
    for _ in range(3):
        time.passes(hours=11)
        await identity.token(login.cookie, ORIGIN)
    time.passes(hours=12, seconds=1)

    with pytest.raises(Unauthenticated):
        await identity.token(login.cookie, ORIGIN)


async def test_no_login_lives_longer_than_a_week(
    identity: LocalIdentity, anna: GeneratedPassword, time: Time
) -> None:
    """Constant use does not keep a login without end."""
    login = await signed_in(identity, anna)
    for _ in range(16):
        time.passes(hours=10)
        await identity.token(login.cookie, ORIGIN)
    time.passes(hours=8)

    with pytest.raises(Unauthenticated):
        await identity.token(login.cookie, ORIGIN)


@pytest.mark.parametrize("change", ["later start", "no start", "other secret", "empty", "long"])
async def test_an_edited_cookie_signs_no_user_in(
    identity: LocalIdentity, anna: GeneratedPassword, time: Time, change: str
) -> None:
    """The start written in the cookie cannot be moved."""
    cookie = (await signed_in(identity, anna)).cookie
    secret, start = cookie.split(".")
    edited = {
        "later start": f"{secret}.{int(start) + 86_400}",
        "no start": secret,
        "other secret": f"{secret[::-1]}.{start}",
        "empty": "",
        "long": f"{secret}.{'9' * 400}",
    }[change]

    with pytest.raises(Unauthenticated):
        await identity.token(edited, ORIGIN)


async def test_five_failures_are_free_and_then_the_delay_doubles(
    identity: LocalIdentity, anna: GeneratedPassword, time: Time
) -> None:
    """A clinician who mistypes waits seconds; a guesser soon waits minutes."""
    for attempt in range(4):
        await refused(identity, address=f"203.0.113.{attempt}")

    waits = []
    for attempt in range(4, 15):
        await refused(identity, address=f"203.0.113.{attempt}")
        with pytest.raises(TooManyRequests) as delay:
            await identity.sign_in("Anna", "again", SignInClient("198.51.100.1"))
        waits.append(delay.value.retry_after)
        time.passes(seconds=waits[-1])

    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


async def test_the_right_password_must_wait_as_well(
    identity: LocalIdentity, anna: GeneratedPassword, time: Time
) -> None:
    """Otherwise the delay would reveal which guess was right; after it the door opens."""
    for _ in range(5):
        await refused(identity)

    with pytest.raises(TooManyRequests) as delay:
        await signed_in(identity, anna)
    time.passes(seconds=delay.value.retry_after)
    assert (await signed_in(identity, anna)).user.name == "Anna"


async def test_an_address_that_tries_many_names_is_slowed_down(
    identity: LocalIdentity, anna: GeneratedPassword
) -> None:
    """Guessing one password for every name is no way round the delay."""
    for n in range(5):
        await refused(identity, f"name {n}")

    with pytest.raises(TooManyRequests):
        await signed_in(identity, anna)
    assert (await signed_in(identity, anna, "198.51.100.1")).user.name == "Anna"


async def guess_until_delayed(identity: LocalIdentity, name: str) -> int:
    """Guesses at a name from one address until it must wait; for how long."""
    for _ in range(9):
        try:
            await identity.sign_in(name, "a guess", CLIENT)
        except TooManyRequests as delay:
            return delay.retry_after
        except WrongPassword:
            continue
    raise AssertionError("no attempt was slowed down")


async def test_guessing_at_one_name_leaves_the_others_at_that_address_alone(
    identity: LocalIdentity, anna: GeneratedPassword, time: Time
) -> None:
    """A whole clinic is behind one address; the name itself is slowed down, and stays so."""
    for _ in range(12):
        wait = await guess_until_delayed(identity, "Ben")
        assert not await locked_out(identity, anna)
        time.passes(seconds=wait)

    assert wait >= 256


async def test_an_address_waits_half_a_minute_at_most_for_what_others_guess_there(
    identity: LocalIdentity, anna: GeneratedPassword, time: Time
) -> None:
    """However many names a guesser goes through."""
    waits = []
    for n in range(15):
        await refused(identity, f"name {n}")
        try:
            await signed_in(identity, anna)
        except TooManyRequests as delay:
            waits.append(delay.retry_after)
            time.passes(seconds=delay.retry_after)

    assert waits == [1, 2, 4, 8, 16, *[30] * 6]


async def test_a_reset_helps_at_once_while_the_guessing_goes_on(
    identity: LocalIdentity, anna: GeneratedPassword
) -> None:
    """At the name from everywhere, and at every name from the same address, before it and after it."""

    async def guess(times: int) -> None:
        for n in range(times):
            for name, address in (("Anna", f"198.51.100.{n}"), (f"name {n}", HERE)):
                with contextlib.suppress(WrongPassword, TooManyRequests):
                    await identity.sign_in(name, "a guess", SignInClient(address))

    await guess(20)
    for _ in range(5):
        with contextlib.suppress(WrongPassword, TooManyRequests):
            await identity.sign_in("Anna", "forgotten", CLIENT)
    assert await locked_out(identity, anna)

    fresh = await identity.reset_password("Anna")
    await guess(20)

    assert not await locked_out(identity, fresh)


async def test_one_good_account_does_not_buy_guesses_at_the_others(
    identity: LocalIdentity, anna: GeneratedPassword
) -> None:
    """A success clears the name's failures, not the address's."""
    for n in range(4):
        await refused(identity, f"name {n}")
        await signed_in(identity, anna)
    await refused(identity, "name 5")

    with pytest.raises(TooManyRequests):
        await signed_in(identity, anna)


async def test_a_burst_of_guesses_at_one_instant_is_counted(
    identity: LocalIdentity, anna: GeneratedPassword
) -> None:
    """Parallel requests get no more guesses than one after the other."""
    guesses = [identity.sign_in("Anna", f"guess {n}", CLIENT) for n in range(20)]

    answers = await asyncio.gather(*guesses, return_exceptions=True)

    assert [type(answer) for answer in answers].count(WrongPassword) == 5
    assert [type(answer) for answer in answers].count(TooManyRequests) == 15


async def locked_out(identity: LocalIdentity, account: GeneratedPassword, **client: str) -> bool:
    """Whether even the right password has to wait."""
    try:
        await signed_in(identity, account, **client)
    except TooManyRequests:
        return True
    return False


async def test_a_stranger_never_locks_a_known_browser(
    identity: LocalIdentity, anna: GeneratedPassword
) -> None:
    """Neither by guessing at the name nor from behind the same address; elsewhere they are slowed down."""
    marks = (await signed_in(identity, anna)).device_cookies
    for n in range(5):
        await refused(identity, address=f"198.51.100.{n}")
    for n in range(5):
        await refused(identity, f"name {n}")

    assert await locked_out(identity, anna, address="192.0.2.1")
    assert await locked_out(identity, anna)
    assert not await locked_out(identity, anna, marks=marks)
    login = await signed_in(identity, anna, marks=marks)
    change = PasswordChange(current=anna.password, new="a better password")
    assert (
        await identity.change_password(login.cookie, change, SignInClient(HERE, marks))
    ).user == login.user


async def test_signing_in_at_a_known_browser_gives_a_stranger_no_new_guesses(
    identity: LocalIdentity, anna: GeneratedPassword
) -> None:
    """The clinician's day at work does not set the guesser's count back."""
    marks = (await signed_in(identity, anna)).device_cookies
    for n in range(5):
        await refused(identity, address=f"198.51.100.{n}")

    await signed_in(identity, anna, marks=marks)

    assert await locked_out(identity, anna, address="192.0.2.1")


async def test_a_stolen_mark_that_guesses_is_locked_by_itself(
    identity: LocalIdentity, anna: GeneratedPassword, time: Time
) -> None:
    """Five guesses and then delays that double, from any address; no other browser waits for it."""
    stolen = (await signed_in(identity, anna)).device_cookies
    other = (await signed_in(identity, anna)).device_cookies

    for n in range(5):
        await refused(identity, address=f"198.51.100.{n}", marks=stolen)

    assert await locked_out(identity, anna, address="192.0.2.1", marks=stolen)
    assert not await locked_out(identity, anna, marks=other)
    assert not await locked_out(identity, anna)
    time.passes(seconds=1)
    assert not await locked_out(identity, anna, marks=stolen)


async def test_a_mark_counts_for_its_own_account_only(
    identity: LocalIdentity, anna: GeneratedPassword
) -> None:
    """A user with one account is a stranger at every other."""
    ben = await identity.add_user("Ben")
    marks = (await signed_in(identity, ben)).device_cookies
    for n in range(5):
        await refused(identity, "Anna", address=f"198.51.100.{n}", marks=marks)

    assert await locked_out(identity, anna, address="192.0.2.1", marks=marks)
    assert not await locked_out(identity, ben, address="192.0.2.1", marks=marks)


async def test_every_user_who_signs_in_at_a_shared_phone_is_known_there(
    identity: LocalIdentity, anna: GeneratedPassword
) -> None:
    """The mark of one is kept beside that of the other, for the last eight."""
    ben = await identity.add_user("Ben")
    marks = (await signed_in(identity, anna)).device_cookies
    marks = (await signed_in(identity, ben, marks=marks)).device_cookies
    marks = (await signed_in(identity, ben, marks=marks)).device_cookies

    assert len(marks.split(".")) == 2
    assert MARKS.find(marks, throttle.name_key("Anna"))
    for n in range(MAX_DEVICE_COOKIES):
        marks = MARKS.add(marks, f"name {n}")
    assert MARKS.find(marks, throttle.name_key("Anna")) is None
    assert len(marks.split(".")) == MAX_DEVICE_COOKIES


@pytest.mark.parametrize("junk", ["\u20ac", "a-b", "x\r\ny", "A" * 24 + "-" + "0" * 32, "." * 500])
async def test_nothing_but_marks_comes_back_from_a_browser(
    identity: LocalIdentity, anna: GeneratedPassword, junk: str
) -> None:
    """What no cookie can contain would otherwise end every sign-in at that browser with an error."""
    marks = (await signed_in(identity, anna, marks=junk)).device_cookies

    assert [len(mark) for mark in marks.split(".")] == [57]
    assert MARKS.find(marks, throttle.name_key("Anna")) == marks


@pytest.mark.parametrize("forgery", ["other key", "edited", "cut", "empty", "crowd"])
async def test_a_forged_mark_is_no_mark(
    identity: LocalIdentity, anna: GeneratedPassword, forgery: str
) -> None:
    """Only this server makes them, so a forger is counted like any stranger."""
    marks = (await signed_in(identity, anna)).device_cookies
    forged = {
        "other key": DeviceCookies(b"another key").add("", throttle.name_key("Anna")),
        "edited": ("1" if marks[0] != "1" else "2") + marks[1:],
        "cut": marks[:-1],
        "empty": "",
        "crowd": "x-\xe4.-..." * 100 + marks,
    }[forgery]
    for n in range(5):
        await refused(identity, address=f"198.51.100.{n}", marks=forged)

    assert await locked_out(identity, anna, address="192.0.2.1", marks=forged)


async def test_a_mark_names_no_user(identity: LocalIdentity, anna: GeneratedPassword) -> None:
    """The cookie does not reveal which users work here."""
    marks = (await signed_in(identity, anna)).device_cookies

    assert "anna" not in marks.lower()
    assert throttle.name_key("Anna").removeprefix("name:") not in marks


def test_the_key_of_marks_is_made_once_and_never_replaced_silently(tmp_path: Path) -> None:
    """A restart knows the browsers again; a torn key stops the start."""
    marks = load_device_cookies(tmp_path).add("", "name")

    assert load_device_cookies(tmp_path).find(marks, "name")
    assert stat.S_IMODE((tmp_path / MARKS_FILE).stat().st_mode) == 0o600
    (tmp_path / MARKS_FILE).write_bytes(b"torn")
    with pytest.raises(ValueError, match=MARKS_FILE):
        load_device_cookies(tmp_path)


async def test_failures_are_kept_through_a_restart(
    identity: LocalIdentity, anna: GeneratedPassword, database: SqlDatabase, key: SessionKey, time: Time
) -> None:
    """Restarting the server does not reset a guesser's delay."""
    for _ in range(5):
        await refused(identity)
    again = LocalIdentity(database, SessionIssuer(key, ORIGIN, time), identity._passwords, MARKS, time)

    with pytest.raises(TooManyRequests):
        await signed_in(again, anna)


async def test_failures_are_forgotten_an_hour_after_the_delay(
    identity: LocalIdentity, anna: GeneratedPassword, time: Time
) -> None:
    """Yesterday's typing errors do not count today."""
    for _ in range(4):
        await refused(identity)
    time.passes(hours=1, seconds=1)

    for _ in range(4):
        await refused(identity)
    assert (await signed_in(identity, anna)).user.name == "Anna"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:203.0.113.7", "203.0.113.7", True),
        ("203.0.113.7", "203.0.113.8", False),
        ("", "a socket", True),
    ],
)
def test_an_address_counts_as_its_network(one: str, other: str, same: bool) -> None:
    """An IPv6 network has 2^64 addresses and one delay."""
    assert (throttle.address_key(one) == throttle.address_key(other)) is same


def test_a_name_is_not_readable_in_its_failures() -> None:
    """Users type passwords into the name box."""
    assert "hunter2" not in throttle.name_key("hunter2")
    assert throttle.name_key("Anna") == throttle.name_key("anna")


async def test_a_new_password_signs_out_everywhere_else(
    identity: LocalIdentity, anna: GeneratedPassword, database: SqlDatabase, time: Time
) -> None:
    """Sessions of the old password end at once, in the background as well."""
    here, elsewhere = await signed_in(identity, anna), await signed_in(identity, anna)
    await upload_sessions(database, here, elsewhere, until=time.now + timedelta(hours=12))

    change = PasswordChange(current=anna.password, new="a better password")
    login = await identity.change_password(here.cookie, change, CLIENT)

    assert (await identity.token(login.cookie, ORIGIN)).user.name == "Anna"
    for old in (here, elsewhere):
        with pytest.raises(Unauthenticated):
            await identity.token(old.cookie, ORIGIN)
    assert await living(database, here, elsewhere, now=time.now) == [None, None]
    await refused(identity, password=anna.password)
    assert (await identity.sign_in("Anna", "a better password", CLIENT)).user == login.user


async def test_a_generated_password_gives_no_token_until_it_is_changed(identity: LocalIdentity) -> None:
    """Of a new account and after a reset; the login itself stays open for the form."""
    generated = await identity.add_user("Anna")
    for _ in range(2):
        login = await signed_in(identity, generated)
        assert login.password_change_required
        with pytest.raises(PasswordChangeRequired):
            await identity.token(login.cookie, ORIGIN)
        assert (await identity.state(login.cookie)).password_change_required

        change = PasswordChange(current=generated.password, new="a better password")
        changed = await identity.change_password(login.cookie, change, CLIENT)

        assert not changed.password_change_required
        assert not (await identity.state(changed.cookie)).password_change_required
        assert (await identity.token(changed.cookie, ORIGIN)).user.name == "Anna"
        generated = await identity.reset_password("Anna")


async def test_a_login_that_opens_nothing_is_not_prolonged_by_asking(
    identity: LocalIdentity, time: Time
) -> None:
    """A page in the background asks again and again; the form is closed after twelve hours all the same."""
    login = await signed_in(identity, await identity.add_user("Anna"))
    time.passes(hours=11)
    with pytest.raises(PasswordChangeRequired):
        await identity.token(login.cookie, ORIGIN)
    time.passes(hours=1, seconds=1)

    assert (await identity.state(login.cookie)).user is None


async def test_a_user_has_a_name(identity: LocalIdentity, anna: GeneratedPassword) -> None:
    """As it was typed when the account was made."""
    login = await signed_in(identity, anna)

    assert (await identity.profile(login.user.id)).name == "Anna"


async def test_an_unknown_user_has_an_empty_profile(identity: LocalIdentity) -> None:
    """The page shows no name rather than failing."""
    profile = await identity.profile("user_unknown")

    assert profile.name is None


async def test_the_old_password_is_needed_for_a_new_one(
    identity: LocalIdentity, anna: GeneratedPassword
) -> None:
    """A phone left unlocked does not lose its account; guesses there are slowed down, too."""
    login = await signed_in(identity, anna)
    change = PasswordChange(current="a wrong one", new="a better password")

    for _ in range(5):
        with pytest.raises(WrongPassword):
            await identity.change_password(login.cookie, change, CLIENT)
    with pytest.raises(TooManyRequests):
        await identity.change_password(login.cookie, change, CLIENT)


@pytest.mark.parametrize(
    ("new", "rule"),
    [("nine char", "10 characters"), ("aaaaaaaaaaaa", "repeats"), ("Anna2026!!", "name alone")],
)
async def test_a_weak_password_is_refused_with_the_rule(
    identity: LocalIdentity, anna: GeneratedPassword, new: str, rule: str
) -> None:
    """The form can say what is asked for, and the old password still works."""
    login = await signed_in(identity, anna)

    with pytest.raises(InvalidField, match=rule) as refusal:
        await identity.change_password(login.cookie, PasswordChange(current=anna.password, new=new), CLIENT)

    assert refusal.value.field == "new"
    assert (await signed_in(identity, anna)).user.name == "Anna"


async def test_the_old_password_is_no_new_one(identity: LocalIdentity, anna: GeneratedPassword) -> None:
    """A change changes something."""
    login = await signed_in(identity, anna)

    change = PasswordChange(current=anna.password, new=anna.password)
    with pytest.raises(InvalidField, match="old one"):
        await identity.change_password(login.cookie, change, CLIENT)


async def test_an_administrator_resets_a_forgotten_password(
    identity: LocalIdentity, anna: GeneratedPassword
) -> None:
    """The new one works at once, also after many failures; the old one and every login are gone."""
    login = await signed_in(identity, anna)
    for n in range(5):
        await refused(identity, address=f"198.51.100.{n}")
        await refused(identity, marks=login.device_cookies)

    fresh = await identity.reset_password("anna")

    assert (await signed_in(identity, fresh, marks=login.device_cookies)).user == login.user
    assert (await signed_in(identity, fresh)).user == login.user
    with pytest.raises(Unauthenticated):
        await identity.token(login.cookie, ORIGIN)
    assert (await signed_in(identity, fresh)).password_change_required


async def test_names_are_taken_once_and_can_be_typed(
    identity: LocalIdentity, anna: GeneratedPassword
) -> None:
    """Two users never share a name that differs by case only."""
    for name in ("ANNA", "", "x" * 65, "a\nb", "a/b"):
        with pytest.raises(InvalidField) as refusal:
            await identity.add_user(name)
        assert refusal.value.field == "name"
    with pytest.raises(InvalidField):
        await identity.reset_password("Nobody")


def test_generated_passwords_are_long_readable_and_different() -> None:
    """79 bits without letters that are taken for each other."""
    made = {readable_password() for _ in range(100)}

    assert len(made) == 100
    assert all(len(one) == 19 and set(one) <= {*ALPHABET, "-"} for one in made)
    assert not set("01ilo") & set(ALPHABET)


async def test_a_crowd_of_sign_ins_is_refused_rather_than_queued_without_end() -> None:
    """Memory for password checks is bounded for any number of clients."""
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    work = [passwords.hash(f"password {n}") for n in range(MAX_WAITING + 8)]

    answers = await asyncio.gather(*work, return_exceptions=True)

    assert sum(isinstance(answer, TooManyRequests) for answer in answers) == 8
    assert sum(isinstance(answer, str) for answer in answers) == MAX_WAITING


class BlockingHasher(PasswordHasher):
    """Checks that block until the test releases them."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.let_go = threading.Event()

    def verify(self, stored: str | bytes, password: str | bytes) -> Literal[True]:
        if password != b"the right one":
            self.let_go.wait(30)
        return super().verify(stored, password)


async def test_a_flood_of_strangers_delays_no_known_browser(
    database: SqlDatabase, key: SessionKey, time: Time
) -> None:
    """Every place for strangers is taken and stays so, and twelve known browsers sign in meanwhile."""
    hasher = BlockingHasher()
    identity = LocalIdentity(database, SessionIssuer(key, ORIGIN, time), Passwords(hasher), MARKS, time)
    accounts = [await identity.add_user(f"user {n}") for n in range(12)]
    marks = [MARKS.add("", throttle.name_key(one.name)) for one in accounts]
    hashed = hasher.hash("the right one")
    async with database.transaction() as tx:
        for one in accounts:
            account = await tx.accounts.by_name(one.name)
            assert account is not None
            await tx.accounts.set_password(account.user, hashed, must_change=False)

    flood = [
        asyncio.create_task(identity.sign_in(f"name {n}", "no", SignInClient(f"198.51.{n // 250}.{n % 250}")))
        for n in range(300)
    ]
    try:
        turned_away = itertools.islice(asyncio.as_completed(flood), 300 - MAX_WAITING)
        for refusal in turned_away:
            with pytest.raises(TooManyRequests):
                await refusal
        for one, mark in zip(accounts, marks, strict=True):
            login = await identity.sign_in(one.name, "the right one", SignInClient(HERE, mark))
            assert login.user.name == one.name
        # The control: a stranger finds no place.
        with pytest.raises(TooManyRequests):
            await identity.sign_in(accounts[0].name, "the right one", SignInClient("192.0.2.1"))
    finally:
        hasher.let_go.set()
        await asyncio.gather(*flood, return_exceptions=True)


async def test_one_address_takes_half_of_the_places_at_most(identity: LocalIdentity) -> None:
    """The others find one while it floods."""
    lane = Passwords().unknown_clients
    with contextlib.ExitStack() as stack:
        for _ in range(MOST_OF_ONE):
            stack.enter_context(lane.place("one"))
        with pytest.raises(TooManyRequests):
            stack.enter_context(lane.place("one"))
        stack.enter_context(lane.place("other"))
    with lane.place("one"):
        assert dict(lane._inside) == {"one": 1}


async def test_accents_match_however_they_were_composed() -> None:
    """The same password typed on another keyboard opens the door."""
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    stored = await passwords.hash("caf\u00e9 au lait")

    assert await passwords.matches(stored, "cafe\u0301 au lait")
    assert not await passwords.matches(stored, "cafe au lait")
    assert not await passwords.matches("not a hash", "cafe au lait")


def test_the_key_is_made_once_for_the_server_alone(tmp_path: Path) -> None:
    """A restart keeps sign-ins valid, and other users of the machine cannot read the key."""
    folder = tmp_path / "keys"

    first, second = load_session_key(folder), load_session_key(folder)

    assert first.kid == second.kid
    assert stat.S_IMODE((folder / KEY_FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [path.name for path in folder.iterdir()] == [KEY_FILE]


def test_a_damaged_key_stops_the_start(tmp_path: Path) -> None:
    """A key is never replaced silently."""
    (tmp_path / KEY_FILE).write_text("torn")

    with pytest.raises(ValueError, match=r"\w"):
        load_session_key(tmp_path)


class Interrupted(Passwords):
    """Checks that take so long that something else happens before they are done."""

    meanwhile: Callable[[], Awaitable[None]] | None = None

    async def matches(self, stored: str | None, password: str, lane: Lane | None = None) -> bool:
        fits = await super().matches(stored, password, lane)
        if self.meanwhile is not None:
            happens, self.meanwhile = self.meanwhile, None
            await happens()
        return fits


async def test_an_old_password_opens_nothing_when_it_was_replaced_during_the_check(
    database: SqlDatabase, key: SessionKey, time: Time
) -> None:
    """Everything that it had opened has just been closed; this login would be the one that stays."""
    passwords = Interrupted(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    identity = LocalIdentity(database, SessionIssuer(key, ORIGIN, time), passwords, MARKS, time)
    anna = await identity.add_user("Anna")

    async def replace() -> None:
        await identity.reset_password("Anna")

    passwords.meanwhile = replace
    with pytest.raises(WrongPassword):
        await signed_in(identity, anna)
    async with database.transaction() as tx:
        assert not await tx.logins.has_open("", time.now)


GUESSED = (
    "Password123!",
    "P@ssw0rd2024",
    "qwertyuiop12",
    "1qaz2wsx3edc",
    "passwordpassword",
    "iloveyou1234",
    "ClinicPro2026",
    "clinician2026!",
    "anna-anna-1961",
    "Annaanna12!",
    "dermatology1",
)


@pytest.mark.parametrize("password", GUESSED)
async def test_a_password_that_is_guessed_first_is_refused(password: str) -> None:
    """Common ones, in every usual disguise, and what the account and the product are called."""
    with pytest.raises(InvalidField, match="easy to guess"):
        await Passwords().check_strength(password, "Anna")


@pytest.mark.parametrize("password", ["quiet-harbour-lamp", "a better password", "h7kq-m3vd-x9tr-2fnw"])
async def test_a_password_of_unrelated_words_is_taken(password: str) -> None:
    """The control."""
    await Passwords().check_strength(password, "Anna")


async def test_a_long_password_is_rated_by_its_beginning() -> None:
    """The longest that can be typed; what is estimated of it is bounded."""
    long = "".join(ALPHABET[place * place % 31] for place in range(256))
    await Passwords().check_strength(long, "Anna")


HOSTILE = (
    "4@8({[<369&#!1|0$5+7%24@8({[<369&#!1|0$5",
    "password1!|0$5+7%2@4(3{[<6&9#8 x qwerty",
    "@|4836105724836105724836105724836105721",
)


@pytest.mark.parametrize("password", HOSTILE)
async def test_no_password_keeps_the_estimate_busy(password: str) -> None:
    """Of signs that stand for letters only so many readings are tried; the control has hundreds."""

    def readings(text: str) -> int:
        return len(enumerate_l33t_subs(relevant_l33t_subtable(text, L33T_TABLE)))

    assert readings(HOSTILE[0]) > 500
    assert readings(rated_text(password)) <= 16
    await Passwords().check_strength(password, "Anna")


async def test_a_common_password_in_many_signs_is_still_a_common_one() -> None:
    """Read plainly it is a word."""
    with pytest.raises(InvalidField, match="easy to guess"):
        await Passwords().check_strength("{l!n!c!@n$!", "Anna")
