"""Browsers that have signed in before, told from strangers by a mark that only this server can make.

A mark says: somebody at this browser has known the password of this account. Guesses from elsewhere are
then counted apart from it, so that nobody locks a clinician out of the browsers they use (OWASP: device
cookies). A mark opens nothing, and for a name that does not exist there can be none.
"""

import hashlib
import hmac
import re
import secrets
from pathlib import Path

from app.embedded.key_files import keep

KEY_FILE = "browser-marks.key"
KEY_BYTES = 32
# Several people sign in on a shared phone; each keeps a mark there.
MOST_MARKS = 8
_MAC_CHARS = 32
_SEPARATOR = "."
# What a browser sends is sent back with the new mark, so nothing else may come through.
_MARK = re.compile(rf"[0-9a-f]{{24}}-[0-9a-f]{{{_MAC_CHARS}}}")


class BrowserMarks:
    """Makes and reads the value of the cookie that holds a browser's marks, newest first."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def find(self, value: str, account: str) -> str | None:
        """The mark of this account among those of a browser, None where it has none."""
        found = None
        for mark in _split(value):
            nonce, _, mac = mark.partition("-")
            # No way out of the loop: the time must not tell which of the marks fitted.
            if hmac.compare_digest(mac.encode(), self._mac(nonce, account).encode()):
                found = mark
        return found

    def add(self, value: str, account: str) -> str:
        """The value with a new mark of this account, in place of the one it had."""
        nonce = secrets.token_hex(12)
        old = self.find(value, account)
        others = [mark for mark in _split(value) if mark != old]
        return _SEPARATOR.join([f"{nonce}-{self._mac(nonce, account)}", *others][:MOST_MARKS])

    def _mac(self, nonce: str, account: str) -> str:
        said = f"{nonce} {account}".encode()
        return hmac.new(self._key, said, hashlib.sha256).hexdigest()[:_MAC_CHARS]


def load_browser_marks(folder: Path) -> BrowserMarks:
    """Marks under the key of ``folder``, which the first start makes. ``ValueError`` if it is damaged."""
    key = keep(folder / KEY_FILE, lambda: secrets.token_bytes(KEY_BYTES))
    if len(key) != KEY_BYTES:
        raise ValueError(f"{KEY_FILE} in KEY_DIR is damaged")
    return BrowserMarks(key)


def _split(value: str) -> list[str]:
    return [mark for mark in value.split(_SEPARATOR, MOST_MARKS)[:MOST_MARKS] if _MARK.fullmatch(mark)]
