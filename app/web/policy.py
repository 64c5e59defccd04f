"""The browser policy as one object: which origins are ours, and which others a page may talk to.

Built once from the settings; headers, origin guard, cookies and ``/api/me`` all read it.
"""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

import msgspec

from app.settings import Settings
from app.variables import is_loopback

PERMISSIONS = (
    "camera=(self), microphone=(), geolocation=(), display-capture=(), usb=(), payment=(), "
    "fullscreen=(self), screen-wake-lock=(self), publickey-credentials-get=(self), "
    "publickey-credentials-create=(self)"
)
# Nothing that readers of URLs would take apart differently, or not at all.
_HOST = re.compile(r"(?:\[(?P<address>[0-9a-f:.]+)\]|(?P<name>[a-z0-9._-]+))(?::(?P<port>[0-9]{1,5}))?")
# For answers that are no document: nothing in them may ever load, run or be framed.
BARE_CSP = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """Our origins by ``host[:port]``, and the Content-Security-Policy of pages and of workers."""

    origins: dict[str, str]
    page_csp: str
    worker_csp: str
    sign_in_hosts: str

    def allows_host(self, host: str) -> bool:
        """Whether a Host header names us: a public origin, or this machine itself."""
        return host in self.origins or is_loopback(_name(host))

    def origin(self, scheme: str, host: str) -> str:
        """The origin under which a request came. A proxy may have ended TLS: the settings know."""
        return self.origins.get(host) or f"{scheme}://{host}"

    def own_origins(self, scheme: str, host: str) -> set[str]:
        """Origins whose pages may change state in a request to this host."""
        return {*self.origins.values(), self.origin(scheme, host)}

    def keeps_https(self, scheme: str, host: str) -> bool:
        """Whether browsers should be told to stay on https: https, and not this machine's own name."""
        return self.origin(scheme, host).startswith("https:") and not is_loopback(_name(host))

    def sign_in_csp(self, nonce: str) -> str:
        """Clerk's form needs its styles: the page's policy and one nonce for this one answer."""
        styled = self.page_csp.replace("style-src 'self'", f"style-src 'self' 'nonce-{nonce}'")
        challenge = f"https://challenges.cloudflare.com {self.sign_in_hosts}".strip()
        for directive in ("script-src 'self'", "connect-src 'self'"):
            styled = styled.replace(directive, f"{directive} {challenge}")
        return styled.replace("frame-src 'none'", f"frame-src {challenge}")


def build_policy(settings: Settings) -> Policy:
    """The policy of these settings."""
    stores = _store_origins(settings)
    live = _signal_origins(settings)
    clerk = [settings.issuer] if settings.cloud_identity else []
    avatars = ["https://img.clerk.com"] if clerk else []
    return Policy(
        origins={urlsplit(origin).netloc: origin for origin in settings.public_origins},
        page_csp=_page_csp(images=[*stores, *avatars], connections=[*stores, *live, *clerk]),
        worker_csp=_csp({"default-src": "'none'", "script-src": "'self'", "connect-src": _self(stores)}),
        sign_in_hosts="https://*.protect.clerk.com" if clerk else "",
    )


def _page_csp(images: Iterable[str], connections: Iterable[str]) -> str:
    return _csp(
        {
            "default-src": "'none'",
            "base-uri": "'none'",
            "object-src": "'none'",
            "frame-src": "'none'",
            "frame-ancestors": "'none'",
            "form-action": "'self'",
            "manifest-src": "'self'",
            "font-src": "'self'",
            "script-src": "'self'",
            "style-src": "'self'",
            "img-src": f"{_self(['blob:', 'data:', *images])}",
            "media-src": "'self' blob:",
            "worker-src": "'self' blob:",
            "connect-src": _self(connections),
        }
    )


def _csp(directives: Mapping[str, str]) -> str:
    return "; ".join(f"{name} {value}" for name, value in directives.items())


def _self(others: Iterable[str]) -> str:
    return " ".join(["'self'", *dict.fromkeys(others)])


def _store_origins(settings: Settings) -> list[str]:
    if not settings.cloud_store:
        return [settings.store_origin] if settings.store_origin else []
    endpoint = urlsplit(settings.s3_endpoint or f"https://s3.{settings.s3_region}.amazonaws.com")
    bucket = f"{settings.s3_bucket}." if settings.s3_addressing == "virtual" else ""
    return [f"{endpoint.scheme}://{bucket}{endpoint.netloc}"]


def _signal_origins(settings: Settings) -> list[str]:
    if not settings.cloud_signals:
        # 'self' covers ws: only in newer engines, so the hub's addresses are spelled out.
        return [f"ws{origin.removeprefix('http')}" for origin in settings.public_origins]
    endpoint = settings.ably_endpoint or "main"
    if "." in endpoint or endpoint == "localhost":
        return _both(endpoint)
    hosts = (f"{endpoint}.realtime.ably.net", "*.fallback.ably-realtime.com")
    # The last two are asked by ably-js when a connection is slow: is it us, or the internet?
    probes = ("https://internet-up.ably-realtime.com", "wss://ws-up.ably-realtime.com")
    return [*_both(hosts[0]), *_both(hosts[1]), *probes]


def _both(host: str) -> list[str]:
    return [f"https://{host}", f"wss://{host}"]


def _name(host: str) -> str:
    """The host without its port; an IPv6 address without its brackets. Empty for what is no host."""
    found = _HOST.fullmatch(host)
    if found is None or int(found["port"] or 0) > 65_535:
        return ""
    return found["address"] or found["name"]
