"""What the phone's own clock said at the shutter, beside the time that is believed."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One column more; photos of before have no second time."""
    op.add_column("photos", sa.Column("device_captured_at", sa.BigInteger(), nullable=True))
