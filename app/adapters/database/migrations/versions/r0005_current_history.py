"""Which consultation was current when, photos taken while another one was, discarded consultations."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_MOMENT = sa.BigInteger()
_ID = sa.String(36)
_COUNTED = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_IN_QUESTION = sa.text("taken_during IS NOT NULL AND place_confirmed_at IS NULL")

# What was current earlier is not known: photos taken before the migration are never asked about.
_BEGIN = """
    INSERT INTO current_history (owner, consultation_id, since)
    SELECT c.owner, c.consultation_id, :now FROM consultations c
    JOIN current_choices k ON k.owner = c.owner AND k.consultation_id = c.consultation_id
    WHERE c.closed_at IS NULL
"""
_BEGIN_UNFILED = """
    INSERT INTO current_history (owner, consultation_id, since)
    SELECT c.owner, c.consultation_id, :now FROM consultations c
    WHERE c.kind = 'unfiled' AND NOT EXISTS (SELECT 1 FROM current_history h WHERE h.owner = c.owner)
"""


def upgrade() -> None:
    """Two new tables and three columns, empty for all that is there; the history begins now."""
    op.create_table(
        "current_history",
        sa.Column("seq", _COUNTED, autoincrement=True, nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("consultation_id", _ID, nullable=False),
        sa.Column("since", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["consultation_id", "owner"],
            ["consultations.consultation_id", "consultations.owner"],
            name="fk_current_history_consultation_id_owner",
        ),
        sa.PrimaryKeyConstraint("seq", name="pk_current_history"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_current_history_owner_since", "current_history", ["owner", "since", "seq"])
    op.create_table(
        "consultation_audit",
        sa.Column("seq", _COUNTED, autoincrement=True, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("consultation_id", _ID, nullable=False),
        sa.Column("before", sa.String(120), nullable=False),
        sa.Column("after", sa.String(120), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_consultation_audit"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_consultation_audit_consultation_id", "consultation_audit", ["consultation_id"])
    op.add_column("consultations", sa.Column("discarded_at", _MOMENT, nullable=True))
    op.add_column("photos", sa.Column("taken_during", sa.BigInteger(), nullable=True))
    op.add_column("photos", sa.Column("place_confirmed_at", _MOMENT, nullable=True))
    op.create_index(
        "ix_photos_in_question",
        "photos",
        ["filed_in"],
        sqlite_where=_IN_QUESTION,
        postgresql_where=_IN_QUESTION,
    )
    now = int(datetime.now(UTC).timestamp() * 1000)
    for statement in (_BEGIN, _BEGIN_UNFILED):
        op.get_bind().execute(sa.text(statement), {"now": now})
