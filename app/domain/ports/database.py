"""Transactions, and what each of them gives access to."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

import msgspec

from app.domain.ports.identity import AccountRepository, LoginFailureRepository, LoginRepository
from app.domain.ports.repositories import (
    ConsultationRepository,
    CurrentHistoryRepository,
    InventoryRepository,
    MaintenanceRepository,
    MetricsRepository,
    OutboxRepository,
    PhotoRepository,
    UploadSessionRepository,
)


class Transaction(msgspec.Struct, kw_only=True, frozen=True):
    """One open transaction: what its repositories change is committed together, or not at all."""

    photos: PhotoRepository
    consultations: ConsultationRepository
    current_history: CurrentHistoryRepository
    outbox: OutboxRepository
    inventory: InventoryRepository
    maintenance: MaintenanceRepository
    metrics: MetricsRepository
    upload_sessions: UploadSessionRepository
    accounts: AccountRepository
    logins: LoginRepository
    login_failures: LoginFailureRepository


class Database(Protocol):
    """Transactions. Raises ``DatabaseBusy`` when locked or unreachable."""

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Commit on leaving, roll back on any exception."""
        ...

    async def check(self) -> None:
        """Raise ``DatabaseBusy`` unless the database answers now."""
        ...
