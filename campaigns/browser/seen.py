"""What a witness in the page reports: which bytes it gave to the browser's storage, and what its screen said.

It also reads that storage past the app's own code.
"""

import base64
import hashlib
from pathlib import Path
from typing import Any

import msgspec

WITNESS = (Path(__file__).parent / "witness.js").read_text()
DATABASE = "clinicpro-capture"
READ = """(name) => new Promise((resolve, reject) => {
  const opening = indexedDB.open(name);
  opening.onerror = () => reject(opening.error);
  opening.onsuccess = () => {
    const database = opening.result;
    const reading = database.transaction(["photos", "bytes"]);
    const photos = reading.objectStore("photos").getAll();
    const keys = reading.objectStore("bytes").getAllKeys();
    const bytes = reading.objectStore("bytes").getAll();
    reading.onabort = () => reject(reading.error);
    reading.oncomplete = async () => {
      database.close();
      const hex = async (one) => [...new Uint8Array(await crypto.subtle.digest("SHA-256", one))]
        .map((byte) => byte.toString(16).padStart(2, "0")).join("");
      const stored = await Promise.all(keys.result.map(async (key, i) => [key, await hex(bytes.result[i])]));
      resolve({photos: photos.result.map(({photoId, seq, state}) => [seq, photoId, state]), stored});
    };
  };
})"""


class Shot(msgspec.Struct, frozen=True):
    """One photo on its way into the browser's storage; ``sha256`` of the bytes handed over."""

    photo: str
    sha256: str


class Seen(msgspec.Struct, kw_only=True):
    """What the witness reported since the browser was opened; numbers are the last ones shown."""

    shots: list[Shot] = msgspec.field(default_factory=list)
    review: int = 0
    most_in_review: int = 0
    today: int = 0
    rows: dict[int, str] = msgspec.field(default_factory=dict)

    def take_in(self, message: dict[str, Any]) -> None:
        """One message of the witness."""
        if "shutter" in message:
            self._shot(message)
        else:
            self._shown(message["shown"])

    def _shot(self, message: dict[str, Any]) -> None:
        # What is written again under the same name is no other photo.
        if message["shutter"] not in {shot.photo for shot in self.shots}:
            body = base64.b64decode(message["bytes"])
            self.shots.append(Shot(message["shutter"], hashlib.sha256(body).hexdigest()))

    def _shown(self, shown: dict[str, Any]) -> None:
        self.review = shown["review"]
        self.most_in_review = max(self.most_in_review, shown["review"])
        self.today = shown["today"]
        self.rows.update(dict(shown["rows"]))
