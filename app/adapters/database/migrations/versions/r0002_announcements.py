"""What phones say they hold, so that photos which never arrive can be named; counters for the operator."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_MOMENT = sa.BigInteger()
_ID = sa.String(36)


def upgrade() -> None:
    """Three new tables; nothing that is there changes."""
    op.create_table(
        "devices",
        sa.Column("device_id", _ID, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("heard_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("device_id", name="pk_devices"),
        sa.UniqueConstraint("digest", name="uq_devices_digest"),
    )
    op.create_table(
        "announcements",
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("photo_id", _ID, nullable=False),
        sa.Column("device_id", _ID, nullable=False),
        sa.Column("consultation_id", _ID, nullable=False),
        sa.Column("captured_at", _MOMENT, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("announced_at", _MOMENT, nullable=False),
        sa.Column("missing_since", _MOMENT, nullable=True),
        sa.Column("acknowledged_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["devices.device_id"], name="fk_announcements_device_id"),
        sa.PrimaryKeyConstraint("owner", "photo_id", name="pk_announcements"),
    )
    op.create_index("ix_announcements_device_id", "announcements", ["device_id"])
    op.create_table(
        "tallies",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_tallies"),
    )
