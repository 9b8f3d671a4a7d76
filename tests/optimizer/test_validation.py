"""Every hard criterion three ways: kept trivially, breached when fixed against it, kept when fixed with it."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.alignment import Alignment
from optimizer.criteria import (
    Balance,
    Budget,
    BudgetScope,
    Contiguity,
    Criteria,
    Disruption,
    Eligibility,
    Target,
    Unassigned,
)
from optimizer.exceptions import InvalidCriteria
from optimizer.problem import Problem
from optimizer.result import Violation
from optimizer.validation import violations
from tests.optimizer.brute_force import brute_force
from tests.optimizer.random_problems import random_problem
from tests.optimizer.small_problems import alignment_to, capacities, grid_3x3, line_of_four, pair_amounts, two_islands

HALVES = alignment_to([0, 0, 1, 1])
THREE_AND_ONE = alignment_to([0, 0, 0, 1])


def only(problem: Problem, criteria: Criteria, alignment: Alignment) -> Violation:
    """Return the one violation that there is."""
    (found,) = violations(problem, criteria, alignment)
    return found


def budget(scope: BudgetScope, measure: str, limit: float) -> Criteria:
    """Return criteria with one budget."""
    return Criteria(disruption=Disruption(budgets=(Budget(scope=scope, measure=measure, limit=limit),)))


def test_nothing_asked_nothing_breached() -> None:
    """Without criteria every complete alignment is right."""
    assert violations(line_of_four(), Criteria(), alignment_to([1, 0, 1, 0])) == ()


class TestUnassigned:
    """Accounts without a rep."""

    def test_allowed(self) -> None:
        """Where it is allowed, nobody needs a rep."""
        criteria = Criteria(unassigned=Unassigned(allowed=True))
        assert violations(line_of_four(), criteria, alignment_to([-1, -1, -1, -1])) == ()

    def test_breached(self) -> None:
        """Else accounts without a rep are one violation that lists them."""
        found = only(line_of_four(), Criteria(), alignment_to([0, -1, -1, 1]))
        assert (found.criterion, found.accounts, found.by) == ("unassigned", (1, 2), 2)

    def test_kept(self) -> None:
        """Everybody with a rep is right."""
        assert violations(line_of_four(), Criteria(), HALVES) == ()


class TestInactive:
    """Reps who have left."""

    PROBLEM = line_of_four(active=np.array([True, False]))

    def test_breached(self) -> None:
        """What stays with a rep who left is named at that rep."""
        found = only(self.PROBLEM, Criteria(), HALVES)
        assert (found.criterion, found.rep, found.accounts) == ("inactive", 1, (2, 3))

    def test_kept(self) -> None:
        """All with the rep who stays is right."""
        assert violations(self.PROBLEM, Criteria(), alignment_to([0, 0, 0, 0])) == ()

    def test_limits_of_who_left_do_not_count(self) -> None:
        """A minimum of a rep who left asks for nothing."""
        problem = self.PROBLEM.replace(capacity_min=capacities(2, 1, [0.0, 5.0], default=0.0))
        assert violations(problem, Criteria(), alignment_to([0, 0, 0, 0])) == ()


class TestLock:
    """Locks of the data and of the criteria."""

    def test_trivial(self) -> None:
        """A locked account that stays is right."""
        problem = line_of_four(locked=np.array([True, False, False, False]))
        assert violations(problem, Criteria(), HALVES) == ()

    def test_breached(self) -> None:
        """A locked account elsewhere is named at the rep it belongs to."""
        problem = line_of_four(locked=np.array([True, True, False, False]))
        found = only(problem, Criteria(), alignment_to([1, 0, 1, 1]))
        assert (found.criterion, found.rep, found.accounts, found.by) == ("lock", 0, (0,), 1)

    def test_criteria_lock(self) -> None:
        """A lock of the criteria may name another rep than the current one."""
        criteria = Criteria(locks=((0, 1),))
        assert only(line_of_four(), criteria, HALVES).rep == 1
        assert violations(line_of_four(), criteria, alignment_to([1, 0, 1, 1])) == ()


class TestForbid:
    """Pairs that the criteria forbid."""

    CRITERIA = Criteria(forbid=((0, 1), (0, 0), (3, 0)))

    def test_trivial(self) -> None:
        """A pair that does not stand breaches nothing."""
        assert violations(line_of_four(), Criteria(forbid=((0, 1),)), HALVES) == ()

    def test_breached(self) -> None:
        """A forbidden pair is named at its rep."""
        found = only(line_of_four(), self.CRITERIA, HALVES)
        assert (found.criterion, found.rep, found.accounts) == ("forbid", 0, (0,))

    def test_kept(self) -> None:
        """The account elsewhere is right."""
        assert violations(line_of_four(), Criteria(forbid=((0, 0),)), alignment_to([1, 0, 1, 1])) == ()


class TestPossible:
    """Pairs that the data rule out."""

    def test_kept(self) -> None:
        """Everybody served on the own island is right."""
        assert violations(two_islands(), Criteria(), HALVES) == ()

    def test_breached(self) -> None:
        """Who crosses the water is named."""
        found = only(two_islands(), Criteria(), alignment_to([0, 1, 1, 1]))
        assert (found.criterion, found.rep, found.accounts) == ("possible", 1, (1,))

    def test_trivial(self) -> None:
        """Without water nothing is impossible."""
        assert violations(two_islands(possible=None), Criteria(), alignment_to([1, 1, 0, 0])) == ()


class TestFrozen:
    """Reps who gain and lose nothing."""

    CRITERIA = Criteria(frozen_reps=(0,))

    def test_kept(self) -> None:
        """The others may do what they like with what is theirs."""
        criteria = self.CRITERIA.replace(unassigned=Unassigned(allowed=True))
        assert violations(line_of_four(), criteria, alignment_to([0, 0, -1, 1])) == ()

    def test_loses(self) -> None:
        """A frozen rep loses nothing."""
        found = only(line_of_four(), self.CRITERIA, alignment_to([0, 1, 1, 1]))
        assert (found.criterion, found.rep, found.accounts) == ("frozen", 0, (1,))

    def test_gains(self) -> None:
        """A frozen rep gains nothing."""
        assert only(line_of_four(), self.CRITERIA, THREE_AND_ONE).accounts == (2,)


class TestEligibility:
    """Required skills."""

    MISMATCH = np.array([[True, False], [False, False], [False, False], [False, False]])

    def test_breached(self) -> None:
        """An account whose rep lacks a skill is named."""
        found = only(line_of_four(mismatch=self.MISMATCH), Criteria(), HALVES)
        assert (found.criterion, found.rep, found.accounts) == ("eligibility", 0, (0,))

    def test_kept(self) -> None:
        """With the skilled rep all is right."""
        assert violations(line_of_four(mismatch=self.MISMATCH), Criteria(), alignment_to([1, 0, 1, 1])) == ()

    def test_soft(self) -> None:
        """Where it is priced it is no violation."""
        criteria = Criteria(eligibility=Eligibility(hard=False, weight=5))
        assert violations(line_of_four(mismatch=self.MISMATCH), criteria, HALVES) == ()


class TestFamily:
    """Families that stay together."""

    FAMILY = np.array([7, 1, 7, 3])

    def test_breached(self) -> None:
        """A family with two reps has one too many."""
        found = only(line_of_four(family=self.FAMILY), Criteria(), HALVES)
        assert (found.criterion, found.accounts, found.value, found.by) == ("family", (0, 2), 2, 1)

    def test_kept(self) -> None:
        """Together is right, and so is together without a rep."""
        problem = line_of_four(family=self.FAMILY)
        assert violations(problem, Criteria(), alignment_to([1, 0, 1, 1])) == ()
        criteria = Criteria(unassigned=Unassigned(allowed=True))
        assert violations(problem, criteria, alignment_to([-1, 0, -1, 1])) == ()

    def test_off(self) -> None:
        """Where families may part, they may."""
        assert violations(line_of_four(family=self.FAMILY), Criteria(families_together=False), HALVES) == ()


class TestCapacity:
    """Smallest and largest loads."""

    def test_above(self) -> None:
        """7 h where 6.5 fit is 0.5 too much."""
        problem = line_of_four(capacity_max=capacities(2, 1, [np.inf, 6.5], default=np.inf))
        found = only(problem, Criteria(), HALVES)
        assert (found.criterion, found.measure, found.rep) == ("capacity", "workload", 1)
        assert (found.value, found.limit, found.by) == (7, 6.5, 0.5)

    def test_below(self) -> None:
        """3 h where 4 are asked for is 1 too little."""
        problem = line_of_four(capacity_min=capacities(2, 1, [4.0, 0.0], default=0.0))
        found = only(problem, Criteria(), HALVES)
        assert (found.rep, found.value, found.limit, found.by) == (0, 3, 4, 1)

    def test_kept_to_the_last_digit(self) -> None:
        """A load of 0.1 + 0.2 + 0.3 keeps a limit of 0.6."""
        problem = grid_3x3()
        amount = np.column_stack([np.ones(9), [0.1, 0.2, 0.3, *([0.2] * 6)]])
        problem = problem.replace(amount=amount, capacity_max=capacities(3, 1, [0.6] * 3, default=np.inf))
        assert violations(problem, Criteria(), alignment_to([0, 0, 0, 1, 1, 1, 2, 2, 2])) == ()

    def test_pair_amounts_count(self) -> None:
        """A1 weighs 5 h with R0: 6 h are above 4."""
        pairs = pair_amounts((1, 0, [np.nan, 5.0]))
        problem = line_of_four(pair_amounts=pairs, capacity_max=capacities(2, 1, [4.0, np.inf], default=np.inf))
        assert only(problem, Criteria(), HALVES).by == 2
        assert violations(problem, Criteria(), alignment_to([0, 1, 1, 1])) == ()


class TestBalance:
    """Hard balance."""

    def criteria(self, tolerance: float, **fields: Any) -> Criteria:
        """Return criteria with hard balance of workload."""
        return Criteria(balance=(Balance(measure="workload", tolerance=tolerance, hard=True, **fields),))

    def test_kept(self) -> None:
        """Loads of 3 and 7 lie within 40 % of 5."""
        assert violations(line_of_four(), self.criteria(0.4), HALVES) == ()

    def test_breached_on_both_sides(self) -> None:
        """At 20 % both reps are 1 h out of the band from 4 to 6."""
        low, high = violations(line_of_four(), self.criteria(0.2), HALVES)
        assert (low.rep, low.value, low.limit, low.by) == (0, 3, 4, 1)
        assert (high.rep, high.value, high.limit, high.by) == (1, 7, 6, 1)

    def test_perfect(self) -> None:
        """1 + 4 against 2 + 3 keeps a tolerance of 0."""
        assert violations(line_of_four(), self.criteria(0.0), alignment_to([0, 1, 1, 0])) == ()

    def test_a_target_of_zero_allows_no_load(self) -> None:
        """Who has no FTE gets nothing."""
        problem = line_of_four(fte=np.array([0.0, 1.0]))
        criteria = self.criteria(0.5, target=Target.FTE)
        assert violations(problem, criteria, alignment_to([1, 1, 1, 1])) == ()
        assert only(problem, criteria, alignment_to([0, 1, 1, 1])).by == 1

    def test_open_seats_count(self) -> None:
        """An open seat without accounts is out of balance like anybody else."""
        assert len(violations(grid_3x3(), self.criteria(0.5), alignment_to([0, 0, 0, 0, 1, 1, 1, 1, 1]))) == 2


class TestBudgets:
    """Budgets of moves."""

    def test_total(self) -> None:
        """Two moves where one is allowed is one too many."""
        alignment = alignment_to([1, 0, 0, 1])
        found = only(line_of_four(), budget(BudgetScope.TOTAL, "accounts", 1), alignment)
        assert (found.criterion, found.accounts, found.rep, found.by) == ("max_moved", (0, 2), None, 1)
        assert violations(line_of_four(), budget(BudgetScope.TOTAL, "accounts", 2), alignment) == ()

    def test_in(self) -> None:
        """A2 and A3 bring 7 h to R0, 2 above 5."""
        alignment = alignment_to([0, 0, 0, 0])
        found = only(line_of_four(), budget(BudgetScope.IN, "workload", 5), alignment)
        assert (found.criterion, found.rep, found.value, found.by) == ("max_in_per_rep", 0, 7, 2)
        assert violations(line_of_four(), budget(BudgetScope.IN, "workload", 7), alignment) == ()

    def test_out(self) -> None:
        """The same moves count at R1 as going out."""
        alignment = alignment_to([0, 0, 0, 0])
        found = only(line_of_four(), budget(BudgetScope.OUT, "workload", 6), alignment)
        assert (found.criterion, found.rep, found.accounts, found.by) == ("max_out_per_rep", 1, (2, 3), 1)

    def test_unassigned_counts_out_and_in_total_but_not_in(self) -> None:
        """An account that loses its rep leaves one, and enters none."""
        alignment = alignment_to([0, 0, 1, -1])
        free = {"unassigned": Unassigned(allowed=True)}
        for scope, breached in ((BudgetScope.TOTAL, 1), (BudgetScope.OUT, 1), (BudgetScope.IN, 0)):
            criteria = budget(scope, "accounts", 0).replace(**free)
            assert len(violations(line_of_four(), criteria, alignment)) == breached

    def test_who_left_is_free(self) -> None:
        """What leaves a rep who has left counts nowhere, not even on arrival."""
        problem = line_of_four(active=np.array([True, False]))
        for scope in BudgetScope:
            assert violations(problem, budget(scope, "accounts", 0), alignment_to([0, 0, 0, 0])) == ()


def test_contiguity_is_refused_rather_than_ignored() -> None:
    """Without an adjacency nobody can say whether territories are connected."""
    with pytest.raises(InvalidCriteria):
        violations(line_of_four(), Criteria(contiguity=Contiguity.ROOK), HALVES)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000))
def test_the_best_of_all_alignments_is_right(seed: int) -> None:
    """What brute force calls right has no violation."""
    problem, criteria = random_problem(seed)
    best = brute_force(problem, criteria).best
    if best is not None:
        assert violations(problem, criteria, best) == ()
