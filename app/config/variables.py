"""Every environment variable: its default, how it is read, and a sentence of help.

A test compares the README's table with ``VARIABLES``. A parser's ``ValueError`` completes a
sentence that begins with the variable's name, and never repeats the value.
"""

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

# Nothing that readers of URLs would take apart differently, or not at all.
_HOST = re.compile(r"(?:\[(?P<address>[0-9a-f:.]+)\]|(?P<name>[a-z0-9._-]+))(?::(?P<port>[0-9]{1,5}))?")


class Variable(msgspec.Struct, frozen=True):
    """One environment variable: its default as text, its parser, its help."""

    default: str
    parse: Callable[[str], Any]
    help: str


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


def _parse_origin(text: str) -> str:
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


def host_name(host: str) -> str:
    """A ``Host`` header without its port, an IPv6 address without its brackets; empty for what is no host."""
    found = _HOST.fullmatch(host)
    if found is None or int(found["port"] or 0) > 65_535:
        return ""
    return found["address"] or found["name"]


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _origins(text: str) -> tuple[str, ...]:
    return tuple(_parse_origin(part.strip()) for part in text.split(",") if part.strip())


def _networks(text: str) -> tuple[str, ...]:
    try:
        return tuple(str(ipaddress.ip_network(part.strip())) for part in text.split(",") if part.strip())
    except ValueError:
        raise ValueError("must hold IP addresses or networks such as 10.0.0.0/24, with commas") from None


def _optional_origin(text: str) -> str:
    return _parse_origin(text) if text else ""


def _database_url(text: str) -> str:
    _matching(r"postgresql://\S+", "must start with postgresql://")(text)
    hosts = urlsplit(text).netloc.rpartition("@")[2]
    # One or several hosts, with a port or without: a, a:5432, [::1]:5432, a:5432,b:5433.
    for host in hosts.split(","):
        port = host.rpartition("]")[2].partition(":")[2]
        if port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
            raise ValueError("must have a number as its port")
    return text


_BUCKET = _matching(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "must be a bucket name")
_ABLY_KEY = _matching(r"[\w-]+\.[\w-]+:[\w-]+", "must have the form appId.keyId:secret")
_HTTPS = _matching(r"https://\S+|http://(localhost|127\.0\.0\.1)(:\d+)?(/\S*)?", "must be an https URL")


def _endpoint(text: str) -> str:
    """Only what a browser can send photos to and a signature can be made for."""
    parts = urlsplit(_HTTPS(text))
    if "@" in parts.netloc or "?" in text or "#" in text:
        raise ValueError("must be an https URL without a name, a password, a query or a fragment")
    try:
        parts.port  # noqa: B018 - asking is what checks it
    except ValueError:
        raise ValueError("must have a number from 1 to 65535 as its port") from None
    return text


def _s3_bucket(text: str) -> str:
    if re.search(r"--x-s3$|--op-s3$|--ol-s3$|--table-s3$|\.mrap$", _BUCKET(text)):
        raise ValueError("must be an ordinary bucket: this kind cannot keep a photo as it must be kept")
    return text


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
    "TRUSTED_PROXIES": Variable(
        "",
        _networks,
        "Comma-separated addresses or networks of the proxies whose X-Forwarded headers are believed. "
        "Empty: none.",
    ),
    "WORKERS": Variable("1", _whole(1, 64), "Server processes. More than one needs PostgreSQL, S3 and Ably."),
    "DATABASE_URL": Variable(
        "",
        _database_url,
        "PostgreSQL address; several hosts with commas, sslmode=verify-full&sslrootcert=… and passfile=… as "
        "in libpq. Empty: SQLite in DATA_DIR.",
    ),
    "S3_BUCKET": Variable(
        "", _s3_bucket, "Bucket for the photos. Empty: the built-in encrypted store in DATA_DIR."
    ),
    "S3_REGION": Variable(
        "eu-west-2", _matching(r"[a-z0-9-]+", "must be a region name"), "Region of the bucket."
    ),
    "S3_ENDPOINT": Variable("", _endpoint, "Address of an S3-compatible store. Empty: Amazon S3."),
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
    "JPEG_QUALITY": Variable(
        "0.85",
        _fraction(0.5, 1.0),
        "Quality of the encoder, 0.5 to 1; a photo that would weigh more than 4 MB is made with less.",
    ),
    "CHOOSE_PHOTOS": Variable("1", _switch, "0 hides Choose photos, so that only the camera can be used."),
    "CONSULTATION_STALE_MINUTES": Variable(
        "15",
        _whole(1, 1440),
        "How long a tapped Yes to “Photos for …?” holds without the server; "
        "from then on it says how old its word is.",
    ),
    "SWEEP_SECONDS": Variable(
        "30", _whole(1, 3600), "How often the server finishes uploads whose phone fell silent."
    ),
    "LOG_LEVEL": Variable("info", _one_of("debug", "info", "warning", "error"), "How much the log says."),
    "MODULES": Variable("0", _switch, "1 serves each module of the pages by itself, for development."),
}
