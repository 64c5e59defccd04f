"""Settings: every variable documented, every wrong value a sentence that names it and hides it."""

import re
from pathlib import Path

import pytest

from app.config.settings import SettingsError, read_settings
from app.config.variables import VARIABLES

README = Path(__file__).resolve().parents[2] / "README.md"

WRONG = [
    ("PORT", "eighty"),
    ("PORT", "70000"),
    ("LAN", "yes"),
    ("PUBLIC_ORIGINS", "http://clinic.example.org"),
    ("PUBLIC_ORIGINS", "https://clinic"),
    ("PUBLIC_ORIGINS", "https://clinic.example.org/app"),
    ("TRUSTED_PROXIES", "*"),
    ("TRUSTED_PROXIES", "10.0.0.1, proxy.example.org"),
    ("TRUSTED_PROXIES", "10.0.0.5/24"),
    ("DATABASE_URL", "mysql://secret@host/db"),
    ("DATABASE_URL", "postgresql://host:secret/db"),
    ("S3_BUCKET", "Bad_Bucket"),
    ("S3_ADDRESSING", "sideways"),
    ("S3_ENDPOINT", "http://store.example.org"),
    ("ABLY_API_KEY", "secret-without-form"),
    ("ABLY_ENDPOINT", "https://ably.example.org"),
    ("CLERK_PUBLISHABLE_KEY", "sk_live_secret"),
    ("LONGEST_EDGE", "4096"),
    ("PHOTO_FORMAT", "heic"),
    ("JPEG_QUALITY", "2"),
    ("SWEEP_SECONDS", "-5"),
    ("LOG_LEVEL", "loud"),
]


def test_nothing_set_gives_the_embedded_edition() -> None:
    """No account, no key, this computer only."""
    settings = read_settings({})

    assert (settings.cloud_store, settings.cloud_signals, settings.cloud_identity) == (False, False, False)
    assert settings.public_origins == ("http://localhost:8000",)
    assert settings.host == "127.0.0.1"


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_value_is_named_and_not_shown(name: str, value: str) -> None:
    """The start stops with a sentence that says which variable, never its value."""
    with pytest.raises(SettingsError) as caught:
        read_settings({name: value})

    assert str(caught.value).startswith(name + " ")
    assert value not in str(caught.value)


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"WORKERS": "2"}, "DATABASE_URL"),
        ({"WORKERS": "2", "DATABASE_URL": "postgresql://localhost/capture"}, "S3_BUCKET"),
        ({"DATA_DIR": "clinic", "KEY_DIR": "clinic/keys"}, "KEY_DIR"),
        ({"STORE_BUCKET": "mobile"}, "STORE_BUCKET"),
        ({"LAN": "1", "PORT": "8443"}, "HTTPS_PORT"),
        ({"CLERK_ISSUER": "https://clerk.example.org"}, "CLERK_PUBLISHABLE_KEY"),
        ({"CLERK_SECRET_KEY": "sk_live_x"}, "CLERK_PUBLISHABLE_KEY must be set when CLERK_SECRET_KEY is"),
        ({"S3_ENDPOINT": "https://store.example.org"}, "S3_BUCKET must be set when S3_ENDPOINT is"),
        ({"S3_EXPECTED_OWNER": "123456789012"}, "S3_BUCKET"),
        ({"ABLY_SIGNING_KEY": "app.key:secret"}, "ABLY_API_KEY must be set when ABLY_SIGNING_KEY is"),
        ({"ABLY_ENDPOINT": "main.ably.net"}, "ABLY_API_KEY"),
        ({"STORE_ORIGIN": "https://files.example.org", "S3_BUCKET": "photos"}, "STORE_ORIGIN"),
        (
            {"CLERK_PUBLISHABLE_KEY": "pk_test_Y2xlcms", "PUBLIC_ORIGINS": "https://clinic.example.org"},
            "CLERK_PUBLISHABLE_KEY",
        ),
    ],
)
def test_values_that_contradict_each_other_are_named(environment: dict[str, str], named: str) -> None:
    """What is right alone may be wrong together: a key inside the data, two processes on SQLite."""
    with pytest.raises(SettingsError, match=rf"^{named}\b"):
        read_settings(environment)


def test_the_readme_lists_every_variable_with_its_default_and_its_help() -> None:
    """The settings table and the program agree."""
    rows = re.findall(r"^\| `([A-Z0-9_]+)` \| (.*?) \| (.*?) \|$", README.read_text(), re.MULTILINE)

    documented = {name: (default.strip("`"), text) for name, default, text in rows}

    expected = {name: (one.default or "–", one.help) for name, one in VARIABLES.items()}
    assert documented == expected
