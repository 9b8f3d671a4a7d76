"""A dataset said in another way has the same plan and, in deterministic mode, the same alignment up to names."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from app.datasets.tables import MAXIMUM_PREFIX, MEASURE_PREFIX, MINIMUM_PREFIX, TARGET_PREFIX, DatasetTables
from app.scenarios.planning import plan
from app.scenarios.schemas import Criteria
from optimizer.params import SolveParams
from optimizer.solve import solve
from optimizer.stop import AnyOf, GapBelow, MaxRuntime
from tests.app.scenarios.random_tables import Question, random_question

MIXED = (1, 6, 7, 8, 18, 19, 20, 22)
TURNED = (1, 7, 22)
MEASURED = (7, 8, 19)
"""Seeds of random questions that have several alignments."""


def alignment(question: Question) -> tuple[float | None, dict[str, str | None]]:
    """Return objective and each account's rep, found in deterministic mode."""
    planned = plan(question.tables, question.criteria)
    stop = AnyOf((MaxRuntime(3.0), GapBelow(0.0)))
    result = solve(planned.problem, planned.criteria, stop, params=SolveParams(deterministic=True))
    assert result.alignment is not None
    return result.objective, dict(zip(planned.account_ids, planned.assigned_rep_ids(result.alignment), strict=True))


def changed(question: Question, **tables: pa.Table) -> Question:
    """Return a question with some tables in place of its own."""
    mine = {name: getattr(question.tables, name) for name in ("accounts", "reps", "pairs")}
    return Question(DatasetTables(**(mine | tables)), question.criteria)


def with_column(table: pa.Table, name: str, values: list[Any]) -> pa.Table:
    """Return a table with a column's values exchanged."""
    index = table.column_names.index(name)
    return table.set_column(index, name, pa.array(values, table.column(name).type))


def renamed(question: Question, new: dict[str, str]) -> Question:
    """Give accounts, reps and parents other names, wherever they stand."""

    def names(table: pa.Table | None, columns: tuple[str, ...]) -> pa.Table | None:
        if table is None:
            return None
        for column in columns:
            known = [None if value is None else new[value] for value in table.column(column).to_pylist()]
            table = with_column(table, column, known)
        return table

    criteria = question.criteria.model_dump(mode="json")
    for wish in (*criteria["locks"], *criteria["forbid"]):
        wish.update(account_id=new[wish["account_id"]], rep_id=new[wish["rep_id"]])
    criteria["frozen_reps"] = [new[rep_id] for rep_id in criteria["frozen_reps"]]
    tables = DatasetTables(
        accounts=names(question.tables.accounts, ("id", "parent_id", "current_rep_id")),
        reps=names(question.tables.reps, ("id",)),
        pairs=names(question.tables.pairs, ("account_id", "rep_id")),
    )
    return Question(tables, Criteria.model_validate(criteria))


@pytest.mark.parametrize("seed", MIXED)
def test_shuffled_rows_and_other_names_change_nothing(seed: int) -> None:
    """Rows in another order and Unicode names for everybody: the same objective, the same pairs."""
    question = random_question(seed)
    rng = np.random.default_rng(seed)
    mixed = {
        name: table.take(rng.permutation(table.num_rows)) for name, table in question.tables.named() if name != "units"
    }
    known = [*question.tables.accounts.column("id").to_pylist(), *question.tables.reps.column("id").to_pylist()]
    parents = {parent for parent in question.tables.accounts.column("parent_id").to_pylist() if parent is not None}
    old = sorted({*known, *parents})
    new = {name: f"名{place} é\u200d🏳️" for name, place in zip(old, rng.permutation(len(old)), strict=True)}
    objective, reps = alignment(question)
    other_objective, others = alignment(renamed(changed(question, **mixed), new))
    assert other_objective == objective
    assert others == {new[account]: None if rep is None else new[rep] for account, rep in reps.items()}


@pytest.mark.parametrize("degrees", [-33.3, 180.0])
@pytest.mark.parametrize("seed", TURNED)
def test_turned_longitudes_change_nothing(seed: int, degrees: float) -> None:
    """The earth turned below everybody, across ±180 too: the same objective but for rounding, the same alignment."""
    question = random_question(seed)

    def turned(table: pa.Table) -> pa.Table:
        longitude = [
            None if lon is None else (lon + degrees + 180.0) % 360.0 - 180.0 for lon in table.column("lon").to_pylist()
        ]
        return with_column(table, "lon", longitude)

    objective, reps = alignment(question)
    tables = question.tables
    other_objective, others = alignment(changed(question, accounts=turned(tables.accounts), reps=turned(tables.reps)))
    assert other_objective == pytest.approx(objective, rel=1e-9, abs=1e-12)
    assert others == reps


@pytest.mark.parametrize("seed", MEASURED)
def test_another_unit_of_a_measure_changes_nothing(seed: int) -> None:
    """Minutes for hours in amounts, limits, targets and pairs: the same objective but for rounding and compactness."""
    question = random_question(seed)

    def in_minutes(table: pa.Table | None) -> pa.Table | None:
        if table is None:
            return None
        for prefix in (MEASURE_PREFIX, MINIMUM_PREFIX, MAXIMUM_PREFIX, TARGET_PREFIX):
            name = f"{prefix}workload"
            if name in table.column_names:
                cells = [None if cell is None else cell * 60.0 for cell in table.column(name).to_pylist()]
                table = with_column(table, name, cells)
        return table

    objective, reps = alignment(question)
    tables = {name: in_minutes(getattr(question.tables, name)) for name in ("accounts", "reps", "pairs")}
    other_objective, others = alignment(changed(question, **tables))
    assert other_objective == pytest.approx(objective, rel=1e-9, abs=1e-12)
    assert others == reps


def test_a_rep_may_be_exactly_as_far_as_its_limit_wherever_the_earth_stands() -> None:
    """A largest distance that is the distance itself lets the pair be, whatever rounding makes of it."""
    base = random_question(0)
    for turn in np.linspace(-170.0, 170.0, 25):
        accounts = with_column(base.tables.accounts, "lon", [turn] * base.tables.accounts.num_rows)
        accounts = with_column(accounts, "lat", [51.77] * accounts.num_rows)
        reps = with_column(base.tables.reps, "lon", [turn + 1.55] * base.tables.reps.num_rows)
        reps = with_column(reps, "lat", [52.23] * reps.num_rows)
        reps = with_column(reps, "max_distance_km", [117.7921718118123] * reps.num_rows)
        criteria = Criteria.model_validate({"travel": {"weight": 1}})
        possible = plan(DatasetTables(accounts, reps), criteria).problem.possible
        assert possible is not None
        assert possible.all(), turn
