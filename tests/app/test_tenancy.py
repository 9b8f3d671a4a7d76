"""Sessions of one tenant meet nothing of another one, whatever they ask."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import aliased

from app import blobs
from app.alignments.models import Alignment, AlignmentFile
from app.alignments.repository import AlignmentRepository
from app.database import Base, Sessions, create_engine, session_factory, snapshot, transaction
from app.datasets.models import Dataset
from app.datasets.repository import DatasetRepository
from app.idempotency import IdempotencyRecord
from app.migrations.models import metadata
from app.migrations.upgrade import upgrade
from app.settings import Settings
from app.tenancy import ForeignRowError, TenantOwned, of_all_tenants, of_tenant

SHARED = frozenset({"audit_head", "blob_chunks", "blobs", "tallies", "workers"})
"""Tables without a tenant: blobs are reached through rows that have one, the others speak of the whole service."""

MAKERS = frozenset({"access/gate.py", "dependencies.py", "health.py", "main.py"})
"""Who may take sessions from the running app: who confines them, and who looks at all tenants on purpose."""


@pytest.fixture
def sessions(tmp_path: Path) -> Iterator[Sessions]:
    """Return sessions of a fresh SQLite file."""
    engine = create_engine(Settings(data_dir=tmp_path))
    upgrade(engine)
    yield session_factory(engine)
    engine.dispose()


def dataset(dataset_id: str, content: bytes = b"rows") -> tuple[Dataset, bytes]:
    """Return a row that names one blob for all of its tables."""
    row = Dataset(id=dataset_id, name=dataset_id, num_accounts=1, num_reps=1, num_units=0, num_pairs=0, num_families=0)
    return row, content


def store(sessions: Sessions, tenant_id: str, dataset_id: str) -> None:
    """Store a dataset of a tenant, with an alignment on the same blob."""
    with transaction(of_tenant(sessions, tenant_id)) as session:
        row, content = dataset(dataset_id)
        row.sha256 = row.accounts_sha256 = row.reps_sha256 = blobs.put(session, content)
        session.add(row)
        session.flush()
        alignment = Alignment(id=f"al_{dataset_id}", name="", origin_kind="import", dataset_id=dataset_id)
        alignment.assignments_sha256 = row.sha256
        session.add(alignment)


def test_every_table_has_a_tenant_or_a_reason() -> None:
    """A table that is added later must belong to a tenant or be named here."""
    owned = {str(mapper.local_table) for mapper in Base.registry.mappers if issubclass(mapper.class_, TenantOwned)}
    assert set(metadata.tables) - owned == SHARED


def test_sessions_are_taken_from_the_app_at_one_place() -> None:
    """No route opens a session but by the dependency that confines it."""
    folder = Path(blobs.__file__).parent
    nouns = (path for path in folder.iterdir() if path.is_dir() and path.name != "ui")
    sources = [*folder.glob("*.py"), *(path for noun in nouns for path in noun.rglob("*.py"))]
    found = {str(path.relative_to(folder)) for path in sources if "state.sessions" in path.read_text(encoding="utf-8")}
    assert found <= MAKERS


def test_a_foreign_row_is_not_found_by_any_statement(sessions: Sessions) -> None:
    """Lookups, lists, counts, joins, aliases, subqueries, updates and deletes meet only the session's tenant."""
    store(sessions, "a", "ds_a")
    store(sessions, "b", "ds_b")
    with transaction(of_tenant(sessions, "a")) as session:
        other = aliased(Dataset)
        assert session.get(Dataset, "ds_b") is None
        assert session.get(Dataset, "ds_b", with_for_update=True, populate_existing=True) is None
        assert session.scalars(sa.select(Dataset.id)).all() == ["ds_a"]
        assert session.scalars(sa.select(other.id)).all() == ["ds_a"]
        assert session.scalar(sa.select(sa.func.count()).select_from(Dataset)) == 1
        joined = sa.select(Dataset.id, Alignment.id).join(Alignment, Alignment.dataset_id == Dataset.id)
        assert session.execute(joined).all() == [("ds_a", "al_ds_a")]
        assert session.scalar(sa.select(Dataset.id).where(Dataset.id.in_(sa.select(other.id)))) == "ds_a"
        assert session.execute(sa.update(Dataset).values(name="taken")).rowcount == 1  # type: ignore[attr-defined] # a cursor's
        session.execute(sa.delete(Alignment))
    with snapshot(of_all_tenants(sessions)) as session:
        assert session.get_one(Dataset, "ds_b").name == "ds_b"
        assert session.scalars(sa.select(Alignment.id)).all() == ["al_ds_b"]


def test_a_new_row_gets_the_sessions_tenant(sessions: Sessions) -> None:
    """What is added belongs to the session's tenant; without a word it is the default one's."""
    store(sessions, "a", "ds_a")
    with transaction(sessions) as session:
        session.add(IdempotencyRecord(key="k", fingerprint="f", claim="c", claimed_at=sa.func.now()))
    with snapshot(of_all_tenants(sessions)) as session:
        assert session.get_one(Dataset, "ds_a").tenant_id == "a"
        assert session.scalars(sa.select(IdempotencyRecord.tenant_id)).all() == ["default"]


def test_a_row_of_another_tenant_cannot_be_added(sessions: Sessions) -> None:
    """A row that names another tenant is refused, and so is one without a tenant in a session of all."""
    row, _ = dataset("ds_x")
    row.tenant_id = "b"
    for maker, added in ((of_tenant(sessions, "a"), row), (of_all_tenants(sessions), dataset("ds_y")[0])):
        with maker() as session:
            session.add(added)
            with pytest.raises(ForeignRowError):
                session.flush()
    with pytest.raises(ForeignRowError), sessions() as session:
        session.execute(sa.insert(Dataset).values(id="ds_z"))


def test_content_that_two_tenants_share_outlives_one_of_them(sessions: Sessions) -> None:
    """Deleting one tenant's rows leaves the equal content of another tenant's."""
    store(sessions, "a", "ds_a")
    store(sessions, "b", "ds_b")
    with transaction(of_tenant(sessions, "a")) as session:
        alignments = AlignmentRepository(session)
        found = alignments.get("al_ds_a")
        assert found is not None
        session.add(AlignmentFile(alignment_id=found.id, kind="territories", sha256=found.assignments_sha256))
        session.flush()
        alignments.remove(found)
        DatasetRepository(session).remove(session.get_one(Dataset, "ds_a"))
    with snapshot(of_tenant(sessions, "b")) as session:
        assert blobs.read(session, session.get_one(Dataset, "ds_b").sha256) == b"rows"
