"""A local certificate authority, so that phones in the same network get https without a public name.

The authority may vouch for private addresses and this computer's own only (name constraints), so
that a phone which trusts it is not exposed to it anywhere else. The leaf is renewed when the address
changes or it grows old; the authority only where it may not vouch for a new address.
"""

import ipaddress
import os
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_LIFE = timedelta(days=3650)
LEAF_LIFE = timedelta(days=397)  # Apple's platforms refuse leaves that live longer.
RENEW_BEFORE = timedelta(days=30)
PRIVATE_NETWORKS = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8")


class Certificates(msgspec.Struct, frozen=True):
    """Paths of PEM files: the authority to trust, the leaf with its chain, the leaf's key."""

    authority: Path
    leaf: Path
    leaf_key: Path


def certificates_for(address: str, folder: Path, now: datetime) -> Certificates:
    """The authority and a leaf for one IPv4 address, made or renewed in ``folder`` as needed.

    Raises ``ValueError`` when what is kept there is damaged.
    """
    # The folder of the keys, which may not be there yet, is nobody else's affair either.
    for part in (folder.parent, folder):
        part.mkdir(parents=True, exist_ok=True, mode=0o700)
    paths = Certificates(folder / "authority.pem", folder / "leaf.pem", folder / "leaf-key.pem")
    authority_key_path = folder / "authority-key.pem"
    if not (authority_key_path.exists() and _authority_serves(paths.authority, address)):
        _make_authority(paths.authority, authority_key_path, address, now)
    if not _leaf_serves(paths, address, now):
        _make_leaf(paths, authority_key_path, address, now)
    return paths


def fingerprint(pem: bytes) -> str:
    """The SHA-256 of a certificate as phones show it: ``AB:CD:…``, 32 pairs."""
    return x509.load_pem_x509_certificate(pem).fingerprint(hashes.SHA256()).hex(":").upper()


def _make_authority(certificate_path: Path, key_path: Path, address: str, now: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("ClinicPro Capture local authority")
    own = ipaddress.IPv4Network(address)
    networks = [ipaddress.IPv4Network(network) for network in PRIVATE_NETWORKS]
    if not any(own.subnet_of(network) for network in networks):
        networks.append(own)
    # A kind of name that no subtree mentions would be free, so one harmless host name bars the rest.
    subtrees = [*(x509.IPAddress(network) for network in networks), x509.DNSName("localhost")]
    certificate = (
        _builder(name, name, key.public_key(), now, AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.NameConstraints(permitted_subtrees=subtrees, excluded_subtrees=None), True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write(key_path, _private_pem(key), 0o600)
    _write(certificate_path, certificate.public_bytes(serialization.Encoding.PEM), 0o644)


def _make_leaf(paths: Certificates, authority_key_path: Path, address: str, now: datetime) -> None:
    authority = x509.load_pem_x509_certificate(paths.authority.read_bytes())
    signer = serialization.load_pem_private_key(authority_key_path.read_bytes(), password=None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    addresses = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
    certificate = (
        _builder(_name("ClinicPro Capture"), authority.subject, key.public_key(), now, LEAF_LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(addresses, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False)
        .sign(signer, hashes.SHA256())
    )
    _write(paths.leaf_key, _private_pem(key), 0o600)
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    _write(paths.leaf, pem + paths.authority.read_bytes(), 0o644)


def _authority_serves(certificate_path: Path, address: str) -> bool:
    if not certificate_path.exists():
        return False
    authority = x509.load_pem_x509_certificate(certificate_path.read_bytes())
    names = authority.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees
    networks = [name.value for name in names or () if isinstance(name, x509.IPAddress)]
    own = ipaddress.IPv4Address(address)
    return any(isinstance(network, ipaddress.IPv4Network) and own in network for network in networks)


def _leaf_serves(paths: Certificates, address: str, now: datetime) -> bool:
    if not (paths.leaf.exists() and paths.leaf_key.exists()):
        return False
    leaf = x509.load_pem_x509_certificate(paths.leaf.read_bytes())
    try:
        leaf.verify_directly_issued_by(x509.load_pem_x509_certificate(paths.authority.read_bytes()))
    except (ValueError, InvalidSignature):
        return False
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    named = ipaddress.ip_address(address) in names.get_values_for_type(x509.IPAddress)
    return named and leaf.not_valid_after_utc - RENEW_BEFORE > now


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + life)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _usage(signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes, mode: int) -> None:
    """Whole or not at all: written beside, synced, then renamed over."""
    part = path.with_suffix(".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
