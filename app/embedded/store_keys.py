"""The built-in store's two keys, made once and kept apart from the data.

``store.key`` seals the objects: without it they cannot be read. ``store-signing.key`` signs the
addresses; it can be deleted to make every address that is still out invalid.
"""

import secrets
from pathlib import Path

from app.domain.bucket import BucketAccess
from app.embedded.store_files import sweep, write_once
from app.embedded.store_seal import Seal
from app.folders import make_folder

REGION = "local"
_ACCESS_KEY = "clinicpro"
_SEALED_WITH = "SEALED_WITH"


class StoreKeyError(Exception):
    """The store cannot start with the keys that are there; the message says what to do."""


def open_seal(key_dir: Path, root: Path, incoming: Path) -> Seal:
    """The seal of the store at ``root``, whose key is made when neither exists yet."""
    marker = root / _SEALED_WITH
    if marker.exists() and not (key_dir / "store.key").exists():
        # A new key here would hide that every photo has become unreadable.
        raise StoreKeyError(
            "KEY_DIR has no store.key, but DATA_DIR holds photos that were sealed with one. "
            "Put the key back from its backup and start again."
        )
    seal = Seal(_read_or_make(key_dir, "store.key"))
    write_once(root, incoming, marker, seal.key_id.hex().encode())
    if marker.read_text() != seal.key_id.hex():
        raise StoreKeyError(
            "The store.key in KEY_DIR is not the one that sealed the photos in DATA_DIR. "
            "Put the right key back from its backup and start again."
        )
    return seal


def open_access(key_dir: Path, bucket: str) -> BucketAccess:
    """What the signer and the store's verifier share."""
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
