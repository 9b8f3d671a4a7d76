"""Create the tables of datasets, scenarios, jobs, alignments and their blobs."""

import sqlalchemy as sa
from alembic import op


revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table('blobs',
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('sha256', name=op.f('pk_blobs'))
    )
    op.create_table('idempotency_keys',
    sa.Column('key', sa.String(length=1000), nullable=False),
    sa.Column('fingerprint', sa.String(length=64), nullable=False),
    sa.Column('claim', sa.String(length=32), nullable=False),
    sa.Column('claimed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('status', sa.Integer(), nullable=True),
    sa.Column('body', sa.LargeBinary(), nullable=True),
    sa.Column('headers', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_idempotency_keys'))
    )
    with op.batch_alter_table('idempotency_keys', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_idempotency_keys_claimed_at'), ['claimed_at'], unique=False)

    op.create_table('workers',
    sa.Column('id', sa.String(length=200), nullable=False),
    sa.Column('host', sa.String(length=200), nullable=False),
    sa.Column('process_id', sa.Integer(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('heartbeat_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_workers'))
    )
    op.create_table('blob_chunks',
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('part', sa.Integer(), nullable=False),
    sa.Column('data', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['sha256'], ['blobs.sha256'], name=op.f('fk_blob_chunks_sha256_blobs'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('sha256', 'part', name=op.f('pk_blob_chunks'))
    )
    op.create_table('datasets',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('parent_id', sa.String(length=40), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('archived', sa.Boolean(), nullable=False),
    sa.Column('num_accounts', sa.Integer(), nullable=False),
    sa.Column('num_reps', sa.Integer(), nullable=False),
    sa.Column('num_units', sa.Integer(), nullable=False),
    sa.Column('num_pairs', sa.Integer(), nullable=False),
    sa.Column('num_families', sa.Integer(), nullable=False),
    sa.Column('measures', sa.JSON(), nullable=False),
    sa.Column('checks', sa.JSON(), nullable=False),
    sa.Column('num_checks', sa.Integer(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('accounts_sha256', sa.String(length=64), nullable=False),
    sa.Column('reps_sha256', sa.String(length=64), nullable=False),
    sa.Column('pairs_sha256', sa.String(length=64), nullable=True),
    sa.Column('units_sha256', sa.String(length=64), nullable=True),
    sa.ForeignKeyConstraint(['accounts_sha256'], ['blobs.sha256'], name=op.f('fk_datasets_accounts_sha256_blobs')),
    sa.ForeignKeyConstraint(['pairs_sha256'], ['blobs.sha256'], name=op.f('fk_datasets_pairs_sha256_blobs')),
    sa.ForeignKeyConstraint(['parent_id'], ['datasets.id'], name=op.f('fk_datasets_parent_id_datasets'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['reps_sha256'], ['blobs.sha256'], name=op.f('fk_datasets_reps_sha256_blobs')),
    sa.ForeignKeyConstraint(['units_sha256'], ['blobs.sha256'], name=op.f('fk_datasets_units_sha256_blobs')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_datasets'))
    )
    with op.batch_alter_table('datasets', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_datasets_created_at'), ['created_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_datasets_parent_id'), ['parent_id'], unique=False)

    op.create_table('alignments',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('archived', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('origin_kind', sa.String(length=16), nullable=False),
    sa.Column('job_id', sa.String(length=40), nullable=True),
    sa.Column('parent_id', sa.String(length=40), nullable=True),
    sa.Column('dataset_id', sa.String(length=40), nullable=False),
    sa.Column('scenario_id', sa.String(length=40), nullable=True),
    sa.Column('summary', sa.JSON(), nullable=False),
    sa.Column('assignments_sha256', sa.String(length=64), nullable=False),
    sa.Column('certificate_sha256', sa.String(length=64), nullable=True),
    sa.ForeignKeyConstraint(['assignments_sha256'], ['blobs.sha256'], name=op.f('fk_alignments_assignments_sha256_blobs')),
    sa.ForeignKeyConstraint(['certificate_sha256'], ['blobs.sha256'], name=op.f('fk_alignments_certificate_sha256_blobs')),
    sa.ForeignKeyConstraint(['dataset_id'], ['datasets.id'], name=op.f('fk_alignments_dataset_id_datasets')),
    sa.ForeignKeyConstraint(['parent_id'], ['alignments.id'], name=op.f('fk_alignments_parent_id_alignments')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_alignments'))
    )
    with op.batch_alter_table('alignments', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_alignments_assignments_sha256'), ['assignments_sha256'], unique=False)
        batch_op.create_index(batch_op.f('ix_alignments_certificate_sha256'), ['certificate_sha256'], unique=False)
        batch_op.create_index(batch_op.f('ix_alignments_created_at'), ['created_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_alignments_dataset_id'), ['dataset_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_alignments_job_id'), ['job_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_alignments_parent_id'), ['parent_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_alignments_scenario_id'), ['scenario_id'], unique=False)
        batch_op.create_index('uq_alignments_imported', ['dataset_id'], unique=True, sqlite_where=sa.text("origin_kind = 'import'"), postgresql_where=sa.text("origin_kind = 'import'"))

    op.create_table('scenarios',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('dataset_id', sa.String(length=40), nullable=False),
    sa.Column('based_on', sa.String(length=40), nullable=True),
    sa.Column('criteria', sa.JSON(), nullable=False),
    sa.Column('search', sa.JSON(), nullable=False),
    sa.Column('criteria_sha256', sa.String(length=64), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('archived', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['based_on'], ['scenarios.id'], name=op.f('fk_scenarios_based_on_scenarios'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['dataset_id'], ['datasets.id'], name=op.f('fk_scenarios_dataset_id_datasets')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_scenarios'))
    )
    with op.batch_alter_table('scenarios', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_scenarios_based_on'), ['based_on'], unique=False)
        batch_op.create_index(batch_op.f('ix_scenarios_created_at'), ['created_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_scenarios_dataset_id'), ['dataset_id'], unique=False)

    op.create_table('alignment_files',
    sa.Column('alignment_id', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=64), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['alignment_id'], ['alignments.id'], name=op.f('fk_alignment_files_alignment_id_alignments'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['sha256'], ['blobs.sha256'], name=op.f('fk_alignment_files_sha256_blobs')),
    sa.PrimaryKeyConstraint('alignment_id', 'kind', name=op.f('pk_alignment_files'))
    )
    with op.batch_alter_table('alignment_files', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_alignment_files_sha256'), ['sha256'], unique=False)

    op.create_table('jobs',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('outcome', sa.String(length=16), nullable=True),
    sa.Column('stop_reason', sa.String(length=32), nullable=True),
    sa.Column('priority', sa.Integer(), nullable=False),
    sa.Column('tags', sa.JSON(), nullable=False),
    sa.Column('dataset_id', sa.String(length=40), nullable=False),
    sa.Column('scenario_id', sa.String(length=40), nullable=False),
    sa.Column('alignment_id', sa.String(length=40), nullable=True),
    sa.Column('time_limit_s', sa.Double(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('deaths', sa.Integer(), nullable=False),
    sa.Column('fence', sa.Integer(), nullable=False),
    sa.Column('dispatch', sa.Integer(), nullable=False),
    sa.Column('worker_id', sa.String(length=200), nullable=True),
    sa.Column('lease_expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('stop_requested', sa.Boolean(), nullable=False),
    sa.Column('progress', sa.JSON(), nullable=True),
    sa.Column('conflicts', sa.JSON(), nullable=False),
    sa.Column('relaxations', sa.JSON(), nullable=False),
    sa.Column('problem', sa.JSON(), nullable=True),
    sa.Column('num_events', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['dataset_id'], ['datasets.id'], name=op.f('fk_jobs_dataset_id_datasets')),
    sa.ForeignKeyConstraint(['scenario_id'], ['scenarios.id'], name=op.f('fk_jobs_scenario_id_scenarios')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_jobs'))
    )
    with op.batch_alter_table('jobs', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_jobs_alignment_id'), ['alignment_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_jobs_created_at'), ['created_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_jobs_dataset_id'), ['dataset_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_jobs_scenario_id'), ['scenario_id'], unique=False)
        batch_op.create_index('ix_jobs_state_lease_expires_at', ['state', 'lease_expires_at'], unique=False)

    op.create_table('job_events',
    sa.Column('job_id', sa.String(length=40), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('data', sa.JSON(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['job_id'], ['jobs.id'], name=op.f('fk_job_events_job_id_jobs'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('job_id', 'number', name=op.f('pk_job_events'))
    )
    op.create_table('job_tags',
    sa.Column('job_id', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('value', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['job_id'], ['jobs.id'], name=op.f('fk_job_tags_job_id_jobs'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('job_id', 'name', name=op.f('pk_job_tags'))
    )


def downgrade() -> None:
    """Undo the change."""
    op.drop_table('job_tags')
    op.drop_table('job_events')
    with op.batch_alter_table('jobs', schema=None) as batch_op:
        batch_op.drop_index('ix_jobs_state_lease_expires_at')
        batch_op.drop_index(batch_op.f('ix_jobs_scenario_id'))
        batch_op.drop_index(batch_op.f('ix_jobs_dataset_id'))
        batch_op.drop_index(batch_op.f('ix_jobs_created_at'))
        batch_op.drop_index(batch_op.f('ix_jobs_alignment_id'))

    op.drop_table('jobs')
    with op.batch_alter_table('alignment_files', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_alignment_files_sha256'))

    op.drop_table('alignment_files')
    with op.batch_alter_table('scenarios', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_scenarios_dataset_id'))
        batch_op.drop_index(batch_op.f('ix_scenarios_created_at'))
        batch_op.drop_index(batch_op.f('ix_scenarios_based_on'))

    op.drop_table('scenarios')
    with op.batch_alter_table('alignments', schema=None) as batch_op:
        batch_op.drop_index('uq_alignments_imported', sqlite_where=sa.text("origin_kind = 'import'"), postgresql_where=sa.text("origin_kind = 'import'"))
        batch_op.drop_index(batch_op.f('ix_alignments_scenario_id'))
        batch_op.drop_index(batch_op.f('ix_alignments_parent_id'))
        batch_op.drop_index(batch_op.f('ix_alignments_job_id'))
        batch_op.drop_index(batch_op.f('ix_alignments_dataset_id'))
        batch_op.drop_index(batch_op.f('ix_alignments_created_at'))
        batch_op.drop_index(batch_op.f('ix_alignments_certificate_sha256'))
        batch_op.drop_index(batch_op.f('ix_alignments_assignments_sha256'))

    op.drop_table('alignments')
    with op.batch_alter_table('datasets', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_datasets_parent_id'))
        batch_op.drop_index(batch_op.f('ix_datasets_created_at'))

    op.drop_table('datasets')
    op.drop_table('blob_chunks')
    op.drop_table('workers')
    with op.batch_alter_table('idempotency_keys', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_idempotency_keys_claimed_at'))

    op.drop_table('idempotency_keys')
    op.drop_table('blobs')
