"""Say what a job computes; keep curves and their points."""

import sqlalchemy as sa
from alembic import op


revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    with op.batch_alter_table('jobs', schema=None) as batch_op:
        batch_op.add_column(sa.Column('kind', sa.String(length=16), nullable=False, server_default='alignment'))
    op.create_table(
        'curves',
        sa.Column('job_id', sa.String(length=40), nullable=False),
        sa.Column('kind', sa.String(length=16), nullable=False),
        sa.Column('wanted', sa.JSON(), nullable=False),
        sa.Column('summary', sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(['job_id'], ['jobs.id'], name=op.f('fk_curves_job_id_jobs'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('job_id', name=op.f('pk_curves')),
    )
    op.create_table(
        'curve_points',
        sa.Column('job_id', sa.String(length=40), nullable=False),
        sa.Column('position', sa.Integer(), nullable=False),
        sa.Column('file', sa.String(length=64), nullable=True),
        sa.Column('alignment_id', sa.String(length=40), nullable=True),
        sa.Column('data', sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ['alignment_id'], ['alignments.id'], name=op.f('fk_curve_points_alignment_id_alignments')
        ),
        sa.ForeignKeyConstraint(
            ['job_id'], ['curves.job_id'], name=op.f('fk_curve_points_job_id_curves'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('job_id', 'position', name=op.f('pk_curve_points')),
    )
    with op.batch_alter_table('curve_points', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_curve_points_alignment_id'), ['alignment_id'], unique=False)


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table('curve_points', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_curve_points_alignment_id'))
    op.drop_table('curve_points')
    op.drop_table('curves')
    with op.batch_alter_table('jobs', schema=None) as batch_op:
        batch_op.drop_column('kind')
