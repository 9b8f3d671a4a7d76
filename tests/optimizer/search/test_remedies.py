"""Remedies: of different kinds, verified, ranked, in the time that is left, and the same each time by work."""

from threading import Event

import numpy as np
import pytest

from benchmarks.planted import planted
from optimizer.alignment import Alignment
from optimizer.changes import apply_relaxation
from optimizer.conflicts import conflicts
from optimizer.criteria import Balance, Budget, BudgetScope, Criteria, Disruption
from optimizer.params import SolveParams
from optimizer.problem import Problem
from optimizer.result import Relaxation, StopReason
from optimizer.search.clock import Clock
from optimizer.search.patience import Until
from optimizer.search.relaxation import RelaxParams, relax
from optimizer.search.remedies import remedies
from optimizer.stop import AnyOf, Cancelled, MaxRuntime, SearchState, StopCriterion
from optimizer.validation import violations
from tests.optimizer.small_problems import alignment_to, capacities, line_of_four

BY_WORK = SolveParams(deterministic=True)


def offered(
    problem: Problem, criteria: Criteria, *, stop: StopCriterion | None = None, initial: Alignment | None = None
) -> tuple[Relaxation, ...]:
    """Return the remedies of a problem, each verified; limits are in work."""
    found = conflicts(problem, criteria)
    told = remedies(
        problem,
        criteria,
        found,
        stop=stop or MaxRuntime(3.0),
        clock=Clock(by_work=True),
        params=BY_WORK,
        initial=initial,
    )
    for relaxation in told:
        assert relaxation.changes
        assert violations(*apply_relaxation(problem, criteria, relaxation), relaxation.alignment) == ()
    assert [relaxation.price for relaxation in told] == sorted(relaxation.price for relaxation in told)
    return told


@pytest.mark.parametrize(
    ("kind", "seed", "expected"),
    [
        ("nobody may serve", 1, {"eligibility", "unassigned"}),
        ("family too large", 0, {"capacity_max", "family", "unassigned"}),
        ("locks above capacity", 0, {"capacity_max", "lock"}),
        ("locks above capacity", 1, {"capacity_max", "frozen"}),
        ("total above capacities", 1, {"capacity_max", "add_rep", "unassigned"}),
        ("budget too small", 1, {"capacity_max", "budget"}),
        ("limits cross", 0, {"capacity_min", "frozen"}),
    ],
)
def test_conflicts_have_remedies_of_different_kinds(kind: str, seed: int, expected: set[str]) -> None:
    """Every kind that can end a planted conflict is offered, the cheapest first."""
    question = planted(kind, seed)
    assert {relaxation.kind for relaxation in offered(question.problem, question.criteria)} >= expected


def test_one_rep_more_is_like_one_who_is_there() -> None:
    """10 h for 4 + 5: a rep like either carries what is left, at a position behind all others."""
    problem = line_of_four(capacity_max=capacities(2, 1, [4.0, 5.0], default=np.inf))
    found = relax(problem, Criteria(travel_weight=1), kinds={"add_rep"})
    assert found is not None
    (change,) = found.changes
    assert (found.kind, change.kind, found.total) == ("add_rep", "add_rep", 1.0)
    assert change.rep in (0, 1)
    assert int(found.alignment.rep.max()) == 2
    larger, wishes = apply_relaxation(problem, Criteria(), found)
    assert larger.num_reps == 3
    assert violations(larger, wishes, found.alignment) == ()


def test_two_conflicts_get_one_remedy_for_both() -> None:
    """Nobody has A0's skill and 10 h do not fit into 9: two kinds together end both, cheaper than leaving A0 out."""
    mismatch = np.zeros((4, 2), dtype=np.bool_)
    mismatch[0] = True
    problem = line_of_four(capacity_max=capacities(2, 1, [4.0, 5.0], default=np.inf), mismatch=mismatch)
    told = offered(problem, Criteria())
    assert {change.kind for change in told[0].changes} == {"eligibility", "capacity_max"}
    assert "unassigned" in {relaxation.kind for relaxation in told}


def test_an_answer_in_the_last_second_still_gets_remedies() -> None:
    """A search whose time is over leaves remedies their small minimum."""
    problem = line_of_four(capacity_max=capacities(2, 1, [4.0, 5.0], default=np.inf))
    clock = Clock(by_work=True)
    clock.charge(100.0)
    found = conflicts(problem, Criteria())
    assert remedies(problem, Criteria(), found, stop=MaxRuntime(1.0), clock=clock, params=BY_WORK)


def test_somebodys_stop_ends_them_at_once() -> None:
    """After a stop nothing is searched; the least bad alignment is still read."""
    problem = line_of_four(capacity_max=capacities(2, 1, [4.0, 5.0], default=np.inf))
    event = Event()
    event.set()
    stop = AnyOf((Cancelled(event), MaxRuntime(60.0)))
    assert offered(problem, Criteria(), stop=stop) == ()
    (read,) = offered(problem, Criteria(), stop=stop, initial=alignment_to([0, 1, 0, 1]))
    assert read.kind == "capacity_max"


def test_a_time_of_its_own_ends_when_it_says() -> None:
    """The whole search's limit does not count, somebody's stop does."""
    event = Event()
    until = Until(AnyOf((Cancelled(event), MaxRuntime(1.0))), 5.0)
    assert until(SearchState(elapsed_s=3.0)) is None
    assert until.time_left_s(3.0) == 2.0
    assert until(SearchState(elapsed_s=5.0)) is StopReason.TIME_LIMIT
    event.set()
    assert until(SearchState(elapsed_s=3.0)) is StopReason.STOPPED
    assert until.time_left_s(3.0) == 0.0


@pytest.mark.parametrize("kinds", [{"tolerance"}, {"budget"}])
def test_the_pipelines_answer_is_the_same_each_time_by_work(kinds: set[str]) -> None:
    """By work the same relaxation comes twice, whatever the machine does meanwhile."""
    problem = line_of_four(current=np.array([0, 1, 1, 1]))
    criteria = Criteria(
        balance=(Balance(measure="workload", tolerance=0.05, hard=True),),
        disruption=Disruption(budgets=(Budget(scope=BudgetScope.TOTAL, measure="accounts", limit=0.0),)),
    )
    answers = [
        relax(
            problem,
            criteria,
            kinds=kinds,
            params=RelaxParams(most_exact_pairs=0),
            search=BY_WORK,
            stop=MaxRuntime(2.0),
        )
        for _ in range(2)
    ]
    assert answers[0] is not None
    assert answers[1] is not None
    assert answers[0].changes == answers[1].changes
    np.testing.assert_array_equal(answers[0].alignment.rep, answers[1].alignment.rep)
