"""The repositories of one open transaction, which share its connection."""

from app.adapters.database.repositories.accounts import (
    SqlAccountRepository,
    SqlLoginFailureRepository,
    SqlLoginRepository,
)
from app.adapters.database.repositories.consultations import SqlConsultationRepository
from app.adapters.database.repositories.current_history import SqlCurrentHistoryRepository
from app.adapters.database.repositories.inventory import SqlInventoryRepository
from app.adapters.database.repositories.maintenance import SqlMaintenanceRepository
from app.adapters.database.repositories.metrics import SqlMetricsRepository
from app.adapters.database.repositories.outbox import SqlOutboxRepository
from app.adapters.database.repositories.photos import SqlPhotoRepository
from app.adapters.database.repositories.upload_sessions import SqlUploadSessionRepository
from app.adapters.database.statements import Connection
from app.domain.ports.database import Transaction


def transaction_on(connection: Connection) -> Transaction:
    """What a transaction of the domain reads and writes, on this connection."""
    return Transaction(
        photos=SqlPhotoRepository(connection),
        consultations=SqlConsultationRepository(connection),
        current_history=SqlCurrentHistoryRepository(connection),
        outbox=SqlOutboxRepository(connection),
        inventory=SqlInventoryRepository(connection),
        maintenance=SqlMaintenanceRepository(connection),
        metrics=SqlMetricsRepository(connection),
        upload_sessions=SqlUploadSessionRepository(connection),
        accounts=SqlAccountRepository(connection),
        logins=SqlLoginRepository(connection),
        login_failures=SqlLoginFailureRepository(connection),
    )
