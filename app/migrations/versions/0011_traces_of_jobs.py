"""Let a job carry the trace of the request that submitted it."""

import sqlalchemy as sa
from alembic import op


revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.add_column('jobs', sa.Column('traceparent', sa.String(length=64), nullable=True))


def downgrade() -> None:
    """Take the change back."""
    op.drop_column('jobs', 'traceparent')
