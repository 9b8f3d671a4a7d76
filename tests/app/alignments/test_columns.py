"""An alignment beside its dataset, as arrays."""

import numpy as np
import pyarrow as pa
import pytest

from app.alignments.columns import alignment_columns
from app.datasets.tables import PAIR_FIELDS, DatasetTables
from tests.app.alignments.line import columns, table, tables


def with_pairs(rows: list[dict[str, object]]) -> DatasetTables:
    """Return the line of four with pairs."""
    plain = tables()
    return DatasetTables(accounts=plain.accounts, reps=plain.reps, pairs=table(rows, PAIR_FIELDS))


def assigned(data: DatasetTables, rep_ids: list[str | None]) -> pa.Table:
    """Return an alignment's stored form."""
    return pa.table({"account_id": data.accounts.column("id"), "rep_id": pa.array(rep_ids, pa.string())})


def test_a_pairs_own_amount_replaces_the_accounts() -> None:
    """a3 weighs 35 with R2 but 30 with R1; a4 has no pair and keeps its 40."""
    data = with_pairs([{"account_id": "a3", "rep_id": "R2", "measure:workload": 35.0}])
    found = alignment_columns(data, assigned(data, ["R1", "R1", "R2", "R2"]))
    assert found.loads("workload", found.owner).tolist() == [30.0, 75.0, 0.0, 0.0]
    assert found.loads("workload", found.current).tolist() == [60.0, 0.0, 40.0, 0.0]


def test_unassigned_is_minus_one_and_moved_when_it_had_a_rep() -> None:
    """A null rep is -1; leaving a rep for nobody is a move."""
    found = columns(["R1", None, "R1", "R3"])
    assert found.owner.tolist() == [0, -1, 0, 2]
    assert found.is_moved.tolist() == [False, True, False, False]


def test_other_rows_than_the_datasets_are_refused() -> None:
    """Rows in another order, and reps that do not exist, are no alignment of this dataset."""
    data = tables()
    shuffled = assigned(data, ["R1", "R1", "R2", "R2"]).take([1, 0, 2, 3])
    with pytest.raises(ValueError, match="order"):
        alignment_columns(data, shuffled)
    with pytest.raises(ValueError, match="a rep that the dataset does not have"):
        alignment_columns(data, assigned(data, ["R1", "R1", "R2", "R9"]))


def test_loads_of_a_measure_add_up() -> None:
    """Whoever owns what, the loads of all reps sum to the assigned total."""
    found = columns()
    rng = np.random.default_rng(0)
    for _ in range(20):
        owner = rng.integers(-1, 4, size=4)
        total = found.amount["workload"][owner >= 0].sum()
        assert found.loads("workload", owner).sum() == pytest.approx(total)
