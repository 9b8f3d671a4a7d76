"""Relaxations: planted ones are found by hand, and each is verified under the changed wishes."""

from threading import Event
from typing import Any

import numpy as np
import pytest

from optimizer.changes import KINDS, apply_changes, apply_relaxation, relaxation_for
from optimizer.criteria import Balance, Budget, BudgetScope, Criteria, Disruption, Target
from optimizer.exceptions import InvalidCriteria
from optimizer.problem import Problem
from optimizer.result import Change, Relaxation
from optimizer.search.relaxation import RelaxParams, relax
from optimizer.stop import Cancelled
from optimizer.validation import violations
from tests.optimizer.brute_force import brute_force
from tests.optimizer.random_problems import random_problem
from tests.optimizer.small_problems import alignment_to, capacities, grid_3x3, line_of_four, two_islands


def limit(values: list[float]) -> np.ndarray:
    """Return upper limits of workload."""
    return capacities(len(values), 1, values, default=np.inf)


def verified(problem: Problem, criteria: Criteria, **choices: Any) -> Relaxation:
    """Return a relaxation that was checked to be one."""
    found = relax(problem, criteria, **choices)
    assert found is not None
    assert violations(problem, criteria, found.alignment) != ()
    assert violations(*apply_relaxation(problem, criteria, found), found.alignment) == ()
    return found


def test_a_capacity_is_raised_by_what_is_short() -> None:
    """10 h against 4 + 5: one maximum rises by 1 h."""
    found = verified(line_of_four(capacity_max=limit([4.0, 5.0])), Criteria(), kinds={"capacity_max"})
    (change,) = found.changes
    assert (found.kind, found.total, change.kind, change.measure) == ("capacity_max", 1.0, "capacity_max", "workload")
    assert change.after is not None
    assert change.before is not None
    assert change.after - change.before == pytest.approx(1)


def test_a_minimum_is_lowered() -> None:
    """R0 can reach 2 h of 3: its minimum falls by 1."""
    found = verified(two_islands(capacity_min=capacities(2, 1, [3.0, 0.0], default=0.0)), Criteria())
    assert found.changes == (Change(kind="capacity_min", rep=0, measure="workload", before=3.0, after=2.0),)


def test_a_lock_is_released() -> None:
    """Three locked accounts of 9 h do not fit into 5 h: the cheapest is to release A3."""
    problem = line_of_four(
        current=np.array([0, 1, 1, 1]),
        locked=np.array([False, True, True, True]),
        capacity_max=limit([np.inf, 5.0]),
    )
    found = verified(problem, Criteria(), kinds={"lock"})
    assert (found.kind, found.total) == ("lock", 1)
    assert found.changes[0] == Change(kind="lock", rep=1, account=3)


def test_a_skill_is_waived() -> None:
    """Nobody has the skill that A0 requires: one rep may serve it anyhow."""
    found = verified(line_of_four(mismatch=np.array([[True, True]] + [[False, False]] * 3)), Criteria())
    assert (found.kind, found.changes[0].account, found.total) == ("eligibility", 0, 1)


def test_a_forbidden_pair_is_allowed() -> None:
    """A0 is forbidden everywhere: one of the pairs is let go."""
    found = verified(line_of_four(), Criteria(forbid=((0, 0), (0, 1))))
    assert (found.kind, found.changes[0].account) == ("forbid", 0)


def test_a_frozen_rep_is_released() -> None:
    """R1 is frozen with 7 h and may carry 6."""
    problem = line_of_four(capacity_max=limit([np.inf, 6.0]))
    found = verified(problem, Criteria(frozen_reps=(1,)), kinds={"frozen"})
    assert found.changes == (Change(kind="frozen", rep=1),)


def test_a_tolerance_is_widened() -> None:
    """Three accounts of 1 h against one deviate by 50 % from 2 h."""
    possible = np.array([[True, False], [True, False], [True, False], [False, True]])
    criteria = Criteria(balance=(Balance(measure="workload", tolerance=0.25, hard=True),))
    found = verified(two_islands(possible=possible), criteria)
    assert found.kind == "tolerance"
    assert found.total == pytest.approx(0.25)


def test_a_balance_that_no_tolerance_saves_is_dropped() -> None:
    """An island without accounts deviates by 100 %: the balance ends."""
    criteria = Criteria(balance=(Balance(measure="workload", tolerance=0.25, hard=True),))
    found = verified(two_islands(possible=np.array([[True, False]] * 4)), criteria)
    assert found.changes == (Change(kind="tolerance", measure="workload", before=0.25, after=None),)
    assert not apply_relaxation(two_islands(), criteria, found)[1].balance[0].hard


def test_a_budget_is_raised() -> None:
    """A2 and A3 must leave R1: two accounts move, one may."""
    budget = Budget(scope=BudgetScope.TOTAL, measure="accounts", limit=1)
    criteria = Criteria(disruption=Disruption(budgets=(budget,)), forbid=((2, 1), (3, 1)))
    found = verified(line_of_four(), criteria, kinds={"budget"})
    (change,) = found.changes
    assert (change.scope, change.before, change.after, found.total) == ("total", 1, 2, 1)


