"""What alignments are worth, on problems that are computed by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.alignment import Alignment
from optimizer.criteria import Balance, Criteria, Disruption, Eligibility, Target, Unassigned
from optimizer.exceptions import InvalidCriteria
from optimizer.problem import PairAmounts, Problem
from optimizer.references import references
from optimizer.result import Term
from optimizer.score import Scorecard, score
from tests.optimizer.random_problems import random_problem
from tests.optimizer.small_problems import alignment_to, capacities, line_of_four

NEAREST = alignment_to([0, 0, 1, 1])


def term(card: Scorecard, name: str) -> Term:
    """Return the term of this name."""
    return next(found for found in card.terms if found.name == name)


def test_travel_is_relative_to_the_cheapest_rep_of_every_item() -> None:
    """The nearest reps cost 6 km, so the crossed alignment of 14 km weighs 30 · 14 / 6."""
    card = score(line_of_four(), Criteria(travel_weight=30), alignment_to([1, 1, 0, 0]))
    travel = term(card, "travel")
    assert (travel.raw, travel.unit, travel.reference) == (14, "km", 6)
    assert card.objective == pytest.approx(30 * 14 / 6)


def test_travel_without_weight_is_reported_and_costs_nothing() -> None:
    """Known travel stands among the terms with weight 0."""
    card = score(line_of_four(), Criteria(), NEAREST)
    assert term(card, "travel").raw == 6
    assert card.objective == 0


def test_the_reference_follows_what_is_allowed() -> None:
    """With R0 forbidden for A0, its cheapest rep is 4 km away instead of 1."""
    criteria = Criteria(travel_weight=1, forbid=((0, 0),))
    assert references(line_of_four(), criteria).travel == 4 + 2 + 2 + 1


def test_a_family_has_one_cheapest_rep() -> None:
    """A0 and A3 as one family travel 5 km either way; together with A1 and A2 that is 9."""
    problem = line_of_four(family=np.array([0, 1, 2, 0]))
    assert references(problem, Criteria()).travel == 5 + 2 + 2
    assert references(problem, Criteria(families_together=False)).travel == 6


def test_a_reference_of_zero_becomes_one() -> None:
    """Where nobody travels, the term is 0 and not undefined."""
    card = score(line_of_four(travel=np.zeros((4, 2))), Criteria(travel_weight=10), NEAREST)
    assert term(card, "travel").reference == 1
    assert card.objective == 0


def test_compactness_has_its_own_reference() -> None:
    """Inertia counts against the smallest possible inertia."""
    problem = line_of_four(inertia=np.array([[1.0, 9.0], [2.0, 8.0], [8.0, 2.0], [9.0, 1.0]]))
    card = score(problem, Criteria(compactness_weight=12), alignment_to([0, 1, 1, 1]))
    assert term(card, "compactness").weighted == pytest.approx(12 * (1 + 8 + 2 + 1) / 6)


def test_disruption_is_a_share_of_the_measure() -> None:
    """Moving A3 moves 4 of 10 h."""
    criteria = Criteria(disruption=Disruption(weight=20, measure="workload"))
    card = score(line_of_four(), criteria, alignment_to([0, 0, 1, 0]))
    assert term(card, "disruption").weighted == pytest.approx(20 * 4 / 10)
    assert term(card, "disruption").unit == "workload"


def test_soft_balance_is_a_mean_over_active_reps() -> None:
    """Loads 3 and 7 against 5 deviate by 40 %: beyond 10 % by 30 points, beyond 20 % by 20 points, for both reps."""
    criteria = Criteria(balance=(Balance(measure="workload", tolerance=0.1, weight=50),))
    card = score(line_of_four(), criteria, NEAREST)
    assert term(card, "balance:workload").raw == pytest.approx(2 * (0.3 + 2 * 0.2))
    assert term(card, "balance:workload").weighted == pytest.approx(50 * 0.7)


def test_hard_balance_costs_nothing() -> None:
    """A hard limit is no term of the objective."""
    card = score(line_of_four(), Criteria(balance=(Balance(measure="workload", hard=True),)), NEAREST)
    assert [found.name for found in card.terms] == ["travel"]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (Target.EQUAL, [5.0, 5.0]),
        (Target.FTE, [7.5, 2.5]),
        (Target.CAPACITY, [8.0, 2.0]),
        (Target.GIVEN, [6.0, 3.0]),
    ],
)
def test_targets(target: Target, expected: list[float]) -> None:
    """10 h are shared equally, by FTE 3 : 1, by capacity 12 : 3, or are given as 6 and 3."""
    problem = line_of_four(
        fte=np.array([3.0, 1.0]),
        capacity_max=capacities(2, 1, [12.0, 3.0], default=np.inf),
        target=capacities(2, 1, [6.0, 3.0], default=np.nan),
    )
    card = score(problem, Criteria(balance=(Balance(measure="workload", target=target),)), NEAREST)
    assert card.targets[:, 1].tolist() == pytest.approx(expected)
    assert np.isnan(card.targets[:, 0]).all()


def test_targets_follow_the_assigned_total() -> None:
    """With A3 unassigned, 6 h are left to share."""
    criteria = Criteria(balance=(Balance(measure="workload"),), unassigned=Unassigned(allowed=True))
    assert score(line_of_four(), criteria, alignment_to([0, 0, 1, -1])).targets[:, 1].tolist() == [3, 3]


def test_a_rep_who_left_has_no_target() -> None:
    """All 10 h are the target of the rep who stays."""
    problem = line_of_four(active=np.array([True, False]))
    card = score(problem, Criteria(balance=(Balance(measure="workload"),)), alignment_to([0, 0, 0, 0]))
    assert card.targets[:, 1].tolist() == [10, 0]


def test_soft_eligibility_counts_mismatched_accounts() -> None:
    """One of four accounts lacks its skill: a quarter of the weight."""
    mismatch = np.zeros((4, 2), dtype=np.bool_)
    mismatch[0, 0] = True
    criteria = Criteria(eligibility=Eligibility(hard=False, weight=40))
    card = score(line_of_four(mismatch=mismatch), criteria, NEAREST)
    assert term(card, "eligibility").weighted == 10


def test_unassigned_accounts_are_priced_by_count() -> None:
    """Two of four accounts without a rep cost half the weight."""
    criteria = Criteria(unassigned=Unassigned(allowed=True, weight=80))
    assert score(line_of_four(), criteria, alignment_to([0, -1, -1, 1])).objective == 40


@pytest.mark.parametrize(
    "criteria",
    [
        Criteria(balance=(Balance(measure="nothing"),)),
        Criteria(compactness_weight=1),
        Criteria(locks=((9, 0),)),
        Criteria(frozen_reps=(5,)),
        Criteria(balance=(Balance(measure="workload", target=Target.CAPACITY),)),
        Criteria(balance=(Balance(measure="workload", target=Target.GIVEN),)),
    ],
)
def test_criteria_that_speak_of_nothing_are_refused(criteria: Criteria) -> None:
    """An unknown measure, a weight without data, a position out of range and a target without basis raise."""
    with pytest.raises(InvalidCriteria):
        score(line_of_four(), criteria, NEAREST)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_renaming_reps_changes_nothing(seed: int) -> None:
    """Reps in another order give the same objective."""
    problem, criteria = random_problem(seed)
    rng = np.random.default_rng(seed)
    order = rng.permutation(problem.num_reps)
    place = np.argsort(order).astype(np.int32)
    rep = rng.integers(-1, problem.num_reps, problem.num_accounts, dtype=np.int32)
    value = score(problem, criteria, Alignment(rep)).objective
    renamed = score(*_renamed(problem, criteria, order), Alignment(np.where(rep < 0, -1, place[rep]))).objective
    assert renamed == pytest.approx(value, rel=1e-9, abs=1e-12)


def _renamed(problem: Problem, criteria: Criteria, order: np.ndarray) -> tuple[Problem, Criteria]:
    place = np.argsort(order).astype(np.int32)
    pairs = problem.pair_amounts
    if pairs is not None:
        pairs = PairAmounts(account=pairs.account, rep=place[pairs.rep], amount=pairs.amount)
    matrices = {
        name: None if getattr(problem, name) is None else getattr(problem, name)[:, order]
        for name in ("travel", "inertia", "possible", "mismatch")
    }
    rows = {name: getattr(problem, name)[order] for name in ("fte", "active", "capacity_min", "capacity_max", "target")}
    current = np.where(problem.current < 0, -1, place[problem.current])
    return problem.replace(**matrices, **rows, current=current, pair_amounts=pairs), criteria.replace(
        locks=tuple((account, int(place[rep])) for account, rep in criteria.locks),
        forbid=tuple((account, int(place[rep])) for account, rep in criteria.forbid),
        frozen_reps=tuple(int(place[rep]) for rep in criteria.frozen_reps),
    )
