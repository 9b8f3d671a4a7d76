"""Give every stored noun a tenant; what stands there is the default tenant's."""

import sqlalchemy as sa
from alembic import op


revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

NOUNS = ('datasets', 'scenarios', 'jobs', 'alignments')
PARTS = ('job_tags', 'job_events', 'alignment_files', 'explanation_proofs', 'curves', 'curve_points')
PRIMARY_KEY = 'pk_idempotency_keys'


def upgrade() -> None:
    """Apply the change; the default stays, for what an older version's processes still write."""
    for table in (*NOUNS, *PARTS):
        op.add_column(table, _tenant())
    for table in NOUNS:
        op.create_index(f'ix_{table}_tenant_id_created_at', table, ['tenant_id', 'created_at'], unique=False)
    op.create_index('ix_jobs_tenant_id_state', 'jobs', ['tenant_id', 'state'], unique=False)
    with op.batch_alter_table('idempotency_keys', schema=None) as batch_op:
        batch_op.add_column(_tenant())
        batch_op.drop_constraint(PRIMARY_KEY, type_='primary')
        batch_op.create_primary_key(PRIMARY_KEY, ['tenant_id', 'key'])


def downgrade() -> None:
    """Take the change back; keys of other tenants are forgotten, their data become the default tenant's."""
    op.execute(sa.text("DELETE FROM idempotency_keys WHERE tenant_id <> 'default'"))
    with op.batch_alter_table('idempotency_keys', schema=None) as batch_op:
        batch_op.drop_constraint(PRIMARY_KEY, type_='primary')
        batch_op.create_primary_key(PRIMARY_KEY, ['key'])
        batch_op.drop_column('tenant_id')
    op.drop_index('ix_jobs_tenant_id_state', table_name='jobs')
    for table in NOUNS:
        op.drop_index(f'ix_{table}_tenant_id_created_at', table_name=table)
    for table in (*NOUNS, *PARTS):
        op.drop_column(table, 'tenant_id')


def _tenant() -> sa.Column[str]:
    return sa.Column('tenant_id', sa.String(length=64), nullable=False, server_default='default')
