"""What users type reaches either database whole, or is refused by the name of its field."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher

from app.adapters.clerk.tokens import SessionTokenVerifier
from app.adapters.database.engine import SqlDatabase
from app.domain.identity.accounts import SignInClient
from app.embedded.accounts.device_cookies import DeviceCookies
from app.embedded.accounts.passwords import Passwords
from app.embedded.accounts.service import GeneratedPassword, LocalIdentity
from app.embedded.accounts.signing_keys import LocalKeySet, SessionIssuer, load_session_key
from tests.support.accounts import add_signed_in_user
from tests.support.fakes import FixedClock, uuid7
from tests.support.tokens import ISSUER
from tests.web.conftest import ORIGIN, build_app, client_of, own_page, plant

NUL = "a\0b"
CONSULTATIONS = "/api/consultations"


@pytest.fixture
def accounts(database: SqlDatabase, tmp_path: Path) -> LocalIdentity:
    """Accounts over this database."""
    clock = FixedClock()
    issuer = SessionIssuer(load_session_key(tmp_path / "keys"), ISSUER, clock)
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    return LocalIdentity(database, issuer, Passwords(hasher), DeviceCookies(b"a key"), clock)


@pytest.fixture
async def anna(accounts: LocalIdentity) -> GeneratedPassword:
    """A clinician's account."""
    return await add_signed_in_user(accounts, "Anna")


@pytest.fixture
async def page(
    database: SqlDatabase, accounts: LocalIdentity, anna: GeneratedPassword, tmp_path: Path
) -> AsyncIterator[httpx.AsyncClient]:
    """Anna's page, signed in with her password."""
    keys = LocalKeySet(load_session_key(tmp_path / "keys"))
    app = build_app(
        tmp_path,
        plant(tmp_path / "tree"),
        database,
        verifier=SessionTokenVerifier(ISSUER, (ORIGIN,), keys, FixedClock()),
        profiles=accounts,
        accounts=accounts,
    )
    async with client_of(app, **own_page()) as client:
        await client.post("/api/session", json={"name": anna.name, "password": anna.password})
        token = (await client.post("/api/session/token")).json()["token"]
        client.headers["authorization"] = f"Bearer {token}"
        yield client


async def test_a_nul_is_refused_by_the_name_of_its_field(
    page: httpx.AsyncClient, anna: GeneratedPassword
) -> None:
    """On both databases, wherever text is typed, with a credential or without."""
    consultation = (await page.post(CONSULTATIONS, json={"label": "Room 2"})).json()["id"]
    photo = f"/api/photos/{uuid7(900)}"
    asked: list[tuple[str, str, dict[str, Any], str]] = [
        ("POST", "/api/session", {"name": NUL, "password": "x"}, "name"),
        ("PUT", "/api/session/password", {"current": anna.password, "new": f"a long one {NUL}"}, "new"),
        ("POST", CONSULTATIONS, {"label": NUL}, "label"),
        ("POST", CONSULTATIONS, {"label": "\0"}, "label"),
        ("POST", CONSULTATIONS, {"label": "x", "secondIdentifier": NUL}, "secondIdentifier"),
        ("PATCH", f"{CONSULTATIONS}/{consultation}", {"notes": f"line\n{NUL}\n"}, "notes"),
        ("PATCH", photo, {"caption": NUL}, "caption"),
        ("PATCH", photo, {"bodySite": NUL}, "bodySite"),
    ]

    answers = [(await page.request(method, path, json=sent)) for method, path, sent, _ in asked]

    errors = [(answer.status_code, answer.json()["code"], answer.json().get("field")) for answer in answers]
    assert errors == [(400, "invalid-field", field) for *_, field in asked]


async def test_a_nul_in_a_password_is_a_wrong_password(
    page: httpx.AsyncClient, accounts: LocalIdentity, anna: GeneratedPassword
) -> None:
    """It is hashed and never kept as text, so that the answer is that of any other guess."""
    answer = await page.post("/api/session", json={"name": anna.name, "password": NUL})

    assert (answer.status_code, answer.json()["code"]) == (401, "wrong-password")
    assert (await accounts.sign_in(anna.name, anna.password, SignInClient("127.0.0.1"))).user.name == "Anna"


@pytest.mark.parametrize("label", ["Zoë 左腕 🩹", "  two\tlines\nof it  ", "M\x01\x7f\u200bT", "x" * 120])
async def test_every_other_text_is_kept_as_it_was_typed(page: httpx.AsyncClient, label: str) -> None:
    """A label without its outer blanks, notes to the letter."""
    made = (await page.post(CONSULTATIONS, json={"label": label})).json()

    noted = await page.patch(f"{CONSULTATIONS}/{made['id']}", json={"notes": label})

    assert (made["label"], noted.json()["notes"]) == (label.strip(), label)


@pytest.mark.parametrize("label", [" \n\t ", "\x01\x7f\u200b"])
async def test_a_label_that_shows_nothing_is_refused(page: httpx.AsyncClient, label: str) -> None:
    """A consultation has a name that can be read."""
    answer = await page.post(CONSULTATIONS, json={"label": label})

    assert (answer.status_code, answer.json()["field"]) == (400, "label")
