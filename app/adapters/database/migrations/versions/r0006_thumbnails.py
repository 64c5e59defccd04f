"""Whether a photo has a thumbnail in the store."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One column more; photos of before have none, and the gallery shows them as they are."""
    op.add_column(
        "photos", sa.Column("has_thumbnail", sa.Boolean(), nullable=False, server_default=sa.false())
    )
