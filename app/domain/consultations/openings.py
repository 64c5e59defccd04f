"""When consultations were opened: what bounds the time of a photo whose phone has a wrong clock."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from app.domain.ports.database import Transaction


async def openings_of(tx: Transaction, user: str, consultations: Iterable[UUID]) -> dict[UUID, datetime]:
    """When the user's own consultations among these were opened."""
    found = [await tx.consultations.get(user, one) for one in dict.fromkeys(consultations)]
    return {one.consultation_id: one.opened_at for one in found if one is not None}
