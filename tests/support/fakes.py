"""In-memory stand-ins for the ports; the contract tests check them against what the real adapters do."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from app.domain.errors import StoreUnavailable, TooLarge, Unauthenticated, Unavailable
from app.domain.identity.accounts import Profile
from app.domain.identity.users import AuthenticatedUser
from app.domain.photos.model import PhotoRow
from app.domain.ports.storage import InspectedImage, ObjectSummary, SignedUpload, StoredObject
from app.domain.signals import channel_name

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class FixedClock:
    """A clock that stops until a test moves it."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        """Move on by so many seconds."""
        self.now += timedelta(seconds=seconds)


class SequentialIds:
    """UUIDs of version 7 that count up, so that a test can name them."""

    def __init__(self, start: int = 1) -> None:
        self._next = start

    def __call__(self) -> UUID:
        value = uuid7(self._next)
        self._next += 1
        return value


def uuid7(number: int) -> UUID:
    """The ``number``-th UUID of version 7 of a test."""
    return UUID(int=(0x01935000 << 96) | (0x7000 << 64) | (0x8000 << 48) | number)


class MemoryStore:
    """Objects in a dictionary. ``down`` makes every call fail as a store that does not answer."""

    def __init__(self, clock: Callable[[], datetime] | None = None) -> None:
        self._clock = clock or FixedClock()
        self.objects: dict[str, tuple[StoredObject, datetime]] = {}
        self.down = False

    def put(
        self, key: str, body: bytes, content_type: str = "image/jpeg", encryption: str | None = "AES256"
    ) -> None:
        """What a phone's PUT does to a real store."""
        stored = StoredObject(body=body, content_type=content_type, encryption=encryption, sha256=None)
        self.objects[key] = (stored, self._clock())

    async def read(self, key: str, limit: int) -> StoredObject | None:
        self._answer()
        if key not in self.objects:
            return None
        stored = self.objects[key][0]
        if len(stored.body) > limit:
            raise TooLarge
        return stored

    async def write_derived(self, key: str, body: bytes, content_type: str) -> None:
        self._answer()
        if key not in self.objects:
            self.put(key, body, content_type)

    async def delete(self, key: str) -> None:
        self._answer()
        self.objects.pop(key, None)

    async def keys(self, prefix: str) -> AsyncIterator[ObjectSummary]:
        self._answer()
        for key, (stored, at) in sorted(self.objects.items()):
            if key.startswith(prefix):
                yield ObjectSummary(key=key, size=len(stored.body), modified_at=at)

    async def check(self) -> None:
        self._answer()

    def _answer(self) -> None:
        if self.down:
            raise StoreUnavailable


class PlainSigner:
    """URLs with a readable mark instead of a signature; GET URLs keep for 5 minutes as real ones do."""

    def __init__(self, origin: str = "http://localhost:8000", bucket: str = "photos") -> None:
        self._base = f"{origin}/{bucket}"

    def sign_put(self, row: PhotoRow) -> SignedUpload:
        return SignedUpload(
            url=f"{self._base}/{row.key}?signed=put",
            method="PUT",
            headers={"content-type": row.content_type, "if-none-match": "*"},
            expires_in=300,
        )

    def sign_get(self, row: PhotoRow, now: datetime) -> str:
        return self._get(row.key, now)

    def sign_thumbnail(self, row: PhotoRow, now: datetime) -> str:
        return self._get(row.thumbnail_key, now)

    def _get(self, key: str, now: datetime) -> str:
        return f"{self._base}/{key}?signed={int(now.timestamp()) // 300}"


@dataclass
class MemorySignals:
    """Remembers what was published; ``down`` makes publishing fail."""

    published: list[tuple[str, str, dict[str, object]]] = field(default_factory=list)
    down: bool = False

    async def publish(self, user: str, message_id: str, payload: Mapping[str, object]) -> None:
        channel_name(user)
        await self.check()
        self.published.append((user, message_id, dict(payload)))

    def token(self, user: str, session: str = "") -> str:
        channel_name(user)
        return f"subscribe:{user}"

    async def check(self) -> None:
        if self.down:
            raise Unavailable


class OpenTokens:
    """Accepts ``token-of-<user>`` and counts its calls."""

    def __init__(self) -> None:
        self.asked = 0

    async def verify(self, token: str) -> AuthenticatedUser:
        self.asked += 1
        if not token.startswith("token-of-"):
            raise Unauthenticated
        user = token.removeprefix("token-of-")
        return AuthenticatedUser(id=user, session=f"sess_{user.removeprefix('user_')}")


class NamedProfiles:
    """Names users after their ids."""

    async def profile(self, user: str) -> Profile:
        return Profile(name=user.removeprefix("user_").title())


class TrustingInspector:
    """Reports every image as having the size and the thumbnail that the test set."""

    def __init__(self, content_type: str = "image/jpeg", width: int = 800, height: int = 600) -> None:
        self.thumbnail: bytes | None = None
        self._kind, self._size = content_type, (width, height)

    async def inspect(self, body: bytes) -> InspectedImage:
        width, height = self._size
        return InspectedImage(content_type=self._kind, width=width, height=height, thumbnail=self.thumbnail)
