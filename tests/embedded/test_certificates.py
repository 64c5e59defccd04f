"""The local authority: a phone that trusts it gets https here, and nothing else is put at risk."""

import hashlib
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from app.embedded import certificates
from app.embedded.certificates import Certificates, certificates_for, fingerprint

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
def test_a_leaf_that_no_longer_serves_is_replaced_under_the_same_authority(
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
    folder = tmp_path / "keys" / "tls"
    certificates_for("192.168.1.20", folder, NOW)

    modes = {path.name: path.stat().st_mode & 0o777 for path in folder.glob("*-key.pem")}
    assert {part.stat().st_mode & 0o777 for part in (folder, folder.parent)} == {0o700}

    assert modes == {"authority-key.pem": 0o600, "leaf-key.pem": 0o600}


def test_the_fingerprint_is_that_which_phones_show(tmp_path: Path) -> None:
    """SHA-256 over the whole certificate, in pairs with colons; another authority has another."""
    pem = certificates_for("192.168.1.20", tmp_path / "one", NOW).authority.read_bytes()
    other = certificates_for("192.168.1.20", tmp_path / "two", NOW).authority.read_bytes()

    formatted = fingerprint(pem)

    assert (
        formatted.replace(":", "").lower()
        == hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem.decode())).hexdigest()
    )
    assert [len(pair) for pair in formatted.split(":")] == [2] * 32
    assert fingerprint(other) != formatted


def _shake_hands(address: str, made: Certificates) -> None:
    """A whole TLS handshake in memory, the client trusting only the local authority."""
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


@pytest.mark.parametrize("address", ["192.168.1.20", "198.51.100.7"], ids=["private", "own of any kind"])
def test_a_client_that_trusts_the_authority_accepts_this_computer(tmp_path: Path, address: str) -> None:
    """The phone's browser shows no warning, also where a clinic's network has public numbers."""
    made = certificates_for(address, tmp_path, datetime.now(UTC))

    _shake_hands(address, made)

    assert _leaf(made.authority).subject == _leaf(made.leaf).issuer


def test_an_address_outside_the_authoritys_constraints_gets_another_authority(tmp_path: Path) -> None:
    """Phones must trust once more, but a certificate that none of them accepts would be useless."""
    before = certificates_for("192.168.1.20", tmp_path, NOW).authority.read_bytes()

    made = certificates_for("198.51.100.7", tmp_path, datetime.now(UTC))

    assert made.authority.read_bytes() != before
    _shake_hands("198.51.100.7", made)


@pytest.mark.parametrize("address", ["8.8.8.8", "10.0.0.1", "192.168.2.20", "127.0.0.1"])
def test_the_authority_is_worth_nothing_outside_its_network(tmp_path: Path, address: str) -> None:
    """A stolen key could not impersonate any host on the internet or in another private network."""
    now = datetime.now(UTC)
    made = certificates_for("192.168.1.20", tmp_path, now)

    certificates._make_leaf(made, tmp_path / "authority-key.pem", address, now)

    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree"):
        _shake_hands(address, made)


@pytest.mark.parametrize(("prefix", "network"), [(24, "10.20.30.0/24"), (22, "10.20.28.0/22")])
def test_the_authority_issues_for_servers_in_the_network_it_serves(
    tmp_path: Path, prefix: int, network: str
) -> None:
    """No further authority, no other use, no host name but the one that means this computer itself."""
    authority = _leaf(certificates_for("10.20.30.40", tmp_path, NOW, prefix).authority)

    limits = authority.extensions.get_extension_for_class(x509.NameConstraints)
    basic = authority.extensions.get_extension_for_class(x509.BasicConstraints).value
    uses = authority.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    permitted = limits.value.permitted_subtrees or []
    assert [str(each.value) for each in permitted if isinstance(each, x509.IPAddress)] == [network]
    assert {type(each) for each in permitted} == {x509.IPAddress, x509.DNSName}
    assert (limits.critical, basic.ca, basic.path_length) == (True, True, 0)
    assert list(uses) == [ExtendedKeyUsageOID.SERVER_AUTH]


def test_back_in_a_network_its_authority_serves_again(tmp_path: Path) -> None:
    """A computer that is carried between two networks is trusted in both after one set-up."""
    first = certificates_for("192.168.1.20", tmp_path, NOW).authority.read_bytes()
    second = certificates_for("10.1.1.20", tmp_path, NOW).authority.read_bytes()

    assert certificates_for("192.168.1.77", tmp_path, NOW).authority.read_bytes() == first
    assert certificates_for("10.1.1.20", tmp_path, NOW).authority.read_bytes() == second
    modes = {path.stat().st_mode & 0o777 for path in tmp_path.rglob("*-key.pem")}
    assert modes == {0o600}


def test_an_authority_of_an_earlier_version_serves_on(tmp_path: Path) -> None:
    """It may issue for more than it should, and every phone trusts it already: none must be set up again."""
    before = certificates_for("192.168.1.20", tmp_path, NOW, 16).authority.read_bytes()

    assert certificates_for("192.168.200.9", tmp_path, NOW, 24).authority.read_bytes() == before


@pytest.mark.parametrize("name", ["authority.pem", "authority-key.pem"])
def test_what_is_damaged_is_an_error_and_not_replaced_silently(tmp_path: Path, name: str) -> None:
    """A new authority would leave every phone that trusts the old one before a warning."""
    certificates_for("192.168.1.20", tmp_path, NOW)
    (tmp_path / name).write_text("damaged")
    (tmp_path / "leaf.pem").unlink()

    with pytest.raises(ValueError, match=r"(?i)pem|deserialize"):
        certificates_for("192.168.1.20", tmp_path, NOW)
