import numpy as np
import pytest

from benchmarks.changes import CHANGES, changed
from benchmarks.instances import VARIANTS, Instance, realignment
from optimizer.criteria import BudgetScope
from optimizer.measures import loads
from optimizer.solve import solve
from optimizer.stop import AnyOf, GapBelow, MaxRuntime


def _small(variant: str) -> Instance:
    return realignment(num_accounts=200, num_reps=8, seed=901, variant=variant)


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_differs_from_plain_only_where_it_says(variant: str) -> None:
    """Accounts, amounts and working hours are those of the plain problem; the same seed makes the same instance."""
    plain, other, again = _small("plain"), _small(variant), _small(variant)
    assert np.array_equal(plain.problem.amount, other.problem.amount)
    assert np.array_equal(plain.problem.fte, other.problem.fte)
    assert other.criteria == again.criteria
    assert other.problem.travel is not None
    assert again.problem.travel is not None
    assert np.array_equal(other.problem.travel, again.problem.travel)
    assert (plain.criteria == other.criteria) == (variant in ("plain", "minimum", "isolated")) or variant == "minimum"


def test_budgets_cover_what_the_neediest_must_gain_and_lose() -> None:
    """No rep must lose or gain more than a per-rep budget allows, and the sum of it fits into the budget of all."""
    instance = _small("budget")
    problem = instance.problem
    limit = {budget.scope: budget.limit for budget in instance.criteria.disruption.budgets}
    assert set(limit) == set(BudgetScope)
    workload = problem.amount[:, 1]
    served = (problem.current >= 0) & problem.active[problem.current]
    load = np.bincount(problem.current[served], weights=workload[served], minlength=problem.num_reps)
    target = problem.fte * problem.active / (problem.fte * problem.active).sum() * workload.sum()
    surplus = np.where(problem.active, np.maximum(0, load - 1.05 * target), 0)
    lack = np.where(problem.active, np.maximum(0, 0.95 * target - load), 0)
    assert surplus.max() <= limit[BudgetScope.OUT]
    assert lack.max() <= limit[BudgetScope.IN]
    assert surplus.sum() <= limit[BudgetScope.TOTAL]


def test_isolated_reps_live_farther_from_their_nearest_accounts() -> None:
    """Some rep's fair number of nearest accounts is much farther away than in the plain problem."""

    def reach(instance: Instance) -> float:
        travel = instance.problem.travel
        assert travel is not None
        distance = np.sort(travel / instance.visits_per_year[:, None], axis=0)
        return float(distance[200 // 8].max())

    assert reach(_small("isolated")) > 1.2 * reach(_small("plain"))


@pytest.mark.parametrize("change", sorted(CHANGES))
def test_a_changed_problem_takes_the_alignment_from_before(change: str) -> None:
    """After one change the former alignment is a valid start, and an alignment that keeps everything exists."""
    instance = _small("plain")
    stop = AnyOf((GapBelow(0.5), MaxRuntime(120.0)))
    before = solve(instance.problem, instance.criteria, stop)
    assert before.alignment is not None
    problem = changed(instance, change, rng=np.random.default_rng(1))
    after = solve(problem, instance.criteria, stop, initial=before.alignment)
    assert after.alignment is not None
    assert after.violations == ()
    assert loads(problem, after.alignment).shape[0] == problem.num_reps
