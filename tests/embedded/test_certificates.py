"""The local authority: a phone that trusts it gets https here, and nothing else is put at risk."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from app.embedded.certificates import certificates_for

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _leaf(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_a_leaf_of_this_address_is_kept(tmp_path: Path) -> None:
    """A restart does not make phones see another certificate."""
    first = _leaf(certificates_for("192.168.1.20", tmp_path, NOW).leaf)

    second = _leaf(certificates_for("192.168.1.20", tmp_path, NOW + timedelta(days=1)).leaf)

    assert first == second


@pytest.mark.parametrize(
    ("address", "later"),
    [("192.168.1.21", timedelta(0)), ("192.168.1.20", timedelta(days=380))],
    ids=["another address", "nearly expired"],
)
def test_a_leaf_that_no_longer_serves_is_made_anew_under_the_same_authority(
    tmp_path: Path, address: str, later: timedelta
) -> None:
    """Phones trust the authority once; only the leaf changes."""
    before = certificates_for("192.168.1.20", tmp_path, NOW)
    old_leaf, old_authority = _leaf(before.leaf), before.authority.read_bytes()

    after = certificates_for(address, tmp_path, NOW + later)

    assert _leaf(after.leaf) != old_leaf
    assert after.authority.read_bytes() == old_authority


def test_keys_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    """No other account of the machine reads the authority's key."""
    certificates_for("192.168.1.20", tmp_path, NOW)

    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.glob("*-key.pem")}

    assert modes == {"authority-key.pem": 0o600, "leaf-key.pem": 0o600}


def _shake_hands(address: str, folder: Path) -> None:
    """A whole TLS handshake in memory, the client trusting only the local authority."""
    made = certificates_for(address, folder, datetime.now(UTC))
    server_side, client_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    server_side.load_cert_chain(made.leaf, made.leaf_key)
    client_side.load_verify_locations(made.authority)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = server_side.wrap_bio(to_server, to_client, server_side=True)
    client = client_side.wrap_bio(to_client, to_server, server_hostname=address)
    for _ in range(4):
        for end in (client, server):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue


def test_a_client_that_trusts_the_authority_accepts_a_private_address(tmp_path: Path) -> None:
    """The phone's browser shows no warning."""
    _shake_hands("192.168.1.20", tmp_path)

    assert (tmp_path / "leaf.pem").exists()


def test_the_authority_is_worth_nothing_for_a_public_address(tmp_path: Path) -> None:
    """Whoever stole its key could not pose as anything on the internet."""
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree"):
        _shake_hands("8.8.8.8", tmp_path)
