"""The policy object: which other origins a page may talk to, for each edition."""

from pathlib import Path

import pytest

from app.web.site.policy import build_policy
from tests.web.conftest import settings_of

CLERK = {
    "PUBLIC_ORIGINS": "https://capture.clinic.example",
    "CLERK_PUBLISHABLE_KEY": "pk_live_Y2xlcmsuY2xpbmljLmV4YW1wbGUk",
}
PUBLIC = "https://capture.clinic.example"


def directive(policy: str, name: str) -> set[str]:
    """The sources of one directive."""
    found = [part.split() for part in policy.split("; ") if part.startswith(f"{name} ")]
    assert len(found) == 1
    return set(found[0][1:])


def test_pages_and_workers_may_reach_the_store(tmp_path: Path) -> None:
    """Pages show and send photos there; the worker only sends."""
    policy = build_policy(settings_of(tmp_path), ["https://photos.store.example"])

    assert "https://photos.store.example" in directive(policy.page_csp, "img-src")
    assert "https://photos.store.example" in directive(policy.page_csp, "connect-src")
    assert directive(policy.worker_csp, "connect-src") == {"'self'", "https://photos.store.example"}


def test_the_embedded_edition_talks_to_itself_alone(tmp_path: Path) -> None:
    """No other host is in any directive."""
    policy = build_policy(settings_of(tmp_path, PUBLIC_ORIGINS=f"http://localhost:8000,{PUBLIC}"))

    assert directive(policy.page_csp, "connect-src") == {
        "'self'", "ws://localhost:8000", "wss://capture.clinic.example"
    }  # fmt: skip
    assert directive(policy.page_csp, "img-src") == {"'self'", "blob:", "data:"}
    assert directive(policy.worker_csp, "connect-src") == {"'self'"}


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        ("", "wss://main.realtime.ably.net"),
        ("acme", "wss://acme.realtime.ably.net"),
        ("hub.clinic.example", "wss://hub.clinic.example"),
    ],
)
def test_ably_by_its_endpoint(tmp_path: Path, endpoint: str, expected: str) -> None:
    """Ably's fallback hosts belong to its own endpoints only."""
    policy = build_policy(settings_of(tmp_path, ABLY_API_KEY="a.b:c", ABLY_ENDPOINT=endpoint))
    sources = directive(policy.page_csp, "connect-src")

    assert {expected, expected.replace("wss", "https")} <= sources
    assert ("wss://*.fallback.ably-realtime.com" in sources) == ("." not in endpoint)


def test_clerk_where_it_signs_users_in(tmp_path: Path) -> None:
    """Its address comes from the publishable key; the worker never talks to it."""
    policy = build_policy(settings_of(tmp_path, **CLERK))

    assert "https://clerk.clinic.example" in directive(policy.page_csp, "connect-src")
    assert "https://img.clerk.com" in directive(policy.page_csp, "img-src")
    assert "clerk" not in policy.worker_csp


def test_clerks_script_may_ask_the_host_that_its_key_names(tmp_path: Path) -> None:
    """The script takes its address from the key alone; an issuer that is set beside it adds to that."""
    policy = build_policy(settings_of(tmp_path, **CLERK, CLERK_ISSUER="https://issuer.clinic.example"))

    asked = directive(policy.page_csp, "connect-src")
    assert {"https://clerk.clinic.example", "https://issuer.clinic.example"} <= asked


def test_the_sign_in_form_gets_a_nonce_for_styles_and_no_inline_script(tmp_path: Path) -> None:
    """One answer's styles, Clerk's bot check, and nothing unsafe."""
    policy = build_policy(settings_of(tmp_path, **CLERK)).sign_in_csp("abc")

    assert directive(policy, "style-src") == {"'self'", "'nonce-abc'"}
    assert "https://challenges.cloudflare.com" in directive(policy, "script-src")
    assert "https://challenges.cloudflare.com" in directive(policy, "frame-src")
    assert "https://*.protect.clerk.com" in directive(policy, "connect-src")
    assert "unsafe" not in policy
    assert "'none'" not in directive(policy, "frame-src")


def test_pages_allow_nothing_inline_and_no_framing(tmp_path: Path) -> None:
    """The strict half of the policy."""
    policy = build_policy(settings_of(tmp_path)).page_csp

    assert "unsafe" not in policy
    for name in ("default-src", "base-uri", "object-src", "frame-src", "frame-ancestors"):
        assert directive(policy, name) == {"'none'"}
    assert directive(policy, "script-src") == {"'self'"}


def test_no_text_becomes_a_script_and_no_worker_comes_from_one(tmp_path: Path) -> None:
    """Pages and workers, where every script is ours."""
    policy = build_policy(settings_of(tmp_path, ABLY_API_KEY="a.b:c"))

    assert directive(policy.page_csp, "require-trusted-types-for") == {"'script'"}
    assert directive(policy.page_csp, "trusted-types") == {"capture"}
    assert directive(policy.page_csp, "worker-src") == {"'self'"}
    assert directive(policy.worker_csp, "trusted-types") == {"'none'"}
    assert "blob:" not in policy.worker_csp


def test_clerks_own_code_may_make_its_workers(tmp_path: Path) -> None:
    """Its bundle builds workers and script elements by itself, which look the same as an attack."""
    policy = build_policy(settings_of(tmp_path, **CLERK))

    assert directive(policy.page_csp, "worker-src") == {"'self'", "blob:"}
    assert "trusted-types" not in policy.page_csp
    assert directive(policy.worker_csp, "require-trusted-types-for") == {"'script'"}
