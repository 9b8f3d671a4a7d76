"""Count an alignment's edits; let a job begin with an alignment and leave only some reps open."""

import sqlalchemy as sa
from alembic import op


revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    with op.batch_alter_table('alignments', schema=None) as batch_op:
        batch_op.add_column(sa.Column('num_edits', sa.Integer(), nullable=False, server_default='0'))
    with op.batch_alter_table('jobs', schema=None) as batch_op:
        batch_op.add_column(sa.Column('initial_alignment_id', sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column('open_reps', sa.JSON(), nullable=True))
        batch_op.create_index(batch_op.f('ix_jobs_initial_alignment_id'), ['initial_alignment_id'], unique=False)


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table('jobs', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_jobs_initial_alignment_id'))
        batch_op.drop_column('open_reps')
        batch_op.drop_column('initial_alignment_id')
    with op.batch_alter_table('alignments', schema=None) as batch_op:
        batch_op.drop_column('num_edits')
