"""Conflicts: planted ones are named with numbers that add up, and feasible problems raise no alarm."""

import numpy as np
import pytest

from optimizer.alignment import Alignment
from optimizer.budget_conflicts import PriceCurve
from optimizer.conflicts import conflicts
from optimizer.criteria import Balance, Budget, BudgetScope, Criteria, Disruption, Unassigned
from optimizer.problem import Problem
from optimizer.result import Cause, Conflict
from tests.optimizer.brute_force import brute_force
from tests.optimizer.random_problems import Mix, random_problem
from tests.optimizer.small_problems import capacities, grid_3x3, line_of_four, pair_amounts, problem_of, two_islands

FREE = Unassigned(allowed=True)


def named(problem: Problem, criteria: Criteria, code: str) -> Conflict:
    """Return the first conflict of a code."""
    return next(conflict for conflict in conflicts(problem, criteria) if conflict.code == code)


def budgets(scope: BudgetScope, measure: str, limit: float) -> Criteria:
    """Return criteria with one budget."""
    return Criteria(disruption=Disruption(budgets=(Budget(scope=scope, measure=measure, limit=limit),)))


def limit(values: list[float]) -> np.ndarray:
    """Return upper limits of workload."""
    return capacities(len(values), 1, values, default=np.inf)


def test_an_account_that_nobody_may_serve() -> None:
    """A0 may go to nobody; it alone is named."""
    found = named(line_of_four(), Criteria(forbid=((0, 0), (0, 1))), "NO_ELIGIBLE_REP")
    assert (found.accounts, found.demand, found.capacity, found.irreducible) == ((0,), 1, 0, True)


def test_a_family_that_is_locked_apart() -> None:
    """Members locked to different reps leave no rep for the family."""
    problem = line_of_four(family=np.array([0, 1, 2, 0]), locked=np.array([True, False, False, True]))
    assert named(problem, Criteria(), "NO_ELIGIBLE_REP").accounts == (0, 3)
    assert conflicts(problem, Criteria(families_together=False)) == ()


def test_a_lock_to_a_rep_who_left() -> None:
    """Nobody can stay with a rep who has left."""
    problem = line_of_four(active=np.array([True, False]), locked=np.array([False, False, False, True]))
    assert named(problem, Criteria(), "NO_ELIGIBLE_REP").accounts == (3,)


def test_no_active_rep_at_all() -> None:
    """Where everybody left, every account is named and nothing else is said."""
    problem = line_of_four(active=np.array([False, False]))
    (found,) = conflicts(problem, Criteria(balance=(Balance(measure="workload", hard=True),)))
    assert (found.code, found.demand) == ("NO_ELIGIBLE_REP", 4)


def test_an_account_above_every_capacity() -> None:
    """A3 needs 4 h; the largest capacity is 3.5 h."""
    problem = line_of_four(capacity_max=limit([3.0, 3.5]))
    found = named(problem, Criteria(), "ACCOUNT_EXCEEDS_ANY_CAPACITY")
    assert (found.accounts, found.reps, found.demand, found.capacity, found.short) == ((3,), (1,), 4, 3.5, 0.5)


def test_a_family_above_every_capacity() -> None:
    """A2 and A3 together need 7 h; apart they would fit."""
    problem = line_of_four(family=np.array([0, 1, 2, 2]), capacity_max=limit([6.0, 6.0]))
    found = named(problem, Criteria(), "FAMILY_EXCEEDS_ANY_CAPACITY")
    assert (found.accounts, found.demand, found.capacity) == ((2, 3), 7, 6)
    assert conflicts(problem, Criteria(families_together=False)) == ()


def test_locks_above_a_capacity() -> None:
    """7 h are locked to R1, who carries 6."""
    problem = line_of_four(locked=np.array([False, False, True, True]), capacity_max=limit([np.inf, 6.0]))
    found = named(problem, Criteria(), "LOCKS_EXCEED_CAPACITY")
    assert (found.accounts, found.reps, found.demand, found.capacity) == ((2, 3), (1,), 7, 6)


def test_a_frozen_rep_above_its_capacity() -> None:
    """A frozen rep keeps its 7 h, which are more than 6."""
    problem = line_of_four(capacity_max=limit([np.inf, 6.0]))
    assert named(problem, Criteria(frozen_reps=(1,)), "LOCKS_EXCEED_CAPACITY").demand == 7


def test_capacities_below_the_total() -> None:
    """10 h do not fit into 4 + 5."""
    problem = line_of_four(capacity_max=limit([4.0, 5.0]))
    found = named(problem, Criteria(), "CAPACITY_BELOW_TOTAL")
    assert (found.demand, found.capacity, found.short) == (10, 9, 1)
    assert conflicts(problem, Criteria(unassigned=FREE)) == ()


