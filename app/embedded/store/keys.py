"""The built-in store's two keys, made once and kept apart from the data.

``store.key`` encrypts the objects: without it they cannot be read. ``store-signing.key`` signs the
addresses; it can be deleted to make every address that is still out invalid.
"""

import secrets
from pathlib import Path

from app.config.folders import make_folder
from app.domain.photos.bucket import BucketAccess
from app.embedded.store.encryption import ObjectCipher
from app.embedded.store.files import sweep, write_once

REGION = "local"
_ACCESS_KEY = "clinicpro"
_ENCRYPTED_WITH = "SEALED_WITH"


class StoreKeyError(Exception):
    """The store cannot start with the keys that are there; the message says what to do."""


def open_cipher(key_dir: Path, root: Path, incoming: Path) -> ObjectCipher:
    """The cipher of the store at ``root``, whose key is made when neither exists yet.

    Raises ``StoreKeyError`` where the key is lacking, damaged or another than that of the photos.
    """
    marker = root / _ENCRYPTED_WITH
    if marker.exists() and not (key_dir / "store.key").exists():
        # A new key here would hide that every photo has become unreadable.
        raise StoreKeyError(
            "KEY_DIR has no store.key, but DATA_DIR holds photos that were sealed with one. "
            "Put the key back from its backup and start again."
        )
    cipher = ObjectCipher(_read_or_make(key_dir, "store.key"))
    write_once(root, incoming, marker, cipher.key_id.hex().encode())
    if marker.read_text() != cipher.key_id.hex():
        raise StoreKeyError(
            "The store.key in KEY_DIR is not the one that sealed the photos in DATA_DIR. "
            "Put the right key back from its backup and start again."
        )
    return cipher


def open_access(key_dir: Path, bucket: str) -> BucketAccess:
    """What the signer and the store's verifier share; ``StoreKeyError`` where its key is damaged."""
    secret = _read_or_make(key_dir, "store-signing.key").hex()
    return BucketAccess(bucket=bucket, region=REGION, access_key=_ACCESS_KEY, secret_key=secret)


def _read_or_make(key_dir: Path, name: str) -> bytes:
    path = key_dir / name
    make_folder(key_dir, 0o700)
    if not path.exists():
        sweep(key_dir)
        write_once(key_dir.parent, key_dir, path, secrets.token_hex(32).encode() + b"\n")
    try:
        key = bytes.fromhex(path.read_text().strip())
    except ValueError:
        key = b""
    if len(key) != 32:
        raise StoreKeyError(f"{name} in KEY_DIR is damaged. Put it back from its backup and start again.")
    return key
