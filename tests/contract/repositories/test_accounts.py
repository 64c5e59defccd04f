"""Local accounts, their logins, and failed attempts that a restart does not forget."""

import asyncio
from pathlib import Path

from app.adapters.database.engine import SqlDatabase
from app.domain.ports.identity import Account
from tests.contract.repositories.factories import ANNE, BEN, MINUTE, NOW, SECOND

ACCOUNT = Account(user=ANNE, name="Anne Ärmel", password_hash="$argon2id$1", must_change=True)


async def add(database: SqlDatabase, account: Account = ACCOUNT) -> bool:
    """Add an account in a transaction of its own."""
    async with database.transaction() as tx:
        return await tx.accounts.add(account)


async def test_an_account_is_found_by_its_name_in_any_case(database: SqlDatabase) -> None:
    """Also with letters that are not ASCII, and as it was written."""
    assert await add(database)

    async with database.transaction() as tx:
        for name in ("Anne Ärmel", "ANNE ÄRMEL", "anne a\u0308rmel"):
            assert await tx.accounts.by_name(name) == ACCOUNT
        assert await tx.accounts.by_name("Anne") is None
        assert await tx.accounts.by_user(ANNE) == ACCOUNT
        assert await tx.accounts.by_user(BEN) is None


async def test_a_name_is_taken_once_whatever_its_case(database: SqlDatabase) -> None:
    """Of ten at once one gets it; the others change nothing."""
    names = ["Anne", "ANNE", "anne", "aNNE", "AnnE"] * 2
    accounts = [
        Account(user=f"user_{place}", name=name, password_hash="x", must_change=False)
        for place, name in enumerate(names)
    ]

    answers = await asyncio.gather(*(add(database, account) for account in accounts))

    assert sum(answers) == 1
    async with database.transaction() as tx:
        assert await tx.accounts.list_all() == [accounts[answers.index(True)]]


async def test_accounts_are_listed_by_name(database: SqlDatabase) -> None:
    """Whatever the case and the order of adding."""
    for name in ("carl", "Anne", "ben"):
        await add(database, Account(user=f"user_{name}", name=name, password_hash="x", must_change=False))

    async with database.transaction() as tx:
        assert [account.name for account in await tx.accounts.list_all()] == ["Anne", "ben", "carl"]


async def test_a_new_password_replaces_the_old_one(database: SqlDatabase) -> None:
    """With the flag, and for this user only."""
    other = Account(user=BEN, name="Ben", password_hash="$argon2id$2", must_change=True)
    await add(database)
    await add(database, other)

    async with database.transaction() as tx:
        await tx.accounts.set_password(ANNE, "$argon2id$3", must_change=False)
        changed = await tx.accounts.by_user(ANNE)
        assert await tx.accounts.by_user(BEN) == other

    assert changed is not None
    assert (changed.password_hash, changed.must_change) == ("$argon2id$3", False)


async def test_a_login_lasts_until_it_expires_or_is_dropped(database: SqlDatabase) -> None:
    """One is dropped alone, the rest together."""
    await add(database)
    async with database.transaction() as tx:
        for digest in ("a" * 64, "b" * 64, "c" * 64):
            await tx.logins.add(digest, ANNE, NOW + MINUTE)

        assert await tx.logins.find("a" * 64, NOW + MINUTE - SECOND) == (ANNE, NOW + MINUTE)
        assert await tx.logins.find("a" * 64, NOW + MINUTE) is None
        assert await tx.logins.has_open("a" * 27, NOW + MINUTE - SECOND)
        assert not await tx.logins.has_open("a" * 27, NOW + MINUTE)
        assert not await tx.logins.has_open("a" * 26 + "b", NOW)
        await tx.logins.delete("a" * 64)
        await tx.logins.delete("unknown")
        assert not await tx.logins.has_open("a" * 27, NOW)
        assert await tx.logins.find("a" * 64, NOW) is None
        assert await tx.logins.find("b" * 64, NOW) == (ANNE, NOW + MINUTE)
        await tx.logins.delete_all(ANNE)
        assert await tx.logins.find("b" * 64, NOW) is None
        assert await tx.logins.find("c" * 64, NOW) is None


async def test_failed_attempts_survive_a_restart(database: SqlDatabase, location: str | Path) -> None:
    """The last record of a key counts, and clearing ends it."""
    async with database.transaction() as tx:
        assert await tx.login_failures.get("name:anne") is None
        await tx.login_failures.put("name:anne", 1, NOW)
        await tx.login_failures.put("name:anne", 6, NOW + MINUTE)
        await tx.login_failures.put("address:192.0.2.1", 1, NOW)
    await database.close()

    restarted = await SqlDatabase.open(location)
    try:
        async with restarted.transaction() as tx:
            assert await tx.login_failures.get("name:anne") == (6, NOW + MINUTE)
            await tx.login_failures.clear("name:anne")
            assert await tx.login_failures.get("name:anne") is None
            assert await tx.login_failures.get("address:192.0.2.1") == (1, NOW)
    finally:
        await restarted.close()


async def test_failures_are_cleared_together_by_what_their_keys_begin_with(database: SqlDatabase) -> None:
    """Literally: no character of the start stands for another."""
    keys = ("known-name:a_:1", "known-name:a_:2", "known-name:ab:1", "name:a_:1")
    async with database.transaction() as tx:
        for key in keys:
            await tx.login_failures.put(key, 1, NOW)

        await tx.login_failures.clear_prefix("known-name:a_:")

        left = [key for key in keys if await tx.login_failures.get(key)]
        assert left == ["known-name:ab:1", "name:a_:1"]
