"""The one place that builds clients for calls out of this server: through the network's proxy, with its CAs.

Hospitals let nothing out but through a proxy, which often ends TLS with an authority of its own. The
variables for that are read by each library in its own way and by none completely; here they mean the same
for every call. This computer and link-local addresses, where cloud machines find their roles, are never
behind a proxy.
"""

import ipaddress
import os
import ssl
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from urllib.parse import urlsplit

import certifi
import httpx

from app.config.settings import SettingsError

CA_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE")
# For the store, whose own variable comes first.
STORE_CA_VARIABLES = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE")
NEVER_PROXIED = "localhost,127.0.0.1,::1,169.254.169.254,169.254.170.2,fd00:ec2::254"


def client(url: str, timeout_s: float) -> httpx.AsyncClient:
    """A client for one address: nothing but this URL is ever asked, so that no redirect is followed."""
    return httpx.AsyncClient(
        proxy=proxy_for(url),
        verify=_tls_context(),
        trust_env=False,
        follow_redirects=False,
        timeout=timeout_s,
    )


def _tls_context() -> ssl.SSLContext:
    """The authorities that calls trust: those of a variable, else the usual and this computer's own."""
    if bundle := ca_bundle():
        return ssl.create_default_context(cafile=bundle)
    context = ssl.create_default_context(cafile=certifi.where())
    context.load_default_certs()
    return context


def ca_bundle(environ: Mapping[str, str] = os.environ, names: tuple[str, ...] = CA_VARIABLES) -> str | None:
    """The file of the first variable that names one; ``SettingsError`` where it cannot be read."""
    for name in names:
        if path := environ.get(name, "").strip():
            if not Path(path).is_file() or not os.access(path, os.R_OK):
                raise SettingsError(f"{name} names a file that cannot be read. Correct it and start again.")
            return path
    return None


def proxy_for(url: str, environ: Mapping[str, str] = os.environ) -> str | None:
    """The proxy of an address, or None. Raises ``SettingsError`` for a kind that cannot be used."""
    parts = urlsplit(url)
    if _goes_direct(parts.hostname or "", parts.port, _read(environ, "NO_PROXY")):
        return None
    for name in (f"{parts.scheme.upper()}_PROXY", "ALL_PROXY"):
        if found := _read(environ, name):
            proxy = found if "://" in found else f"http://{found}"
            if urlsplit(proxy).scheme not in ("http", "https"):
                raise SettingsError(
                    f"{name} must be an http:// or https:// proxy. Correct it and start again."
                )
            return proxy
    return None


def set_library_environment(environ: MutableMapping[str, str]) -> None:
    """Let libraries that read the environment by themselves read the same; once, before anything is opened.

    The signal service's SDK and the role lookups of AWS build their own clients.
    """
    if bundle := ca_bundle(environ):
        environ.setdefault("SSL_CERT_FILE", bundle)
    if bundle := ca_bundle(environ, STORE_CA_VARIABLES):
        environ.setdefault("AWS_CA_BUNDLE", bundle)
    proxies = {scheme: proxy_for(f"{scheme}://outside.invalid", environ) for scheme in ("http", "https")}
    if not any(proxies.values()):
        return
    for scheme, proxy in proxies.items():
        if proxy and not _read(environ, f"{scheme}_proxy".upper()):
            environ[f"{scheme.upper()}_PROXY"] = proxy
    direct = ",".join(part for part in (_read(environ, "NO_PROXY"), NEVER_PROXIED) if part)
    environ["NO_PROXY"] = environ["no_proxy"] = direct


def _read(environ: Mapping[str, str], name: str) -> str:
    """In small letters first, as every tool does."""
    return (environ.get(name.lower()) or environ.get(name) or "").strip()


def _goes_direct(host: str, port: int | None, listed: str) -> bool:
    """Names with their subdomains, addresses, networks, ``*``; each with or without a port."""
    if host in NEVER_PROXIED.split(","):
        return True
    return any(_matches(entry.strip().lower(), host.lower(), port) for entry in listed.split(","))


def _matches(entry: str, host: str, port: int | None) -> bool:
    if not entry:
        return False
    if entry == "*" or _holds(entry, host):
        return True
    name, _, its_port = entry.partition(":")
    if its_port.isdigit() and int(its_port) != port:
        return False
    name = name.removeprefix("*").lstrip(".") if not _is_address(entry) else entry
    return bool(name) and (host == name or host.endswith(f".{name}"))


def _holds(network: str, host: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _is_address(entry: str) -> bool:
    try:
        ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False
    return True