def test_an_account_stays_unassigned_where_nothing_else_helps() -> None:
    """Nobody can reach A0: leaving it out is all that helps."""
    possible = np.array([[False, False], [True, True], [True, True], [True, True]])
    found = verified(line_of_four(possible=possible), Criteria())
    assert found.changes == (Change(kind="unassigned", before=0.0, after=1.0),)
    assert found.alignment.rep[0] == -1


def test_capacity_targets_follow_a_raised_capacity() -> None:
    """Where targets follow capacity, raising one moves them; the tolerance then widens in the same relaxation."""
    problem = line_of_four(capacity_max=limit([4.0, 5.0]))
    criteria = Criteria(balance=(Balance(measure="workload", target=Target.CAPACITY, tolerance=0.05, hard=True),))
    assert {change.kind for change in verified(problem, criteria).changes} <= {"capacity_max", "tolerance"}


def test_kinds_that_do_not_help_give_nothing() -> None:
    """No lock can be released to make 10 h fit into 9."""
    assert relax(line_of_four(capacity_max=limit([4.0, 5.0])), Criteria(), kinds={"lock"}) is None


def test_what_the_data_rule_out_is_not_proposed() -> None:
    """An alignment across the water is beyond relaxing."""
    assert relaxation_for(two_islands(), Criteria(), alignment_to([1, 0, 1, 1])) is None
    assert "possible" not in KINDS


def test_a_split_family_is_set_free() -> None:
    """An alignment that splits a family asks for the family to part."""
    problem = line_of_four(family=np.array([0, 1, 1, 3]))
    found = relaxation_for(problem, Criteria(), alignment_to([0, 0, 1, 1]))
    assert found is not None
    assert found.changes == (Change(kind="family", account=1),)
    assert violations(*apply_relaxation(problem, Criteria(), found), found.alignment) == ()


def test_one_budget_answers_for_all_reps() -> None:
    """The larger of two overspendings sets the limit of moves in."""
    criteria = Criteria(disruption=Disruption(budgets=(Budget(scope=BudgetScope.IN, measure="workload", limit=1),)))
    found = relaxation_for(line_of_four(), criteria, alignment_to([1, 1, 0, 0]))
    assert found is not None
    assert [(change.before, change.after) for change in found.changes] == [(1, 7)]


def test_a_change_that_says_too_little_is_refused() -> None:
    """An unknown kind, or a capacity without a rep, raises."""
    for change in (Change(kind="weather"), Change(kind="capacity_max", measure="workload", after=1.0)):
        with pytest.raises(InvalidCriteria):
            apply_changes(line_of_four(), Criteria(), [change])


@pytest.mark.parametrize("block", range(4))
def test_every_small_problem_is_relaxed(block: int) -> None:
    """Each infeasible problem gets a verified relaxation, each feasible one needs none."""
    for seed in range(20 * block, 20 * block + 20):
        problem, criteria = random_problem(seed)
        found = relax(problem, criteria)
        assert found is not None
        assert (found.changes == ()) == brute_force(problem, criteria).is_feasible
        assert violations(*apply_relaxation(problem, criteria, found), found.alignment) == ()


GENEROUS = RelaxParams(most_exact_pairs=0, time_limit_s=6.0)
"""The pipeline instead of the model in integers, with more time than such small problems need."""


def test_a_larger_problem_gives_way_by_the_pipeline() -> None:
    """Beyond the model in integers the search itself finds what breaks least: 10 h against 9 are 1 h short."""
    problem = line_of_four(capacity_max=limit([4.0, 5.0]))
    found = verified(problem, Criteria(travel_weight=1), kinds={"capacity_max"}, params=GENEROUS)
    assert (found.kind, found.total) == ("capacity_max", 1.0)


def test_a_larger_problem_without_a_skill_gives_way() -> None:
    """The skill of A0 is waived and nothing else."""
    mismatch = np.zeros((9, 3), dtype=np.bool_)
    mismatch[0] = True
    criteria = Criteria(balance=(Balance(measure="workload", tolerance=0.0, hard=True),))
    found = verified(grid_3x3(mismatch=mismatch), criteria, kinds={"eligibility"}, params=GENEROUS)
    assert [(change.kind, change.account) for change in found.changes] == [("eligibility", 0)]


def test_the_searchs_least_bad_alignment_is_the_last_resort() -> None:
    """Where no kind helps, the initial alignment is read, with whatever it breaks."""
    problem = line_of_four(capacity_max=limit([4.0, 5.0]))
    stopped = Event()
    stopped.set()
    over = Cancelled(stopped)
    assert relax(problem, Criteria(), stop=over) is None
    assert verified(problem, Criteria(), stop=over, initial=alignment_to([0, 1, 0, 1])).total == 1
