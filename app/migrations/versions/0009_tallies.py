"""Keep sums of what has ended, for metrics."""

import sqlalchemy as sa
from alembic import op


revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        'tallies',
        sa.Column('name', sa.String(length=64), nullable=False),
        sa.Column('labels', sa.String(length=500), nullable=False),
        sa.Column('value', sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint('name', 'labels', name=op.f('pk_tallies')),
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_table('tallies')
