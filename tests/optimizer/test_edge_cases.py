"""Problems at the edge of what can be asked: each ends right, at once, and with an honest outcome."""

import threading

import numpy as np
import pytest

from optimizer.conflicts import conflicts
from optimizer.criteria import Balance, Budget, BudgetScope, Criteria, Disruption, Target, Unassigned
from optimizer.params import SolveParams
from optimizer.problem import Problem
from optimizer.result import Outcome, Progress, Result
from optimizer.search.exact import ExactParams
from optimizer.solve import solve
from optimizer.stop import AnyOf, Cancelled, GapBelow, MaxRuntime
from optimizer.validation import violations
from tests.optimizer.brute_force import brute_force
from tests.optimizer.small_problems import capacities, grid_3x3, line_of_four, problem_of

BY_TRAVEL = Criteria(travel_weight=50.0, disruption=Disruption(weight=10.0))
HARD = Balance(measure="workload", tolerance=0.1, hard=True)
SOFT = Balance(measure="workload", tolerance=0.1)


def answer(problem: Problem, criteria: Criteria, *, by_solvers: bool = False) -> Result:
    """Solve, never by looking at all choices if asked so, and audit the alignment."""
    params = SolveParams(exact=ExactParams(most_choices=0)) if by_solvers else SolveParams()
    result = solve(problem, criteria, AnyOf((MaxRuntime(120.0), GapBelow(0.0))), params=params)
    if result.outcome in (Outcome.OPTIMAL, Outcome.FEASIBLE):
        assert result.alignment is not None
        assert violations(problem, criteria, result.alignment) == ()
    return result


def test_a_search_without_time_claims_no_bound() -> None:
    """Prices that had no time prove nothing: every progress says so by None and never by an infinite number."""
    ended = threading.Event()
    ended.set()
    criteria = Criteria(travel_weight=50.0, balance=(Balance(measure="accounts", tolerance=0.5, hard=True),))
    problem = problem_of(np.ones(300), num_reps=30, travel=np.random.default_rng(1).random((300, 30)))
    seen: list[Progress] = []
    result = solve(problem, criteria, Cancelled(ended), on_progress=seen.append)
    bounds = [progress.lower_bound for progress in seen] + [result.lower_bound]
    assert seen
    assert all(bound is None or np.isfinite(bound) for bound in bounds)


def test_remedies_are_left_out_where_nobody_wants_them() -> None:
    """The conflicts are told all the same."""
    problem = line_of_four(active=np.array([False, False]))
    result = solve(problem, BY_TRAVEL, MaxRuntime(60.0), params=SolveParams(wants_remedies=False))
    assert (result.outcome, result.relaxations) == (Outcome.INFEASIBLE, ())
    assert [conflict.code for conflict in result.conflicts] == ["NO_ELIGIBLE_REP"]


@pytest.mark.parametrize("by_solvers", [False, True])
def test_one_account_and_one_rep(by_solvers: bool) -> None:
    """There is one alignment, and it is optimal."""
    problem = problem_of(np.array([2.0]), num_reps=1, travel=np.array([[3.0]]))
    result = answer(problem, BY_TRAVEL.replace(balance=(HARD,)), by_solvers=by_solvers)
    assert (result.outcome, result.objective) == (Outcome.OPTIMAL, 50.0)
    assert result.lower_bound == pytest.approx(50.0)


def test_all_accounts_locked() -> None:
    """The current alignment is the answer, however bad it is."""
    problem = line_of_four(current=np.array([1, 1, 0, 0]), locked=np.ones(4, dtype=bool))
    result = answer(problem, BY_TRAVEL.replace(balance=(SOFT,)))
    assert result.outcome is Outcome.OPTIMAL
    assert result.alignment is not None
    assert result.alignment.rep.tolist() == [1, 1, 0, 0]


def test_all_accounts_locked_beyond_a_limit() -> None:
    """The only alignment breaks the band: infeasible, with a reason and a way out."""
    problem = line_of_four(current=np.array([1, 1, 1, 0]), locked=np.ones(4, dtype=bool))
    result = answer(problem, BY_TRAVEL.replace(balance=(HARD,)))
    assert result.outcome is Outcome.INFEASIBLE
    assert result.conflicts
    assert result.relaxations


@pytest.mark.parametrize("by_solvers", [False, True])
@pytest.mark.parametrize(
    "criteria",
    [Criteria(), Criteria(travel_weight=0.0, balance=(Balance(measure="workload", weight=0.0),))],
    ids=["nothing", "zeros"],
)
def test_all_weights_zero(criteria: Criteria, by_solvers: bool) -> None:
    """An objective of 0 is optimal with a gap of 0."""
    result = answer(grid_3x3(), criteria, by_solvers=by_solvers)
    assert (result.outcome, result.objective) == (Outcome.OPTIMAL, 0.0)
    assert result.lower_bound == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("by_solvers", [False, True])
def test_travel_of_zero(by_solvers: bool) -> None:
    """Everybody lives at one place: travel costs nothing anywhere, and balance alone decides."""
    result = answer(grid_3x3(travel=np.zeros((9, 3))), BY_TRAVEL.replace(balance=(HARD,)), by_solvers=by_solvers)
    assert result.outcome is Outcome.OPTIMAL
    assert result.objective == 0.0


@pytest.mark.parametrize("by_solvers", [False, True])
def test_twins_at_one_place(by_solvers: bool) -> None:
    """Accounts that nothing tells apart, reps that nothing tells apart: the optimum all the same."""
    problem = problem_of(np.ones(8), num_reps=2, travel=np.ones((8, 2)))
    criteria = BY_TRAVEL.replace(balance=(Balance(measure="workload", tolerance=0.0, hard=True),))
    result = answer(problem, criteria, by_solvers=by_solvers)
    assert result.outcome is Outcome.OPTIMAL
    assert result.objective == pytest.approx(50.0)