def test_minimums_above_the_total() -> None:
    """6 + 5 h are asked for, 10 there are."""
    problem = line_of_four(capacity_min=capacities(2, 1, [6.0, 5.0], default=0.0))
    found = named(problem, Criteria(), "MINIMUM_ABOVE_TOTAL")
    assert (found.demand, found.capacity) == (11, 10)


def test_a_group_that_is_short() -> None:
    """Both accounts of the first island need 2 h; its only rep carries 1.5, the other has room for all."""
    problem = two_islands(capacity_max=limit([1.5, 100.0]))
    found = named(problem, Criteria(), "GROUP_SHORT_OF_CAPACITY")
    assert (found.accounts, found.reps, found.demand, found.capacity) == ((0, 1), (0,), 2, 1.5)


def test_a_rep_that_cannot_reach_its_minimum() -> None:
    """R0 may have 2 h at most and is asked for 3."""
    problem = two_islands(capacity_min=capacities(2, 1, [3.0, 0.0], default=0.0))
    found = named(problem, Criteria(), "MINIMUM_ABOVE_TOTAL")
    assert (found.reps, found.demand, found.capacity) == ((0,), 3, 2)


def test_balance_that_the_water_forbids() -> None:
    """Three accounts on one island cannot be halved with one on the other."""
    possible = np.array([[True, False], [True, False], [True, False], [False, True]])
    criteria = Criteria(balance=(Balance(measure="workload", hard=True, tolerance=0.25),))
    found = named(two_islands(possible=possible), criteria, "BALANCE_IMPOSSIBLE")
    assert found.short == pytest.approx(0.5)


def test_fewer_accounts_than_reps_in_balance() -> None:
    """Two accounts cannot give all three reps a part."""
    problem = grid_3x3()
    few = Problem(
        measures=problem.measures,
        amount=problem.amount[:2],
        current=np.zeros(2, dtype=np.int32),
        family=np.arange(2, dtype=np.int32),
        locked=np.zeros(2, dtype=np.bool_),
        fte=problem.fte,
        active=problem.active,
        capacity_min=problem.capacity_min,
        capacity_max=problem.capacity_max,
        target=problem.target,
    )
    criteria = Criteria(balance=(Balance(measure="workload", hard=True, tolerance=0.9),))
    assert named(few, criteria, "BALANCE_IMPOSSIBLE").short == 1


def test_a_budget_below_the_moves_that_are_forced() -> None:
    """A2 and A3 may not stay with R1: 7 h must move, 6 may."""
    criteria = budgets(BudgetScope.TOTAL, "workload", 6).replace(forbid=((2, 1), (3, 1)))
    found = named(line_of_four(), criteria, "BUDGET_TOO_SMALL")
    assert (found.accounts, found.demand, found.capacity) == ((2, 3), 7, 6)


@pytest.mark.parametrize("scope", [BudgetScope.TOTAL, BudgetScope.OUT])
def test_a_budget_below_what_an_overload_must_shed(scope: BudgetScope) -> None:
    """R1 has 7 h and carries 2.5: A3 alone sheds 4 of the 4.5 h too many, so two accounts must go, and one may."""
    problem = line_of_four(capacity_max=limit([np.inf, 2.5]))
    found = named(problem, budgets(scope, "accounts", 1), "BUDGET_TOO_SMALL")
    assert (found.reps, found.demand, found.capacity) == ((1,), 2, 1)


@pytest.mark.parametrize("scope", [BudgetScope.TOTAL, BudgetScope.IN])
def test_a_budget_below_what_a_lack_must_gain(scope: BudgetScope) -> None:
    """R0 has 3 h and needs 8: 5 h must come, 4 may."""
    problem = line_of_four(capacity_min=capacities(2, 1, [8.0, 0.0], default=0.0))
    found = named(problem, budgets(scope, "workload", 4), "BUDGET_TOO_SMALL")
    assert (found.reps, found.capacity) == ((0,), 4)
    assert found.demand == pytest.approx(5)


def test_limits_between_whole_items() -> None:
    """A rep of 1.2 to 1.8 h among accounts of 1 h each: one is too little, two are too much."""
    low, high = capacities(3, 1, [1.2, 0.0, 0.0], default=0.0), capacities(3, 1, [1.8, 9.0, 9.0], default=np.inf)
    problem = grid_3x3(capacity_min=low, capacity_max=high)
    found = named(problem, Criteria(), "BALANCE_IMPOSSIBLE")
    assert (found.reps, found.demand, found.capacity) == ((0,), 2.0, 1.8)
    assert found.cause == Cause(kind="gap", measure="workload", amount=1.0, limit=1.2, count=1)
    assert not brute_force(problem, Criteria()).is_feasible


