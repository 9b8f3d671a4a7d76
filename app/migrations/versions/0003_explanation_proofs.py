"""Remember which jobs solve an alignment's question again with an account forced to another rep."""

import sqlalchemy as sa
from alembic import op


revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        'explanation_proofs',
        sa.Column('job_id', sa.String(length=40), nullable=False),
        sa.Column('alignment_id', sa.String(length=40), nullable=False),
        sa.Column('account_id', sa.Text(), nullable=False),
        sa.Column('rep_id', sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ['alignment_id'],
            ['alignments.id'],
            name=op.f('fk_explanation_proofs_alignment_id_alignments'),
            ondelete='CASCADE',
        ),
        sa.PrimaryKeyConstraint('job_id', name=op.f('pk_explanation_proofs')),
    )
    with op.batch_alter_table('explanation_proofs', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_explanation_proofs_alignment_id'), ['alignment_id'], unique=False)


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table('explanation_proofs', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_explanation_proofs_alignment_id'))
    op.drop_table('explanation_proofs')
