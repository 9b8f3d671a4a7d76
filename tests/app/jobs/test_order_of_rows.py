"""The order of rows shows neither in placed centers nor in connected territories."""

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from app.datasets.tables import DatasetTables
from app.jobs.centers import placed
from app.jobs.solver_files import SolverFiles
from app.scenarios.center import Center
from app.scenarios.schemas import Criteria, Search

SEARCH = Search(time_limit_s=1.0, deterministic=True, gap=0.05)
CRITERIA = Criteria.model_validate(
    {"balance": [{"measure": "workload", "tolerance": 0.2}], "travel": {"weight": 50}}, strict=False
)


def greenfield() -> DatasetTables:
    """Return accounts around three towns, and three reps who live nowhere yet and differ in fte."""
    rng = np.random.default_rng(3)
    towns = np.array([[48.0, 8.0], [50.0, 10.0], [49.0, 13.0]])
    places = towns[rng.integers(0, 3, 45)] + rng.normal(0, 0.3, (45, 2))
    accounts = {
        "id": [f"a{number:02d}" for number in range(45)],
        "lat": places[:, 0],
        "lon": places[:, 1],
        "measure:workload": rng.uniform(1, 5, 45),
    }
    reps = {"id": ["r1", "r2", "r3"], "fte": [1.0, 0.9, 1.1], "active": [True] * 3}
    return DatasetTables(accounts=pa.table(accounts), reps=pa.table(reps))


def centers(tables: DatasetTables, folder: Path) -> dict[str, Center]:
    """Return the centers that a job places."""
    folder.mkdir()
    planned = placed(
        tables,
        CRITERIA,
        SEARCH,
        files=SolverFiles(folder),
        known={},
        stop=threading.Event(),
        threads=1,
        tell=lambda: None,
    )
    assert planned.account_ids == tuple(tables.accounts["id"].to_pylist())
    return dict(planned.centers)


def test_shuffled_rows_get_the_same_centers(tmp_path: Path) -> None:
    """A greenfield whose accounts and reps come in another order has every rep at the same place."""
    tables = greenfield()
    expected = centers(tables, tmp_path / "first")
    rng = np.random.default_rng(9)
    shuffled = replace(
        tables,
        accounts=tables.accounts.take(rng.permutation(tables.accounts.num_rows)),
        reps=tables.reps.take(np.array([2, 0, 1])),
    )
    assert centers(shuffled, tmp_path / "second") == expected