def test_large_accounts_that_do_not_fit_beside_each_other() -> None:
    """Four accounts of 3 h, three reps of 5 h: each carries one, and 15 h for 12 h do not help."""
    problem = problem_of(np.full(4, 3.0), num_reps=3, capacity_max=limit([5.0, 5.0, 5.0]))
    found = named(problem, Criteria(), "GROUP_SHORT_OF_CAPACITY")
    assert (found.accounts, found.measure, found.demand, found.capacity) == ((0, 1, 2, 3), "accounts", 4, 3)
    assert found.irreducible is True  # and no number of NumPy, which JSON would refuse
    assert not brute_force(problem, Criteria()).is_feasible


def test_reps_that_need_more_accounts_than_there_are() -> None:
    """Three reps of at least 4 h need two accounts of 3 h each; there are five."""
    problem = problem_of(np.full(5, 3.0), num_reps=3, capacity_min=capacities(3, 1, [4.0] * 3, default=0.0))
    found = named(problem, Criteria(), "BALANCE_IMPOSSIBLE")
    assert (found.demand, found.capacity, found.cause) == (6, 5, Cause(kind="few", measure="workload"))


def test_irreducible_means_that_every_part_is_needed() -> None:
    """7 h locked to a rep of 6 h: without either account they fit; of three accounts in 5 h one may be left out."""
    two = line_of_four(locked=np.array([False, False, True, True]), capacity_max=limit([np.inf, 6.0]))
    assert named(two, Criteria(), "LOCKS_EXCEED_CAPACITY").irreducible
    three = line_of_four(
        current=np.array([0, 1, 1, 1]), locked=np.array([False] + [True] * 3), capacity_max=limit([np.inf, 5.0])
    )
    assert not named(three, Criteria(), "LOCKS_EXCEED_CAPACITY").irreducible


def test_a_budget_says_what_forces_the_moves() -> None:
    """R1 has 7 h today and may carry 2.5: the cause tells both."""
    problem = line_of_four(capacity_max=limit([np.inf, 2.5]))
    found = named(problem, budgets(BudgetScope.OUT, "accounts", 1), "BUDGET_TOO_SMALL")
    assert found.cause == Cause(kind="shed", measure="workload", amount=7.0, limit=2.5, scope="out")


def test_pair_amounts_are_taken_on_the_safe_side() -> None:
    """A3 needs 4 h, but only 1 with R0, who carries 3.5: no conflict is claimed."""
    pairs = pair_amounts((3, 0, [np.nan, 1.0]))
    problem = line_of_four(capacity_max=limit([3.5, 9.0]), pair_amounts=pairs)
    assert brute_force(problem, Criteria()).is_feasible
    assert conflicts(problem, Criteria()) == ()


def test_the_least_price_is_a_fractional_knapsack() -> None:
    """For 5 units: all of the account with 4 for 1, and a third of the one with 3 for 3."""
    assert PriceCurve(np.array([3.0, 1.0]), np.array([3.0, 4.0]), False).least(5.0) == pytest.approx(2.0)
    assert PriceCurve(np.array([1.0, 1.0]), np.array([3.0, 4.0]), True).least(5.0) == 2


MIXES = (Mix(), Mix(capacity=0.9, hard_balance=0.1, most_accounts=6), Mix(budget=0.9, hard_balance=0.6, capacity=0.2))


@pytest.mark.parametrize("block", range(6))
def test_no_false_alarm(block: int) -> None:
    """Where brute force finds an alignment no conflict is claimed; every claimed one is short of something."""
    missed = infeasible = 0
    for seed in range(100 * block, 100 * block + 100):
        problem, criteria = random_problem(seed, mix=MIXES[seed % 3])
        found = conflicts(problem, criteria)
        assert all(conflict.short is not None and conflict.short > 0 for conflict in found)
        if brute_force(problem, criteria).is_feasible:
            assert found == (), seed
            continue
        infeasible += 1
        missed += not found
    assert missed <= 0.35 * infeasible


ADDED_UP = ("GROUP_SHORT_OF_CAPACITY", "LOCKS_EXCEED_CAPACITY", "FAMILY_EXCEEDS_ANY_CAPACITY")


def test_arithmetic_adds_up() -> None:
    """A group's demand is the sum over its accounts, its capacity the sum over its reps."""
    checked = 0
    for seed in range(300):
        problem, criteria = random_problem(seed, mix=Mix(capacity=0.9, hard_balance=0.0, pair_amounts=0.0))
        for conflict in conflicts(problem, criteria):
            counted = conflict.cause is not None and conflict.cause.kind == "large"
            if not counted and conflict.code in ADDED_UP:
                measure = problem.measure_index(str(conflict.measure))
                assert conflict.demand == pytest.approx(problem.amount[list(conflict.accounts), measure].sum())
                assert conflict.capacity == pytest.approx(problem.capacity_max[list(conflict.reps), measure].sum())
                checked += 1
    assert checked > 20


def test_alignments_of_the_drawing_are_possible() -> None:
    """The drawn problems themselves are in no conflict."""
    for problem in (line_of_four(), grid_3x3(), two_islands()):
        assert conflicts(problem, Criteria()) == ()
        assert Alignment(problem.current).rep.min() >= 0
