"""Everything one transaction can read and write: ``Records`` and ``AccountRecords`` over a connection."""

from app.adapters.database.records.accounts import LocalAccountRecords
from app.adapters.database.records.consultations import ConsultationRecords
from app.adapters.database.records.devices import DeviceRecords
from app.adapters.database.records.gauges import GaugeRecords
from app.adapters.database.records.history import HistoryRecords
from app.adapters.database.records.outbox import OutboxRecords
from app.adapters.database.records.photos import PhotoRecords
from app.adapters.database.records.reconcile import ReconcileRecords
from app.adapters.database.records.sessions import SessionRecords
from app.adapters.database.records.sweep import SweepRecords
from app.adapters.database.statements import Connection


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
