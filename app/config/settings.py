"""Settings: one frozen struct, read once from the environment.

An error names the variable and what it should be, never its value.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from app.config.variables import VARIABLES, Variable, is_loopback

# The built-in store answers below /{bucket}/, on the app's own origin.
PAGES = ("mobile", "desktop", "sign-in", "trust", "schema")
# A part that is set up by half would be left out silently, and photos would stay on this machine.
NEEDED_BY = {
    "S3_BUCKET": ("S3_ENDPOINT", "S3_EXPECTED_OWNER"),
    "ABLY_API_KEY": ("ABLY_SIGNING_KEY", "ABLY_ENDPOINT"),
    "CLERK_PUBLISHABLE_KEY": ("CLERK_ISSUER", "CLERK_JWKS_URL", "CLERK_JWT_KEY", "CLERK_SECRET_KEY"),
}
ROUTES = frozenset({*PAGES, "api", "pwa", "service_worker", "health", "metrics", "channels", "keys"})


class SettingsError(Exception):
    """A variable that stops the start; the message names it and never shows its value."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that can be chosen, parsed and checked."""

    data_dir: Path
    key_dir: Path
    host: str
    port: int
    https_port: int
    lan: bool
    public_origins: tuple[str, ...]
    trusted_proxies: tuple[str, ...]
    workers: int
    database_url: str
    s3_bucket: str
    s3_region: str
    s3_endpoint: str
    s3_addressing: Literal["virtual", "path"]
    s3_expected_owner: str
    store_bucket: str
    store_origin: str
    ably_api_key: str
    ably_signing_key: str
    ably_endpoint: str
    clerk_publishable_key: str
    clerk_issuer: str
    clerk_jwks_url: str
    clerk_jwt_key: str
    clerk_secret_key: str
    upload_session_hours: int
    longest_edge: int
    photo_format: Literal["jpeg", "webp"]
    jpeg_quality: float
    choose_photos: bool
    consultation_stale_minutes: int
    sweep_seconds: int
    log_level: Literal["debug", "info", "warning", "error"]
    modules: bool

    @property
    def database_file(self) -> Path:
        """Where SQLite keeps the database, unless ``DATABASE_URL`` names another."""
        return self.data_dir / "capture.sqlite3"

    @property
    def cloud_store(self) -> bool:
        """Photos go to S3 instead of the store on this machine's disk."""
        return bool(self.s3_bucket)

    @property
    def cloud_signals(self) -> bool:
        """Signals go through Ably instead of the built-in hub."""
        return bool(self.ably_api_key)

    @property
    def cloud_identity(self) -> bool:
        """Clerk signs users in instead of local accounts."""
        return bool(self.clerk_publishable_key or self.clerk_issuer)

    @property
    def issuer(self) -> str:
        """Clerk's address in tokens: as set, or as the publishable key spells it in base64."""
        return self.clerk_issuer or self.clerk_frontend

    @property
    def clerk_frontend(self) -> str:
        """Where Clerk's script in the page asks: the key names the host, whatever the issuer is set to."""
        if not self.clerk_publishable_key:
            return ""
        encoded = self.clerk_publishable_key.split("_", 2)[2]
        try:
            host = base64.b64decode(encoded + "=" * (-len(encoded) % 4)).decode("ascii")
        except (binascii.Error, UnicodeDecodeError):
            return ""
        return f"https://{host.rstrip('$')}"

    @property
    def primary_origin(self) -> str:
        """The origin that the QR names: the last one, which a phone can reach if any can."""
        return self.public_origins[-1]


# A variable, what makes it wrong beside the others, and what it must be instead.
CONTRADICTIONS: tuple[tuple[str, Callable[[Settings], bool], str], ...] = (
    (
        "DATABASE_URL",
        lambda it: it.workers > 1 and not it.database_url,
        "must name a PostgreSQL database when WORKERS is more than 1",
    ),
    (
        "S3_BUCKET",
        lambda it: it.workers > 1 and not it.cloud_store,
        "must be set when WORKERS is more than 1",
    ),
    (
        "ABLY_API_KEY",
        lambda it: it.workers > 1 and not it.cloud_signals,
        "must be set when WORKERS is more than 1",
    ),
    (
        "STORE_BUCKET",
        lambda it: it.store_bucket in ROUTES,
        "must not be the name of one of the app's own addresses",
    ),
    (
        "LAN",
        lambda it: it.workers > 1 and it.lan,
        "must be 0 when WORKERS is more than 1",
    ),
    (
        "HTTPS_PORT",
        lambda it: it.lan and it.https_port == it.port,
        "must be another port than PORT when LAN is 1",
    ),
    (
        "KEY_DIR",
        lambda it: it.key_dir.resolve().is_relative_to(it.data_dir.resolve()),
        "must lie outside DATA_DIR, so that a copy of the data does not carry the key",
    ),
    (
        "STORE_ORIGIN",
        lambda it: bool(it.store_origin) and it.cloud_store,
        "must be empty when S3_BUCKET is set: it is the address of the built-in store",
    ),
    (
        "CLERK_ISSUER",
        lambda it: it.cloud_identity and _production(it) and "accounts.dev" in it.clerk_issuer,
        "must not be a development instance when people use https addresses",
    ),
    (
        "CLERK_PUBLISHABLE_KEY",
        lambda it: it.cloud_identity and _production(it) and it.clerk_publishable_key.startswith("pk_test_"),
        "must be a pk_live_ key when people use https addresses",
    ),
)


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Parse every variable, then check what they say together."""
    values = {name.lower(): _parse(name, variable, environ) for name, variable in VARIABLES.items()}
    if not values["public_origins"]:
        values["public_origins"] = (f"http://localhost:{values['port']}",)
    settings = Settings(**values)
    _check_together(settings)
    return settings


def _parse(name: str, variable: Variable, environ: Mapping[str, str]) -> Any:
    try:
        return variable.parse(environ.get(name, "").strip() or variable.default)
    except ValueError as problem:
        raise SettingsError(f"{name} {problem}. Correct it and start again.") from None


def _check_together(settings: Settings) -> None:
    for needed, others in NEEDED_BY.items():
        for other in others:
            if getattr(settings, other.lower()) and not getattr(settings, needed.lower()):
                raise SettingsError(f"{needed} must be set when {other} is. Correct it and start again.")
    for name, is_wrong, sentence in CONTRADICTIONS:
        if is_wrong(settings):
            raise SettingsError(f"{name} {sentence}. Correct it and start again.")


def _production(settings: Settings) -> bool:
    return any(not is_loopback(urlsplit(origin).hostname or "") for origin in settings.public_origins)