@pytest.mark.parametrize("by_solvers", [False, True])
@pytest.mark.parametrize("target", [Target.EQUAL, Target.FTE])
@pytest.mark.parametrize("hard", [False, True])
def test_all_amounts_zero(target: Target, hard: bool, by_solvers: bool) -> None:
    """Nothing to balance is balanced."""
    problem = line_of_four().replace(amount=np.column_stack([np.ones(4), np.zeros(4)]))
    criteria = BY_TRAVEL.replace(
        balance=(Balance(measure="workload", target=target, hard=hard),),
        disruption=Disruption(weight=5.0, measure="workload"),
    )
    result = answer(problem, criteria, by_solvers=by_solvers)
    assert result.outcome is Outcome.OPTIMAL
    assert result.objective == pytest.approx(50.0)


def test_a_rep_with_everything_forbidden() -> None:
    """Its territory stays empty; where balance is hard, that is infeasible and said so."""
    possible = np.ones((9, 3), dtype=bool)
    possible[:, 1] = False
    result = answer(grid_3x3(possible=possible), BY_TRAVEL)
    assert result.outcome is Outcome.OPTIMAL
    assert result.alignment is not None
    assert not (result.alignment.rep == 1).any()
    assert answer(grid_3x3(possible=possible), BY_TRAVEL.replace(balance=(HARD,))).outcome is Outcome.INFEASIBLE


@pytest.mark.parametrize("by_solvers", [False, True])
def test_capacities_that_add_up_exactly_to_the_total(by_solvers: bool) -> None:
    """10 h into 3.3 and 6.7 with amounts of decimals: filled to the brim, not called infeasible."""
    amount = np.array([0.1, 0.2, 3.0, 0.3, 2.4, 4.0])
    problem = problem_of(amount, num_reps=2, travel=np.arange(12.0).reshape(6, 2) % 5)
    limit = capacities(2, 1, [amount[:3].sum(), amount[3:].sum()], default=np.inf)
    full = problem.replace(capacity_max=limit)
    result = answer(full, BY_TRAVEL, by_solvers=by_solvers)
    assert result.outcome is Outcome.OPTIMAL
    assert result.objective == pytest.approx(brute_force(full, BY_TRAVEL).optimum)
    short = full.replace(capacity_max=limit * (1 - 1e-6))
    assert answer(short, BY_TRAVEL, by_solvers=by_solvers).outcome is Outcome.INFEASIBLE


def test_many_more_reps_than_accounts() -> None:
    """5,000 reps for ten accounts: the nearest ones are the optimum; in hard balance there is none."""
    rng = np.random.default_rng(0)
    travel = rng.uniform(1, 100, (10, 5000))
    problem = problem_of(rng.uniform(1, 5, 10), num_reps=5000, travel=travel)
    result = answer(problem, BY_TRAVEL)
    assert result.outcome is Outcome.OPTIMAL
    assert result.alignment is not None
    assert result.alignment.rep.tolist() == travel.argmin(axis=1).tolist()
    assert conflicts(problem, BY_TRAVEL.replace(balance=(HARD,)))


def test_a_huge_family() -> None:
    """3,000 accounts of one parent go to one rep, whatever the other accounts do."""
    rng = np.random.default_rng(1)
    size = 3_010
    family = np.concatenate([np.zeros(3_000, dtype=int), np.arange(1, 11)])
    problem = problem_of(np.ones(size), num_reps=3, family=family, travel=rng.uniform(1, 9, (size, 3)))
    result = answer(problem, BY_TRAVEL)
    assert result.outcome is Outcome.OPTIMAL
    assert result.alignment is not None
    assert len(set(result.alignment.rep[:3_000])) == 1
    assert answer(problem, BY_TRAVEL.replace(balance=(HARD,))).outcome is Outcome.INFEASIBLE


@pytest.mark.parametrize("by_solvers", [False, True])
def test_a_budget_of_nothing(by_solvers: bool) -> None:
    """Nobody may move: who has a rep stays, the others go where it is cheapest."""
    problem = line_of_four(current=np.array([1, -1, 0, -1]))
    nothing = tuple(Budget(scope=scope, measure="workload", limit=0.0) for scope in BudgetScope)
    result = answer(problem, BY_TRAVEL.replace(disruption=Disruption(budgets=nothing)), by_solvers=by_solvers)
    assert result.outcome is Outcome.OPTIMAL
    assert result.alignment is not None
    assert result.alignment.rep.tolist() == [1, 0, 0, 1]


def test_nobody_assigned_where_that_is_free() -> None:
    """Unassigned at no price beats all travel; the objective is 0 and its gap too."""
    result = answer(line_of_four(current=np.full(4, -1)), BY_TRAVEL.replace(unassigned=Unassigned(allowed=True)))
    assert (result.outcome, result.objective) == (Outcome.OPTIMAL, 0.0)


def test_nobody_left_to_serve() -> None:
    """All reps have left: infeasible, or everybody unassigned where that is allowed."""
    problem = line_of_four(active=np.zeros(2, dtype=bool))
    assert answer(problem, BY_TRAVEL).outcome is Outcome.INFEASIBLE
    alone = answer(problem, BY_TRAVEL.replace(unassigned=Unassigned(allowed=True, weight=7.0)))
    assert alone.outcome is Outcome.OPTIMAL
    assert alone.objective == pytest.approx(7.0)
