"""Users for the measurements: made in the database, signed in through the API as a page would."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import httpx
import msgspec

from app.config.settings import read_settings
from app.domain.identity.accounts import AccountUser
from app.domain.ports.identity import Account
from app.embedded.accounts.passwords import Passwords
from app.main import Backends
from bench.running import MeasuredClinic

T = TypeVar("T")

PASSWORD = "one password for the whole bench"


class SignedInUser(msgspec.Struct, frozen=True):
    """A signed-in user: id, unfiled consultation, and the cookie that tokens are minted from."""

    user: str
    consultation: str
    cookie: str


def prepare(clinic: MeasuredClinic, work: Callable[[Backends], Awaitable[T]]) -> T:
    """Work on the data of a clinic that does not run yet, through the program's own parts."""

    async def prepared() -> T:
        async with Backends(read_settings(clinic.environment())).opened() as backends:
            return await work(backends)

    # In a thread of its own: while a browser is open, this one has an event loop already.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, prepared()).result()


async def make_accounts(backends: Backends, count: int) -> list[AccountUser]:
    """Accounts that share one password, because hashing it for each would take the time of the bench."""
    hashed = await Passwords().hash(PASSWORD)
    made = [AccountUser(id=f"user_bench{number:04}", name=f"bench{number:04}") for number in range(count)]
    async with backends.database.transaction() as tx:
        for each in made:
            account = Account(user=each.id, name=each.name, password_hash=hashed, must_change=False)
            await tx.accounts.add(account)
    return made


async def make_account(backends: Backends) -> AccountUser:
    """One."""
    return (await make_accounts(backends, 1))[0]


def sign_in(clinic: MeasuredClinic, names: Sequence[str]) -> list[SignedInUser]:
    """Sign every user in."""
    with httpx.Client(base_url=clinic.url, headers=page_headers(clinic), timeout=30) as page:
        return [_sign_in(page, name) for name in names]


def mint(clinic: MeasuredClinic, users: Sequence[SignedInUser]) -> list[str]:
    """A token for each, which lives for a minute."""
    with httpx.Client(base_url=clinic.url, headers=page_headers(clinic), timeout=30) as page:
        return [_token(page, user.cookie) for user in users]


def page_headers(clinic: MeasuredClinic) -> dict[str, str]:
    """What a browser sends with a request of our own page."""
    return {"host": f"localhost:{clinic.port}", "origin": clinic.url, "sec-fetch-site": "same-origin",
            "x-cp-client": "1"}  # fmt: skip


def _sign_in(page: httpx.Client, name: str) -> SignedInUser:
    page.cookies.clear()
    answer = page.post("/api/session", json={"name": name, "password": PASSWORD}).raise_for_status()
    cookie = f"cp_login={answer.cookies['cp_login']}"
    page.cookies.clear()
    bearer = {"authorization": f"Bearer {_token(page, cookie)}"}
    me = page.get("/api/me", headers=bearer).raise_for_status().json()
    return SignedInUser(me["user"]["id"], me["unfiledConsultation"]["id"], cookie)


def _token(page: httpx.Client, cookie: str) -> str:
    return str(page.post("/api/session/token", headers={"cookie": cookie}).raise_for_status().json()["token"])
