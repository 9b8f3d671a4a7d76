"""The priced rows that are handed out prove what the multipliers prove, in the published meaning of each row."""

import numpy as np
import pytest

from optimizer.certificate import PricedRow, certify
from optimizer.criteria import BudgetScope, Criteria
from optimizer.problem import Problem
from optimizer.search.bound import lower_bound
from optimizer.search.dual import solve_dual
from optimizer.search.rows import build_model
from optimizer.stop import MaxRuntime
from optimizer.targets import target_loads
from tests.optimizer.brute_force import brute_force
from tests.optimizer.random_problems import Mix, random_problem
from tests.optimizer.search.test_bound import random_multipliers

PLAIN = Mix(
    soft_balance=0,
    family=0,
    lock=0,
    skill=0,
    unassigned=0,
    pair_amounts=0,
    frozen=0,
    left=0,
    hard_balance=0.6,
    budget=0.9,
)


def plain_problem(seed: int) -> tuple[Problem, Criteria]:
    """Return a problem in which every pair is allowed and every total is fixed."""
    problem, criteria = random_problem(seed, mix=PLAIN)
    return problem.replace(possible=None, mismatch=None), criteria


def excess(problem: Problem, criteria: Criteria, row: PricedRow, rep: np.ndarray) -> np.ndarray:
    """Return by how much each alignment is above the row's limit (below it for a minimum)."""
    kind, measure, at = row["row"]["kind"], row["row"]["measure"], row["row"].get("rep")
    amount = problem.amount[:, problem.measure_index(measure)]
    sign = 1.0 if row["side"] == "max" else -1.0
    if kind in ("load", "balance"):
        load = (rep == at) @ amount
        if kind == "load":
            table = problem.capacity_max if row["side"] == "max" else problem.capacity_min
            return np.asarray(sign * (load - table[at, problem.measure_index(measure)]))
        balance = next(entry for entry in criteria.balance if entry.measure == measure and entry.hard)
        target = target_loads(problem, balance, total=float(amount.sum()))[at]
        return np.asarray(sign * (load - (1 + sign * balance.tolerance) * target))
    counted = (problem.current >= 0) & problem.active[problem.current]
    moved = counted & (rep != problem.current)
    scope = {"max_moved": BudgetScope.TOTAL, "max_in": BudgetScope.IN, "max_out": BudgetScope.OUT}[kind]
    limit = min(
        entry.limit for entry in criteria.disruption.budgets if (entry.scope, entry.measure) == (scope, measure)
    )
    if kind == "max_in":
        moved = moved & (rep == at)
    elif kind == "max_out":
        moved = moved & (problem.current == at)
    return np.asarray(moved @ amount - limit)


@pytest.mark.parametrize("seed", range(40))
def test_the_rows_prove_the_bound_over_all_alignments(seed: int) -> None:
    """The smallest of objective plus priced excess over every alignment is the bound of the multipliers."""
    problem, criteria = plain_problem(seed)
    model = build_model(problem, criteria)
    multipliers = random_multipliers(model, np.random.default_rng(seed))
    table = brute_force(problem, criteria)
    value = np.array(table.objective)
    for row in certify(problem, criteria, model, multipliers):
        assert row["price"] > 0
        value = value + row["price"] * excess(problem, criteria, row, table.rep)
    scale = 1.0 + np.abs(value).max()
    assert lower_bound(model, multipliers) == pytest.approx(value.min(), abs=1e-6 * scale)


@pytest.mark.parametrize("seed", range(30))
def test_rows_are_plain_finite_and_occur_once(seed: int) -> None:
    """Each row names an active rep by position, has a known kind and side, and is there once."""
    problem, criteria = random_problem(seed)
    model = build_model(problem, criteria)
    solution = solve_dual(model, stop=MaxRuntime(20))
    seen = set()
    for row in certify(problem, criteria, model, solution.multipliers):
        key = (row["row"]["kind"], row["row"].get("rep"), row["row"]["measure"], row["side"])
        assert key not in seen
        seen.add(key)
        assert np.isfinite(row["price"])
        assert row["row"].get("rep") is None or problem.active[row["row"]["rep"]]
        assert (row["side"] == "equal") == (row["row"]["kind"] == "soft_balance")
        assert row["side"] == "equal" or row["price"] > 0
