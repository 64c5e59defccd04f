"""A local certificate authority, so that phones in the same network get https without a public name.

The authority may sign for servers in the network that it was made in and for nothing else (name
constraints, extended key usage), so that a phone which trusts it is not exposed to it anywhere else. The
leaf is renewed when the address changes or it grows old. Each network has an authority of its own, which
is kept: a computer that comes back to a network is trusted there as before. Authorities of earlier
versions sign for all private addresses; phones trust them already, so they serve on until they are removed.
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
# Where the mask of a network cannot be found out: what most networks of a clinic or a home have.
USUAL_PREFIX = 24


AUTHORITY = ("authority.pem", "authority-key.pem")


class Certificates(msgspec.Struct, frozen=True):
    """Paths of PEM files: the authority to trust, the leaf with its chain, the leaf's key."""

    authority: Path
    leaf: Path
    leaf_key: Path


def certificates_for(address: str, folder: Path, now: datetime, prefix: int = USUAL_PREFIX) -> Certificates:
    """The authority and a leaf for one IPv4 address, made or renewed in ``folder`` as needed.

    ``prefix`` is the length of the network's mask: a new authority signs for that network.
    Raises ``ValueError`` when what is kept there is damaged.
    """
    # The folder of the keys, which may not be there yet, is closed to other accounts as well.
    for part in (folder.parent, folder):
        part.mkdir(parents=True, exist_ok=True, mode=0o700)
    paths = Certificates(folder / "authority.pem", folder / "leaf.pem", folder / "leaf-key.pem")
    authority_key_path = folder / "authority-key.pem"
    if not (authority_key_path.exists() and _authority_serves(paths.authority, address)):
        _archive_authority(folder)
        if not _restore_authority(folder, address):
            network = ipaddress.IPv4Network((address, prefix), strict=False)
            _make_authority(paths.authority, authority_key_path, network, now)
    if not _leaf_serves(paths, address, now):
        _make_leaf(paths, authority_key_path, address, now)
    return paths


def fingerprint(pem: bytes) -> str:
    """The SHA-256 of a certificate as phones show it: ``AB:CD:…``, 32 pairs."""
    return x509.load_pem_x509_certificate(pem).fingerprint(hashes.SHA256()).hex(":").upper()


def _archive_authority(folder: Path) -> None:
    """Keep an authority that cannot serve here for the day when this computer is back in its network."""
    certificate, key = (folder / name for name in AUTHORITY)
    if not (certificate.exists() and key.exists()):
        return
    kept = folder / "others" / fingerprint(certificate.read_bytes()).replace(":", "")[:16]
    kept.mkdir(parents=True, exist_ok=True, mode=0o700)
    # The key goes last: when interrupted, the pair is made again here, and is whole there or absent.
    for path in (certificate, key):
        path.replace(kept / path.name)


def _restore_authority(folder: Path, address: str) -> bool:
    """Restore an archived authority that serves this address."""
    for kept in sorted((folder / "others").glob("*")):
        certificate, key = (kept / name for name in AUTHORITY)
        if key.exists() and _authority_serves(certificate, address):
            for path in (certificate, key):
                path.replace(folder / path.name)
            return True
    return False


def _make_authority(
    certificate_path: Path, key_path: Path, network: ipaddress.IPv4Network, now: datetime
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("ClinicPro Capture local authority")
    # A kind of name that no subtree mentions would be free, so one harmless host name bars the rest.
    subtrees = [x509.IPAddress(network), x509.DNSName("localhost")]
    certificate = (
        _builder(name, name, key.public_key(), now, AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
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
