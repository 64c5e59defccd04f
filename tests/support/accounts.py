"""Accounts whose owner has signed in once and chosen a password."""

from app.domain.identity.accounts import PasswordChange, SignInClient
from app.embedded.accounts.service import GeneratedPassword, LocalIdentity

CHOSEN = "seven quiet harbours"


async def add_signed_in_user(accounts: LocalIdentity, name: str) -> GeneratedPassword:
    """A new account after its first sign-in, signed out again; with the password that was chosen."""
    generated = await accounts.add_user(name)
    return await choose_password(accounts, generated)


async def choose_password(accounts: LocalIdentity, generated: GeneratedPassword) -> GeneratedPassword:
    """The steps of the sign-in page for a user who comes with a generated password."""
    here = SignInClient("203.0.113.200")
    login = await accounts.sign_in(generated.name, generated.password, here)
    change = PasswordChange(current=generated.password, new=CHOSEN)
    changed = await accounts.change_password(login.cookie, change, here)
    await accounts.sign_out(changed.cookie)
    return GeneratedPassword(name=generated.name, password=CHOSEN)
