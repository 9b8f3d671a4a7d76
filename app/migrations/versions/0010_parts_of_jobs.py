"""Let a job be split into parts."""

import sqlalchemy as sa
from alembic import op


revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change; no foreign key, for which SQLite would have to write the whole table anew."""
    op.add_column('jobs', sa.Column('whole_id', sa.String(length=40), nullable=True))
    op.add_column('jobs', sa.Column('part', sa.JSON(), nullable=True))
    op.create_index('ix_jobs_whole_id', 'jobs', ['whole_id'], unique=False)
    op.add_column('workers', sa.Column('knows_parts', sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    """Take the change back; jobs that are split cannot go on and go, with their parts."""
    op.execute(sa.text("DELETE FROM jobs WHERE whole_id IS NOT NULL OR (dispatch = 0 AND state IN ('queued', 'running'))"))
    op.drop_column('workers', 'knows_parts')
    op.drop_index('ix_jobs_whole_id', table_name='jobs')
    op.drop_column('jobs', 'part')
    op.drop_column('jobs', 'whole_id')
