"""Keep API keys: what it takes to recognize them, never the keys; give jobs their tenant's turn."""

import sqlalchemy as sa
from alembic import op


revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        'api_keys',
        sa.Column('id', sa.String(length=40), nullable=False),
        sa.Column('tenant_id', sa.String(length=64), nullable=False, server_default='default'),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('role', sa.String(length=16), nullable=False),
        sa.Column('verbs', sa.JSON(), nullable=False),
        sa.Column('rep_id', sa.Text(), nullable=True),
        sa.Column('prefix', sa.String(length=16), nullable=False),
        sa.Column('salt', sa.String(length=32), nullable=False),
        sa.Column('hash', sa.String(length=64), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_api_keys')),
        sa.UniqueConstraint('prefix', name=op.f('uq_api_keys_prefix')),
    )
    op.add_column('jobs', sa.Column('turn', sa.Integer(), nullable=False, server_default='0'))


def downgrade() -> None:
    """Take the change back."""
    op.drop_column('jobs', 'turn')
    op.drop_table('api_keys')
