"""Everything that can go wrong in words a clinician understands, each with one stable code.

::

    CaptureError
    ├── Unauthenticated          unauthenticated
    ├── SessionPending           session-pending
    ├── PasswordChangeRequired   password-change-required
    ├── WrongPassword            wrong-password
    ├── CrossSite                cross-site
    ├── NotFound                 not-found
    │   ├── ConsultationNotFound consultation-not-found
    │   └── PhotoNotFound        photo-not-found
    ├── OtherOwner               other-owner
    ├── ConsultationClosed       consultation-closed
    ├── ConsultationNotEmpty     consultation-not-empty
    ├── LabelInUse               label-in-use
    ├── PhotoConflict            photo-conflict
    ├── NotUploaded              not-uploaded
    ├── ChecksumMismatch         checksum-mismatch
    ├── InvalidImage             invalid-image
    ├── InvalidField             invalid-field
    ├── TooLarge                 too-large
    ├── TooManyRequests          rate-limited
    └── Unavailable              unavailable
        ├── KeysUnavailable      keys-unavailable
        ├── StoreUnavailable     store-unavailable
        │   ├── StoreRefused     store-refused
        │   └── NotEncrypted     store-not-encrypted
        ├── DatabaseBusy         database-busy
        │   └── DatabaseRefused  database-busy
        └── StorageFull          storage-full

The HTTP status of each code stands in one table only: ``app/web/problems.py``. The phone's answer
to each stands in ``pwa/queue/errors.js``; a test compares the two.
"""

from typing import ClassVar


class CaptureError(Exception):
    """Root of the tree. ``code`` is stable, ``detail`` is a sentence without patient data."""

    code: ClassVar[str] = "internal"
    sentence: ClassVar[str] = "Something went wrong on the server. Nothing was lost; try again."

    def __init__(self, detail: str | None = None) -> None:
        self.detail = detail or self.sentence
        super().__init__(self.detail)


class Unauthenticated(CaptureError):
    """No valid sign-in came with the request."""

    code = "unauthenticated"
    sentence = "Sign in to continue."

    def __init__(self, detail: str | None = None, *, reason: str = "", off_s: float = 0.0) -> None:
        """``reason`` and by how many seconds are for the operator alone, and never part of an answer."""
        super().__init__(detail)
        self.reason = reason
        self.off_s = off_s


class SessionPending(CaptureError):
    """Signed in, but the identity provider still asks for something."""

    code = "session-pending"
    sentence = "Finish signing in to continue."


class PasswordChangeRequired(CaptureError):
    """Signed in with a generated password, which opens nothing but the form for another one."""

    code = "password-change-required"
    sentence = "Choose a password of your own first: sign in again, and the page asks for it."


class WrongPassword(CaptureError):
    """Name and password do not belong together; which of them is never said."""

    code = "wrong-password"
    sentence = "The name or the password is not right."


class CrossSite(CaptureError):
    """A state change that did not come from one of our own pages."""

    code = "cross-site"
    sentence = "This request did not come from the app."


class NotFound(CaptureError):
    """No such object, or another user's: the answer is the same."""

    code = "not-found"
    sentence = "There is nothing at this address."


class ConsultationNotFound(NotFound):
    """No such consultation of this user."""

    code = "consultation-not-found"
    sentence = "This consultation does not exist for this account."


class PhotoNotFound(NotFound):
    """No such photo of this user."""

    code = "photo-not-found"
    sentence = "This photo does not exist for this account."


class OtherOwner(CaptureError):
    """A photo taken by one user came with the sign-in of another."""

    code = "other-owner"
    sentence = "This photo was taken by another account, which must send it."


class ConsultationClosed(CaptureError):
    """A closed consultation takes no new shutters; uploads still arrive."""

    code = "consultation-closed"
    sentence = "This consultation is closed. Open another one for new photos."


class ConsultationNotEmpty(CaptureError):
    """Only a consultation without photos and notes can be discarded."""

    code = "consultation-not-empty"
    sentence = "This consultation holds photos or notes, so it cannot be discarded. Close it instead."


class LabelInUse(CaptureError):
    """Two open consultations that a clinician could not distinguish."""

    code = "label-in-use"
    sentence = (
        "An open consultation already has this label. Add a second identifier, so that the two can be "
        "told apart."
    )


class PhotoConflict(CaptureError):
    """A known photo id came with another hash, owner or consultation."""

    code = "photo-conflict"
    sentence = "The server already knows another photo under this id."


class NotUploaded(CaptureError):
    """The store holds no object for this photo yet."""

    code = "not-uploaded"
    sentence = "The photo has not reached the store yet. It is sent again."


class ChecksumMismatch(CaptureError):
    """Stored bytes differ from the bytes hashed at capture."""

    code = "checksum-mismatch"
    sentence = "The stored photo differs from the one that was taken."


class InvalidImage(CaptureError):
    """The object is no clean JPEG or WebP of the declared size."""

    code = "invalid-image"
    sentence = "The stored file is not a photo that can be shown."


class InvalidField(CaptureError):
    """One field is wrong; ``field`` is its JSON path, e.g. ``photos[2].size``."""

    code = "invalid-field"
    sentence = "A field of the request is not right."

    def __init__(self, detail: str | None = None, field: str = "") -> None:
        super().__init__(detail)
        self.field = field


class TooLarge(CaptureError):
    """A body or a photo over its limit."""

    code = "too-large"
    sentence = "This is larger than the app accepts."


class TooManyRequests(CaptureError):
    """Slow down; ``retry_after`` in whole seconds."""

    code = "rate-limited"
    sentence = "Too many attempts. Wait a moment."

    def __init__(self, detail: str | None = None, retry_after: int = 1) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class Unavailable(CaptureError):
    """A part is down for now; the phone keeps everything and tries again."""

    code = "unavailable"
    sentence = "A part of the server is not available right now. Nothing was lost."
    retry_after: ClassVar[int] = 5


class KeysUnavailable(Unavailable):
    """The keys that verify a session token cannot be fetched."""

    code = "keys-unavailable"


class StoreUnavailable(Unavailable):
    """The object store does not answer, or not in time."""

    code = "store-unavailable"


class StoreRefused(StoreUnavailable):
    """The store answers and lets this server do nothing: keys, permission, bucket, region or clock."""

    code = "store-refused"
    sentence = "The photo store refuses this server. Photos wait on the phones until that is mended."
    retry_after = 30


class NotEncrypted(StoreUnavailable):
    """The store keeps photos without showing the encryption that was asked for."""

    code = "store-not-encrypted"
    sentence = "The photo store does not show that it encrypts photos (AES256). They wait on the phones."
    retry_after = 30


class DatabaseBusy(Unavailable):
    """The database is locked or unreachable."""

    code = "database-busy"


class DatabaseRefused(DatabaseBusy):
    """The database answers, and refuses until an operator changes something: a password, a name."""


class StorageFull(Unavailable):
    """No disk space left on the server."""

    code = "storage-full"
    retry_after = 60
