"""The first schema: people, consultations, photos, and what is written beside them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_MOMENT = sa.BigInteger()
_ID = sa.String(36)
_COUNTED = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """From nothing."""
    _create_people()
    _create_consultations()
    _create_photos()
    _create_trail()


def _create_people() -> None:
    op.create_table(
        "users",
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_users"),
    )
    op.create_table(
        "accounts",
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("folded_name", sa.String(360), nullable=False),
        sa.Column("password_hash", sa.String(255), nullable=False),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_accounts"),
        sa.UniqueConstraint("folded_name", name="uq_accounts_folded_name"),
    )
    op.create_table(
        "login_sessions",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("until", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["accounts.user_id"], name="fk_login_sessions_user_id"),
        sa.PrimaryKeyConstraint("digest", name="pk_login_sessions"),
    )
    op.create_index("ix_login_sessions_user_id", "login_sessions", ["user_id"])
    op.create_table(
        "login_failures",
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("until", _MOMENT, nullable=False),
        sa.CheckConstraint("count >= 0", name=op.f("ck_login_failures_count")),
        sa.PrimaryKeyConstraint("key", name="pk_login_failures"),
    )
    op.create_table(
        "upload_sessions",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("session_id", sa.String(128), nullable=False),
        sa.Column("until", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_upload_sessions"),
    )
    op.create_index("ix_upload_sessions_user_id", "upload_sessions", ["user_id"])


def _create_consultations() -> None:
    op.create_table(
        "consultations",
        sa.Column("consultation_id", _ID, nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("label", sa.String(120), nullable=False),
        sa.Column("second_identifier", sa.String(120), nullable=True),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("opened_at", _MOMENT, nullable=False),
        sa.Column("closed_at", _MOMENT, nullable=True),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('visit', 'unfiled')", name=op.f("ck_consultations_kind")),
        sa.CheckConstraint("rev >= 0", name=op.f("ck_consultations_rev")),
        sa.ForeignKeyConstraint(["owner"], ["users.user_id"], name="fk_consultations_owner"),
        sa.PrimaryKeyConstraint("consultation_id", name="pk_consultations"),
        sa.UniqueConstraint("consultation_id", "owner", name="uq_consultations_consultation_id_owner"),
    )
    op.create_index("ix_consultations_owner_opened_at", "consultations", ["owner", "opened_at"])
    op.create_index(
        "uq_consultations_unfiled",
        "consultations",
        ["owner"],
        unique=True,
        sqlite_where=sa.text("kind = 'unfiled'"),
        postgresql_where=sa.text("kind = 'unfiled'"),
    )
    op.create_table(
        "current_choices",
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("consultation_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["consultation_id", "owner"],
            ["consultations.consultation_id", "consultations.owner"],
            name="fk_current_choices_consultation_id_owner",
        ),
        sa.PrimaryKeyConstraint("owner", name="pk_current_choices"),
    )


def _create_photos() -> None:
    if op.get_bind().dialect.supports_sequences:
        op.execute(sa.schema.CreateSequence(sa.Sequence("photos_received_order")))
    op.create_table(
        "photos",
        sa.Column("photo_id", _ID, nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("captured_in", _ID, nullable=False),
        sa.Column("filed_in", _ID, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("content_type", sa.String(16), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("captured_at", _MOMENT, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("received_at", _MOMENT, nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("caption", sa.String(500), nullable=False),
        sa.Column("body_site", sa.String(100), nullable=False),
        sa.Column("side", sa.String(16), nullable=False),
        sa.Column("view", sa.String(16), nullable=False),
        sa.Column("stored_seq", sa.BigInteger(), nullable=True),
        sa.Column("next_look_at", _MOMENT, nullable=True),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("erase_again_at", _MOMENT, nullable=True),
        sa.CheckConstraint("(state = 'pending') = (next_look_at IS NOT NULL)", name=op.f("ck_photos_look")),
        sa.CheckConstraint(
            "content_type IN ('image/jpeg', 'image/webp')", name=op.f("ck_photos_content_type")
        ),
        sa.CheckConstraint("side IN ('', 'left', 'right', 'both', 'midline')", name=op.f("ck_photos_side")),
        sa.CheckConstraint(
            "state <> 'stored' OR (received_at IS NOT NULL AND stored_seq IS NOT NULL)",
            name=op.f("ck_photos_received"),
        ),
        sa.CheckConstraint("state = 'deleted' OR erase_again_at IS NULL", name=op.f("ck_photos_erasure")),
        sa.CheckConstraint("state IN ('pending', 'stored', 'deleted')", name=op.f("ck_photos_state")),
        sa.CheckConstraint("view IN ('', 'overview', 'regional', 'close-up')", name=op.f("ck_photos_view")),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_photos_sha256")),
        sa.CheckConstraint("size > 0 AND width > 0 AND height > 0", name=op.f("ck_photos_measures")),
        sa.ForeignKeyConstraint(
            ["captured_in", "owner"],
            ["consultations.consultation_id", "consultations.owner"],
            name="fk_photos_captured_in_owner",
        ),
        sa.ForeignKeyConstraint(
            ["filed_in", "owner"],
            ["consultations.consultation_id", "consultations.owner"],
            name="fk_photos_filed_in_owner",
        ),
        sa.PrimaryKeyConstraint("photo_id", name="pk_photos"),
        sa.UniqueConstraint("stored_seq", name="uq_photos_stored_seq"),
    )
    op.create_index("ix_photos_erase_again_at", "photos", ["erase_again_at"])
    op.create_index("ix_photos_filed_in_state_stored_seq", "photos", ["filed_in", "state", "stored_seq"])
    op.create_index("ix_photos_next_look_at", "photos", ["next_look_at"])


def _create_trail() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", _COUNTED, autoincrement=True, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("photo_id", _ID, nullable=False),
        sa.Column("before", sa.String(64), nullable=False),
        sa.Column("after", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_audit"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_photo_id", "audit", ["photo_id"])
    op.create_table(
        "outbox",
        sa.Column("seq", _COUNTED, autoincrement=True, nullable=False),
        sa.Column("event_id", _ID, nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("published_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("seq", name="pk_outbox"),
        sa.UniqueConstraint("event_id", name="uq_outbox_event_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outbox_published_at_seq", "outbox", ["published_at", "seq"])
