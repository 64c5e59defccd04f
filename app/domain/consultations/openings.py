"""When consultations were opened, and thereby whose they are: asked of the database once."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from app.domain.ports.database import Transaction

MOST_KNOWN = 10_000


class KnownOpenings:
    """Consultations that are known to be a user's.

    Nothing makes this outdated: a consultation keeps its owner and its opening, and none is ever deleted.
    """

    def __init__(self, most: int = MOST_KNOWN) -> None:
        self._most = most
        self._known: dict[tuple[str, UUID], datetime] = {}

    async def read(self, tx: Transaction, user: str, ids: Iterable[UUID]) -> dict[UUID, datetime]:
        """When those of ``ids`` that are the user's were opened; without all others."""
        known = {one: self._known.get((user, one)) for one in ids}
        asked = await tx.consultations.openings(user, [one for one, at in known.items() if at is None])
        return {one: at for one, at in known.items() if at is not None} | asked

    def remember(self, user: str, openings: Mapping[UUID, datetime]) -> None:
        """For after the commit: what a transaction reads may be undone with the one that wrote it."""
        if len(self._known) + len(openings) > self._most:
            self._known.clear()
        self._known.update({(user, one): at for one, at in openings.items()})
