"""How an object lies on the disk: encrypted with AES-256-GCM and bound to its own name.

Layout: magic (4 bytes), key id (8), nonce (12), then the sealed metadata, padded to a fixed length
so that the size of the object follows from the size of the file, and the sealed bytes.
"""

import hashlib
import os
import struct
from datetime import UTC, datetime

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.domain.errors import StoreUnavailable

_HEADER = struct.Struct(">4s8s12s")
_MAGIC = b"CPO1"
_METADATA_BYTES = 512
_LENGTH = struct.Struct(">H")
_TAG_BYTES = 16
OVERHEAD = _HEADER.size + _METADATA_BYTES + _TAG_BYTES


class StoredFile(msgspec.Struct, frozen=True, kw_only=True):
    """One object as the store keeps it; ``sha256`` is hexadecimal, ``modified_at`` in UTC."""

    content_type: str
    cache_control: str
    sha256: str
    modified_at: datetime
    body: bytes = b""


class ObjectCipher:
    """Seals and opens objects with one key of 32 bytes."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self.key_id = key_id(key)

    def encrypt(self, name: str, kept: StoredFile) -> bytes:
        """The bytes to write; they open only under the same name. ``ValueError`` for too much metadata."""
        described = msgspec.msgpack.encode(msgspec.structs.replace(kept, body=b""))
        if len(described) > _METADATA_BYTES - _LENGTH.size:
            raise ValueError("The metadata of an object is too long.")
        metadata = (_LENGTH.pack(len(described)) + described).ljust(_METADATA_BYTES, b"\x00")
        nonce = os.urandom(12)
        sealed = self._cipher.encrypt(nonce, metadata + kept.body, self._bound_to(name))
        return _HEADER.pack(_MAGIC, self.key_id, nonce) + sealed

    def decrypt(self, name: str, blob: bytes) -> StoredFile:
        """The object; a wrong key and a damaged file raise ``StoreUnavailable`` and say which."""
        if len(blob) < OVERHEAD:
            raise StoreUnavailable("A stored object is damaged: the file is too short.")
        magic, sealed_with, nonce = _HEADER.unpack_from(blob)
        if magic != _MAGIC or sealed_with != self.key_id:
            raise StoreUnavailable("A stored object was sealed with another key than the one in KEY_DIR.")
        try:
            plain = self._cipher.decrypt(nonce, blob[_HEADER.size :], self._bound_to(name))
        except InvalidTag:
            raise StoreUnavailable("A stored object is damaged or was moved to another name.") from None
        (length,) = _LENGTH.unpack_from(plain)
        kept = msgspec.msgpack.decode(plain[_LENGTH.size : _LENGTH.size + length], type=StoredFile)
        modified = kept.modified_at.astimezone(UTC)
        return msgspec.structs.replace(kept, modified_at=modified, body=plain[_METADATA_BYTES:])

    def _bound_to(self, name: str) -> bytes:
        return _MAGIC + self.key_id + name.encode()


def key_id(key: bytes) -> bytes:
    """An id for a key that reveals nothing about it."""
    return hashlib.sha256(b"clinicpro store key\x00" + key).digest()[:8]
