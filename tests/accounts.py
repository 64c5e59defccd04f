"""Accounts whose owner has signed in once and chosen a password."""

from app.domain.accounts import Caller, PasswordChange
from app.embedded.identity import GeneratedPassword, LocalIdentity

CHOSEN = "seven quiet harbours"


async def person(accounts: LocalIdentity, name: str) -> GeneratedPassword:
    """A new account after its first sign-in, signed out again; with the password that was chosen."""
    generated = await accounts.add_user(name)
    return await choose_password(accounts, generated)


async def choose_password(accounts: LocalIdentity, generated: GeneratedPassword) -> GeneratedPassword:
    """What the sign-in page asks of whoever comes with a generated password."""
    here = Caller("203.0.113.200")
    login = await accounts.sign_in(generated.name, generated.password, here)
    change = PasswordChange(current=generated.password, new=CHOSEN)
    changed = await accounts.change_password(login.cookie, change, here)
    await accounts.sign_out(changed.cookie)
    return GeneratedPassword(name=generated.name, password=CHOSEN)
