"""Everything one transaction can read and write: ``Records`` and ``AccountRecords`` over a connection."""

from app.adapters.database.account_records import LocalAccountRecords
from app.adapters.database.consultation_records import ConsultationRecords
from app.adapters.database.device_records import DeviceRecords
from app.adapters.database.gauge_records import GaugeRecords
from app.adapters.database.history_records import HistoryRecords
from app.adapters.database.outbox_records import OutboxRecords
from app.adapters.database.photo_records import PhotoRecords
from app.adapters.database.reconcile_records import ReconcileRecords
from app.adapters.database.session_records import SessionRecords
from app.adapters.database.statements import Connection
from app.adapters.database.sweep_records import SweepRecords


class SqlRecords(
    ConsultationRecords,
    HistoryRecords,
    PhotoRecords,
    DeviceRecords,
    SweepRecords,
    GaugeRecords,
    ReconcileRecords,
    OutboxRecords,
    SessionRecords,
    LocalAccountRecords,
):
    """The queries of all concerns on one open transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
