"""When a photo was refused, and when it was deleted: what an address brings back is erased in time."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two columns that nobody fills for the photos of before."""
    op.add_column("photos", sa.Column("refused_at", sa.BigInteger(), nullable=True))
    op.add_column("photos", sa.Column("deleted_at", sa.BigInteger(), nullable=True))
