"""The schema, the same for SQLite and PostgreSQL; migrations lead to exactly this.

A photo refers to its consultations together with its owner, so that the database itself refuses
to file a photo under another user's consultation.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Sequence,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from app.adapters.database.columns import EnumText, Identifier, UtcMillis
from app.domain.consultations.model import ConsultationKind
from app.domain.photos.model import PhotoState

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_USER = String(64)
_DIGEST = String(64)
# SQLite counts by itself only in a column that is called INTEGER.
_COUNTED = BigInteger().with_variant(Integer, "sqlite")

users = Table(
    "users",
    metadata,
    Column("user_id", _USER, primary_key=True),
    Column("created_at", UtcMillis, nullable=False),
)

consultations = Table(
    "consultations",
    metadata,
    Column("consultation_id", Identifier, primary_key=True),
    Column("owner", _USER, ForeignKey("users.user_id"), nullable=False),
    Column("kind", EnumText(ConsultationKind), nullable=False),
    Column("label", String(120), nullable=False),
    Column("second_identifier", String(120)),
    Column("notes", Text, nullable=False),
    Column("opened_at", UtcMillis, nullable=False),
    Column("closed_at", UtcMillis),
    Column("discarded_at", UtcMillis),
    Column("rev", BigInteger, nullable=False),
    UniqueConstraint("consultation_id", "owner"),
    CheckConstraint("kind IN ('visit', 'unfiled')", name="kind"),
    CheckConstraint("rev >= 0", name="rev"),
)
Index("ix_consultations_owner_opened_at", consultations.c.owner, consultations.c.opened_at)
Index(
    "uq_consultations_unfiled",
    consultations.c.owner,
    unique=True,
    sqlite_where=text("kind = 'unfiled'"),
    postgresql_where=text("kind = 'unfiled'"),
)

current_choices = Table(
    "current_choices",
    metadata,
    Column("owner", _USER, primary_key=True),
    Column("consultation_id", Identifier, nullable=False),
    ForeignKeyConstraint(
        ["consultation_id", "owner"], ["consultations.consultation_id", "consultations.owner"]
    ),
)

# Which consultation was current since when; the unfiled one where none was. Rows are only ever added.
current_history = Table(
    "current_history",
    metadata,
    Column("seq", _COUNTED, primary_key=True, autoincrement=True),
    Column("owner", _USER, nullable=False),
    Column("consultation_id", Identifier, nullable=False),
    Column("since", UtcMillis, nullable=False),
    ForeignKeyConstraint(
        ["consultation_id", "owner"], ["consultations.consultation_id", "consultations.owner"]
    ),
    sqlite_autoincrement=True,
)
Index(
    "ix_current_history_owner_since",
    current_history.c.owner,
    current_history.c.since,
    current_history.c.seq,
)

# The order in which photos reached the server. SQLite, with one writer, counts without it.
received_order = Sequence("photos_received_order", metadata=metadata)

photos = Table(
    "photos",
    metadata,
    Column("photo_id", Identifier, primary_key=True),
    Column("owner", _USER, nullable=False),
    Column("captured_in", Identifier, nullable=False),
    Column("filed_in", Identifier, nullable=False),
    Column("state", EnumText(PhotoState), nullable=False),
    Column("content_type", String(16), nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", _DIGEST, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("captured_at", UtcMillis, nullable=False),
    Column("device_captured_at", UtcMillis),
    Column("created_at", UtcMillis, nullable=False),
    Column("received_at", UtcMillis),
    Column("late", Boolean, nullable=False),
    Column("caption", String(500), nullable=False),
    Column("body_site", String(100), nullable=False),
    Column("side", String(16), nullable=False),
    Column("view", String(16), nullable=False),
    Column("stored_seq", BigInteger, unique=True),
    Column("next_look_at", UtcMillis, index=True),
    Column("looks", Integer, nullable=False),
    Column("erase_again_at", UtcMillis, index=True),
    Column("refused_at", UtcMillis),
    Column("deleted_at", UtcMillis),
    # The entry of ``current_history`` that speaks against the photo's place, and when that was answered.
    Column("taken_during", BigInteger),
    Column("place_confirmed_at", UtcMillis),
    # Processes of the version before insert photos without it while the new ones start.
    Column("has_thumbnail", Boolean, nullable=False, server_default=false()),
    ForeignKeyConstraint(["captured_in", "owner"], ["consultations.consultation_id", "consultations.owner"]),
    ForeignKeyConstraint(["filed_in", "owner"], ["consultations.consultation_id", "consultations.owner"]),
    CheckConstraint("state IN ('pending', 'stored', 'deleted')", name="state"),
    CheckConstraint("content_type IN ('image/jpeg', 'image/webp')", name="content_type"),
    CheckConstraint("size > 0 AND width > 0 AND height > 0", name="measures"),
    CheckConstraint("length(sha256) = 64", name="sha256"),
    CheckConstraint("side IN ('', 'left', 'right', 'both', 'midline')", name="side"),
    CheckConstraint("view IN ('', 'overview', 'regional', 'close-up')", name="view"),
    CheckConstraint("(state = 'pending') = (next_look_at IS NOT NULL)", name="look"),
    CheckConstraint(
        "state <> 'stored' OR (received_at IS NOT NULL AND stored_seq IS NOT NULL)", name="received"
    ),
    CheckConstraint("state = 'deleted' OR erase_again_at IS NULL", name="erasure"),
)
Index("ix_photos_filed_in_state_stored_seq", photos.c.filed_in, photos.c.state, photos.c.stored_seq)
Index(
    "ix_photos_in_question",
    photos.c.filed_in,
    sqlite_where=text("taken_during IS NOT NULL AND place_confirmed_at IS NULL"),
    postgresql_where=text("taken_during IS NOT NULL AND place_confirmed_at IS NULL"),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", _COUNTED, primary_key=True, autoincrement=True),
    Column("at", UtcMillis, nullable=False),
    Column("actor", _USER, nullable=False),
    Column("action", String(32), nullable=False),
    Column("photo_id", Identifier, nullable=False, index=True),
    Column("before", String(64), nullable=False),
    Column("after", String(64), nullable=False),
    sqlite_autoincrement=True,
)

# Changes of a consultation, before and after; its own table, since it holds text and no photo.
consultation_audit = Table(
    "consultation_audit",
    metadata,
    Column("seq", _COUNTED, primary_key=True, autoincrement=True),
    Column("at", UtcMillis, nullable=False),
    Column("actor", _USER, nullable=False),
    Column("action", String(32), nullable=False),
    Column("consultation_id", Identifier, nullable=False, index=True),
    Column("before", String(120), nullable=False),
    Column("after", String(120), nullable=False),
    sqlite_autoincrement=True,
)

outbox = Table(
    "outbox",
    metadata,
    Column("seq", _COUNTED, primary_key=True, autoincrement=True),
    Column("event_id", Identifier, nullable=False, unique=True),
    Column("owner", _USER, nullable=False),
    Column("payload", Text, nullable=False),
    Column("created_at", UtcMillis, nullable=False),
    Column("published_at", UtcMillis),
    sqlite_autoincrement=True,
)
Index("ix_outbox_published_at_seq", outbox.c.published_at, outbox.c.seq)

upload_sessions = Table(
    "upload_sessions",
    metadata,
    Column("digest", _DIGEST, primary_key=True),
    Column("user_id", _USER, nullable=False, index=True),
    Column("session_id", String(128), nullable=False),
    Column("until", UtcMillis, nullable=False),
)

# Device inventories. Without foreign keys on purpose: a phone may report consultations and photos that
# a restored backup does not know, and the server must accept them all the same.
devices = Table(
    "devices",
    metadata,
    Column("device_id", Identifier, primary_key=True),
    Column("digest", _DIGEST, nullable=False, unique=True),
    Column("heard_at", UtcMillis, nullable=False),
)

announcements = Table(
    "announcements",
    metadata,
    Column("owner", _USER, primary_key=True),
    Column("photo_id", Identifier, primary_key=True),
    Column("device_id", Identifier, ForeignKey("devices.device_id"), nullable=False, index=True),
    Column("consultation_id", Identifier, nullable=False),
    Column("captured_at", UtcMillis, nullable=False),
    Column("state", String(16), nullable=False),
    Column("announced_at", UtcMillis, nullable=False),
    Column("missing_since", UtcMillis),
    Column("acknowledged_at", UtcMillis),
)

tallies = Table(
    "tallies",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("count", BigInteger, nullable=False),
)

accounts = Table(
    "accounts",
    metadata,
    Column("user_id", _USER, primary_key=True),
    Column("name", String(120), nullable=False),
    Column("folded_name", String(360), nullable=False, unique=True),
    Column("password_hash", String(255), nullable=False),
    Column("must_change", Boolean, nullable=False),
)

login_sessions = Table(
    "login_sessions",
    metadata,
    Column("digest", _DIGEST, primary_key=True),
    Column("user_id", _USER, ForeignKey("accounts.user_id"), nullable=False, index=True),
    Column("until", UtcMillis, nullable=False),
)

login_failures = Table(
    "login_failures",
    metadata,
    Column("key", String(255), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("until", UtcMillis, nullable=False),
    CheckConstraint("count >= 0", name="count"),
)
