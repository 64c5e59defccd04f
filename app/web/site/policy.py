"""The browser policy as one object: which origins are ours, and which others a page may talk to.

Built once from the settings; headers, origin guard, cookies and ``/api/me`` all read it.
"""

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

import msgspec

from app.config.settings import Settings
from app.config.variables import host_name, is_loopback
from app.domain.signals import ably_host

PERMISSIONS = (
    "camera=(self), microphone=(), geolocation=(), display-capture=(), usb=(), payment=(), "
    "fullscreen=(self), screen-wake-lock=(self), publickey-credentials-get=(self), "
    "publickey-credentials-create=(self)"
)
# For answers that are no document: nothing in them may ever load, run or be framed.
BARE_CSP = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


# Text never becomes a script; the one policy that says which address may is in ``pwa/page/trusted.js``.
_TYPED = {"require-trusted-types-for": "'script'"}
TRUSTED = "capture"


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """Our origins by ``host[:port]``, and the Content-Security-Policy of pages and of workers."""

    origins: dict[str, str]
    page_csp: str
    worker_csp: str
    sign_in_hosts: str

    def allows_host(self, host: str) -> bool:
        """Whether a Host header names us: a public origin, or this machine itself."""
        return host in self.origins or is_loopback(host_name(host))

    def origin(self, scheme: str, host: str) -> str:
        """The origin under which a request came. A proxy may have ended TLS: the settings know."""
        return self.origins.get(host) or f"{scheme}://{host}"

    def own_origins(self, scheme: str, host: str) -> set[str]:
        """Origins whose pages may change state in a request to this host."""
        return {*self.origins.values(), self.origin(scheme, host)}

    def keeps_https(self, scheme: str, host: str) -> bool:
        """Whether to send HSTS: on https, and not under this machine's own name."""
        return self.origin(scheme, host).startswith("https:") and not is_loopback(host_name(host))

    def sign_in_csp(self, nonce: str) -> str:
        """Clerk's form needs its styles: the page's policy and one nonce for this one answer."""
        styled = self.page_csp.replace("style-src 'self'", f"style-src 'self' 'nonce-{nonce}'")
        challenge = f"https://challenges.cloudflare.com {self.sign_in_hosts}".strip()
        for directive in ("script-src 'self'", "connect-src 'self'"):
            styled = styled.replace(directive, f"{directive} {challenge}")
        return styled.replace("frame-src 'none'", f"frame-src {challenge}")


def build_policy(settings: Settings, store_origins: Iterable[str] = ()) -> Policy:
    """The policy of these settings; ``store_origins`` come from the signer of the photos' addresses."""
    stores = [source for origin in store_origins for source in _sources(origin)]
    live = _signal_origins(settings)
    clerk = [one for one in (settings.issuer, settings.clerk_frontend) if one]
    avatars = ["https://img.clerk.com"] if clerk else []
    return Policy(
        origins={urlsplit(origin).netloc: origin for origin in settings.public_origins},
        page_csp=_page_csp(
            images=[*stores, *avatars], connections=[*stores, *live, *clerk], scripts=_scripts(bool(clerk))
        ),
        worker_csp=_csp(
            {
                "default-src": "'none'",
                "script-src": "'self'",
                "connect-src": _self(stores),
                **_TYPED,
                "trusted-types": "'none'",
            }
        ),
        sign_in_hosts="https://*.protect.clerk.com" if clerk else "",
    )


def _scripts(clerk: bool) -> dict[str, str]:
    """What may become a script. Clerk's own code makes workers and script elements from texts of its own."""
    if clerk:
        return {"script-src": "'self'", "worker-src": "'self' blob:"}
    return {"script-src": "'self'", "worker-src": "'self'", **_TYPED, "trusted-types": TRUSTED}


def _page_csp(images: Iterable[str], connections: Iterable[str], scripts: Mapping[str, str]) -> str:
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
            **scripts,
            "style-src": "'self'",
            "img-src": f"{_self(['blob:', 'data:', *images])}",
            "media-src": "'self' blob:",
            "connect-src": _self(connections),
        }
    )


def _csp(directives: Mapping[str, str]) -> str:
    return "; ".join(f"{name} {value}" for name, value in directives.items())


def _self(others: Iterable[str]) -> str:
    return " ".join(["'self'", *dict.fromkeys(others)])


def _sources(origin: str) -> list[str]:
    """What a policy must say to allow an origin.

    The grammar of policies knows no IPv6 address and browsers ignore one, so any host of that scheme and
    port stands beside it: the narrowest source that they obey.
    """
    parts = urlsplit(origin)
    if not parts.netloc.startswith("["):
        return [origin]
    return [origin, f"{parts.scheme}://*:{parts.port or (443 if parts.scheme == 'https' else 80)}"]


def _signal_origins(settings: Settings) -> list[str]:
    if not settings.cloud_signals:
        # 'self' covers ws: only in newer engines, so the hub's addresses are spelled out.
        return [f"ws{origin.removeprefix('http')}" for origin in settings.public_origins]
    host = ably_host(settings.ably_endpoint)
    if host == settings.ably_endpoint:
        return _both(host)
    hosts = (host, "*.fallback.ably-realtime.com")
    # The last two are asked by ably-js when a connection is slow: is it us, or the internet?
    probes = ("https://internet-up.ably-realtime.com", "wss://ws-up.ably-realtime.com")
    return [*_both(hosts[0]), *_both(hosts[1]), *probes]


def _both(host: str) -> list[str]:
    return [f"https://{host}", f"wss://{host}"]
