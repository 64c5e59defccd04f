"""Browsers that have signed in before, recognised by a mark that only this server can make.

A mark says: a user of this browser has known the password of this account. Guesses from elsewhere are
then counted apart from it, so that they cannot lock a clinician out of the browsers they use (OWASP:
device cookies). A mark opens nothing, and for a name that does not exist there can be none.
"""

import hashlib
import hmac
import re
import secrets
from pathlib import Path

from app.embedded.key_files import load_or_create

KEY_FILE = "browser-marks.key"
KEY_BYTES = 32
# Several users sign in on a shared phone; each keeps a mark there.
MAX_DEVICE_COOKIES = 8
_MAC_CHARS = 32
_SEPARATOR = "."
# What a browser sends is sent back with the new mark, so nothing else may come through.
_DEVICE_COOKIE = re.compile(rf"[0-9a-f]{{24}}-[0-9a-f]{{{_MAC_CHARS}}}")


class DeviceCookies:
    """Makes and reads the value of the cookie that holds a browser's marks, newest first."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def find(self, value: str, account: str) -> str | None:
        """The mark of this account among those of a browser, None where it has none."""
        found = None
        for mark in _split(value):
            nonce, _, mac = mark.partition("-")
            # No early exit: the time must not reveal which of the marks fitted.
            if hmac.compare_digest(mac.encode(), self._mac(nonce, account).encode()):
                found = mark
        return found

    def add(self, value: str, account: str) -> str:
        """The value with a new mark of this account, in place of the one it had."""
        nonce = secrets.token_hex(12)
        old = self.find(value, account)
        others = [mark for mark in _split(value) if mark != old]
        return _SEPARATOR.join([f"{nonce}-{self._mac(nonce, account)}", *others][:MAX_DEVICE_COOKIES])

    def _mac(self, nonce: str, account: str) -> str:
        message = f"{nonce} {account}".encode()
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()[:_MAC_CHARS]


def load_device_cookies(folder: Path) -> DeviceCookies:
    """Marks under the key of ``folder``, which the first start makes. ``ValueError`` if it is damaged."""
    key = load_or_create(folder / KEY_FILE, lambda: secrets.token_bytes(KEY_BYTES))
    if len(key) != KEY_BYTES:
        raise ValueError(f"{KEY_FILE} in KEY_DIR is damaged")
    return DeviceCookies(key)


def _split(value: str) -> list[str]:
    return [
        mark
        for mark in value.split(_SEPARATOR, MAX_DEVICE_COOKIES)[:MAX_DEVICE_COOKIES]
        if _DEVICE_COOKIE.fullmatch(mark)
    ]
