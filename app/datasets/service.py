"""The rules of datasets: stored whole and immutable, named, put away, deleted when nothing uses them.

Knows no HTTP and imports no other noun, so that every noun may use it.
"""

from collections.abc import Sequence
from typing import Any

import pyarrow.compute as pc
from sqlalchemy.orm import Session

from app import blobs
from app.datasets.families import num_families
from app.datasets.importing import recheck
from app.datasets.models import Dataset
from app.datasets.repository import DatasetRepository
from app.datasets.tables import MEASURE_PREFIX, DatasetTables, content_sha256, read_parquet, write_parquet
from app.errors import Conflict, Fault, NotFound
from app.fault_json import fault_json
from app.identifiers import new_id
from app.settings import Settings

UNITS = {"workload": "hours per year", "potential": "currency per year"}
DEFAULT_NAME = "Dataset"


def create_dataset(
    session: Session,
    tables: DatasetTables,
    *,
    name: str | None = None,
    parent_id: str | None = None,
    checks: Sequence[Fault] | None = None,
    num_checks: int | None = None,
) -> Dataset:
    """Store checked tables as a new dataset in the caller's transaction; return its row.

    Parameters
    ----------
    session
        The caller's; nothing is committed here.
    tables
        Tables in stored form, without errors.
    name
        A name for people.
    parent_id
        The dataset that this one was made from.
    checks
        The import's warnings; left out, the tables are checked again.
    num_checks
        Number of warnings, when more than are listed.
    """
    if checks is None:
        log = recheck(tables, Settings.model_construct())
        checks, num_checks = log.warnings, log.num_warnings
    dataset = Dataset(
        id=new_id("ds"),
        name=name or DEFAULT_NAME,
        parent_id=parent_id,
        archived=False,
        num_accounts=tables.accounts.num_rows,
        num_reps=tables.reps.num_rows,
        num_units=0 if tables.units is None else tables.units.num_rows,
        num_pairs=0 if tables.pairs is None else tables.pairs.num_rows,
        num_families=num_families(tables.accounts),
        measures=measures_json(tables),
        checks=[fault_json(fault) for fault in checks],
        num_checks=len(checks) if num_checks is None else num_checks,
        sha256=content_sha256(tables),
    )
    digests = blobs.put_all(session, {name: write_parquet(table) for name, table in tables.named()})
    for table_name, sha256 in digests.items():
        setattr(dataset, f"{table_name}_sha256", sha256)
    DatasetRepository(session).add(dataset)
    return dataset


def get_dataset(session: Session, dataset_id: str) -> Dataset:
    """Return one dataset.

    Raises
    ------
    NotFound
        When there is none.
    """
    dataset = DatasetRepository(session).get(dataset_id)
    if dataset is None:
        raise NotFound("There is no such dataset; GET /v1/datasets lists them.")
    return dataset


def load_tables(session: Session, dataset_id: str) -> DatasetTables:
    """Return a dataset's tables.

    Raises
    ------
    NotFound
        When there is no such dataset.
    """
    dataset = get_dataset(session, dataset_id)
    optional = {
        name: None if sha256 is None else read_parquet(blobs.read(session, sha256))
        for name, sha256 in (("pairs", dataset.pairs_sha256), ("units", dataset.units_sha256))
    }
    return DatasetTables(
        accounts=read_parquet(blobs.read(session, dataset.accounts_sha256)),
        reps=read_parquet(blobs.read(session, dataset.reps_sha256)),
        **optional,
    )


def change_dataset(dataset: Dataset, *, name: str | None, archived: bool | None) -> None:
    """Rename a dataset, or put it away or back; None leaves a thing as it is."""
    if name is not None:
        dataset.name = name
    if archived is not None:
        dataset.archived = archived


def refuse_used(session: Session, dataset: Dataset) -> None:
    """Go on when no scenario, job or alignment uses a dataset.

    Raises
    ------
    Conflict
        When something does.
    """
    uses = DatasetRepository(session).uses(dataset.id)
    if uses:
        said = ", ".join(f"{count:,} {noun.removesuffix('s') if count == 1 else noun}" for noun, count in uses.items())
        them = "it" if sum(uses.values()) == 1 else "them"
        detail = f"The dataset {dataset.id} is used by {said}; delete {them} first, or archive the dataset."
        raise Conflict("IN_USE", detail, params={"dataset_id": dataset.id, **uses})


def dataset_json(session: Session, dataset: Dataset) -> dict[str, Any]:
    """Return what the API shows of a dataset."""
    del session  # the row has everything; the argument is that of the other nouns
    path = f"/v1/datasets/{dataset.id}"
    return {
        "id": dataset.id,
        "name": dataset.name,
        "parent_id": dataset.parent_id,
        "created_at": dataset.created_at,
        "archived": dataset.archived,
        "counts": {
            "accounts": dataset.num_accounts,
            "reps": dataset.num_reps,
            "units": dataset.num_units,
            "pairs": dataset.num_pairs,
            "families": dataset.num_families,
        },
        "measures": dataset.measures,
        "hashes": {"dataset": dataset.sha256},
        "checks": dataset.checks,
        "checks_total": dataset.num_checks,
        "links": {
            "self": path,
            "accounts": f"{path}/accounts",
            "reps": f"{path}/reps",
            "checks": f"{path}/checks",
            "current": f"{path}/current",
        },
    }


def preview_json(
    tables: DatasetTables, *, name: str | None, checks: Sequence[Fault], num_checks: int
) -> dict[str, Any]:
    """Return what a dataset would be, for a check that stores nothing."""
    return {
        "name": name or DEFAULT_NAME,
        "counts": {
            "accounts": tables.accounts.num_rows,
            "reps": tables.reps.num_rows,
            "units": 0 if tables.units is None else tables.units.num_rows,
            "pairs": 0 if tables.pairs is None else tables.pairs.num_rows,
            "families": num_families(tables.accounts),
        },
        "measures": measures_json(tables),
        "hashes": {"dataset": content_sha256(tables)},
        "checks": [fault_json(fault) for fault in checks],
        "checks_total": num_checks,
    }


def measures_json(tables: DatasetTables) -> list[dict[str, Any]]:
    """Return each measure with its total, and its unit where that is known."""
    return [
        {
            "name": measure,
            "total": float(pc.sum(tables.accounts[MEASURE_PREFIX + measure]).as_py() or 0.0),
            "unit": UNITS.get(measure),
        }
        for measure in tables.measures()
    ]
