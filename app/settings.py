"""Settings: one frozen struct, read once from the environment.

Each variable has a default and a sentence of help in ``VARIABLES``; the README's table is held
against it by a test. An error names the variable and what it should be, never its value.
"""

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec


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
        """Clerk signs people in instead of local accounts."""
        return bool(self.clerk_publishable_key or self.clerk_issuer)

    @property
    def issuer(self) -> str:
        """Clerk's address: as set, or as the publishable key spells it in base64 before its ``$``."""
        if self.clerk_issuer or not self.clerk_publishable_key:
            return self.clerk_issuer
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


class Variable(msgspec.Struct, frozen=True):
    """One environment variable: its default as text, its parser, its help."""

    default: str
    parse: Callable[[str], Any]
    help: str


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


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(text)

    return parse


def _fraction(low: float, high: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) or not low <= float(text) <= high:
            raise ValueError(f"must be a number from {low} to {high}")
        return float(text)

    return parse


def _one_of(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(f"must be one of: {', '.join(words)}")
        return text

    return parse


def _switch(text: str) -> bool:
    return _one_of("0", "1")(text) == "1"


def _text(text: str) -> str:
    return text


def _matching(pattern: str, sentence: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text and not re.fullmatch(pattern, text):
            raise ValueError(sentence)
        return text

    return parse


def parse_origin(text: str) -> str:
    """``scheme://host[:port]`` without a path; the host is a full name, an IP or ``localhost``.

    A single-label host name would make the page's signal client dial Ably's cloud.
    """
    parts = urlsplit(text)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or parts.path or parts.query or parts.fragment:
        raise ValueError("must be http://host or https://host, with a port if needed and no path")
    if parts.username or not _full_host(host):
        raise ValueError("must name a full host name, an IP address or localhost")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("must be https for any host but localhost")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _full_host(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or bool(re.fullmatch(r"([a-z0-9-]+\.)+[a-z0-9-]+", host))
    return True


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _origins(text: str) -> tuple[str, ...]:
    return tuple(parse_origin(part.strip()) for part in text.split(",") if part.strip())


def _optional_origin(text: str) -> str:
    return parse_origin(text) if text else ""


_BUCKET = _matching(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "must be a bucket name")
_ABLY_KEY = _matching(r"[\w-]+\.[\w-]+:[\w-]+", "must have the form appId.keyId:secret")
_HTTPS = _matching(r"https://\S+|http://(localhost|127\.0\.0\.1)(:\d+)?\S*", "must be an https URL")

VARIABLES: dict[str, Variable] = {
    "DATA_DIR": Variable("data", Path, "Folder of the database and of the photos kept on this machine."),
    "KEY_DIR": Variable(
        "keys",
        Path,
        "Folder of the keys, apart from the data. Back it up: without it no photo can be read.",
    ),
    "HOST": Variable("127.0.0.1", _text, "Address on which the server listens."),
    "PORT": Variable("8000", _whole(1, 65535), "Port of the plain address on this computer."),
    "HTTPS_PORT": Variable(
        "8443", _whole(1, 65535), "Port of the https address for phones in the same network (LAN=1)."
    ),
    "LAN": Variable("0", _switch, "1 also serves https on the network address of this computer."),
    "PUBLIC_ORIGINS": Variable(
        "",
        _origins,
        "Comma-separated addresses people use; the QR names the last. Empty: http://localhost:PORT.",
    ),
    "WORKERS": Variable("1", _whole(1, 64), "Server processes. More than one needs PostgreSQL, S3 and Ably."),
    "DATABASE_URL": Variable(
        "",
        _matching(r"postgresql://\S+", "must start with postgresql://"),
        "PostgreSQL address. Empty: SQLite in DATA_DIR.",
    ),
    "S3_BUCKET": Variable(
        "", _BUCKET, "Bucket for the photos. Empty: the built-in encrypted store in DATA_DIR."
    ),
    "S3_REGION": Variable(
        "eu-west-2", _matching(r"[a-z0-9-]+", "must be a region name"), "Region of the bucket."
    ),
    "S3_ENDPOINT": Variable("", _HTTPS, "Address of an S3-compatible store. Empty: Amazon S3."),
    "S3_ADDRESSING": Variable(
        "virtual",
        _one_of("virtual", "path"),
        "How the bucket is addressed: virtual on Amazon S3, path on most others.",
    ),
    "S3_EXPECTED_OWNER": Variable(
        "",
        _matching(r"\d{12}", "must be an account number of 12 digits"),
        "AWS account that must own the bucket.",
    ),
    "STORE_BUCKET": Variable(
        "photos", _BUCKET, "Name of the built-in store's bucket, the first part of its addresses."
    ),
    "STORE_ORIGIN": Variable(
        "", _optional_origin, "Separate address that serves the built-in store. Empty: the app's own."
    ),
    "ABLY_API_KEY": Variable("", _ABLY_KEY, "Ably key that may publish to user:*. Empty: the built-in hub."),
    "ABLY_SIGNING_KEY": Variable(
        "", _ABLY_KEY, "Ably key that signs the pages' tokens (subscribe only). Empty: ABLY_API_KEY."
    ),
    "ABLY_ENDPOINT": Variable(
        "", _matching(r"[a-z0-9.-]+", "must be a host name"), "Ably endpoint. Empty: Ably's default."
    ),
    "CLERK_PUBLISHABLE_KEY": Variable(
        "",
        _matching(r"pk_(test|live)_\S+", "must start with pk_live_ or pk_test_"),
        "Clerk key of the pages. Empty: local accounts.",
    ),
    "CLERK_ISSUER": Variable(
        "", _HTTPS, "Clerk's address in tokens. Empty: taken from CLERK_PUBLISHABLE_KEY."
    ),
    "CLERK_JWKS_URL": Variable("", _HTTPS, "Where Clerk's keys are. Empty: the issuer's well-known address."),
    "CLERK_JWT_KEY": Variable("", _text, "Clerk's public key as PEM, instead of fetching keys."),
    "CLERK_SECRET_KEY": Variable(
        "",
        _matching(r"sk_\S+", "must start with sk_"),
        "Lets the server ask Clerk whether a session still lives.",
    ),
    "UPLOAD_SESSION_HOURS": Variable(
        "12", _whole(1, 168), "How long a phone may send photos in the background after a sign-in."
    ),
    "LONGEST_EDGE": Variable("800", _whole(320, 2048), "Longest edge of a photo in pixels."),
    "PHOTO_FORMAT": Variable(
        "jpeg", _one_of("jpeg", "webp"), "Format of new photos; webp only where the browser truly encodes it."
    ),
    "JPEG_QUALITY": Variable("0.85", _fraction(0.5, 1.0), "Quality of the encoder, 0.5 to 1."),
    "CHOOSE_PHOTOS": Variable("1", _switch, "0 hides Choose photos, so that only the camera can be used."),
    "CONSULTATION_STALE_MINUTES": Variable(
        "15",
        _whole(1, 1440),
        "After this long without word from the server the consultation is confirmed before the first photo.",
    ),
    "SWEEP_SECONDS": Variable(
        "30", _whole(1, 3600), "How often the server finishes uploads whose phone fell silent."
    ),
    "LOG_LEVEL": Variable("info", _one_of("debug", "info", "warning", "error"), "How much the log says."),
}


def _check_together(settings: Settings) -> None:
    for name, wrong, sentence in (
        (
            "DATABASE_URL",
            settings.workers > 1 and not settings.database_url,
            "must name a PostgreSQL database when WORKERS is more than 1",
        ),
        (
            "S3_BUCKET",
            settings.workers > 1 and not settings.cloud_store,
            "must be set when WORKERS is more than 1",
        ),
        (
            "ABLY_API_KEY",
            settings.workers > 1 and not settings.cloud_signals,
            "must be set when WORKERS is more than 1",
        ),
        (
            "KEY_DIR",
            settings.key_dir.resolve().is_relative_to(settings.data_dir.resolve()),
            "must lie outside DATA_DIR, so that a copy of the data does not carry the key",
        ),
        (
            "CLERK_PUBLISHABLE_KEY",
            bool(settings.clerk_issuer) and not settings.clerk_publishable_key,
            "must be set when CLERK_ISSUER is",
        ),
        (
            "CLERK_ISSUER",
            settings.cloud_identity and _production(settings) and "accounts.dev" in settings.clerk_issuer,
            "must not be a development instance when people use https addresses",
        ),
        (
            "CLERK_PUBLISHABLE_KEY",
            settings.cloud_identity
            and _production(settings)
            and settings.clerk_publishable_key.startswith("pk_test_"),
            "must be a pk_live_ key when people use https addresses",
        ),
    ):
        if wrong:
            raise SettingsError(f"{name} {sentence}. Correct it and start again.")


def _production(settings: Settings) -> bool:
    return any(not is_loopback(urlsplit(origin).hostname or "") for origin in settings.public_origins)
