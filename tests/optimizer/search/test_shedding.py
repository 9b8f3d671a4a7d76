"""What is over the maximums leaves: as few items as it takes, for nobody or for reps with room."""

import numpy as np
import pytest

from benchmarks.planted import planted
from optimizer.alignment import UNASSIGNED, Alignment
from optimizer.changes import apply_relaxation
from optimizer.conflicts import conflicts
from optimizer.criteria import Balance, Criteria
from optimizer.measures import loads
from optimizer.params import SolveParams
from optimizer.problem import Problem
from optimizer.search import remedies as remedies_module
from optimizer.search.clock import Clock
from optimizer.search.remedies import remedies
from optimizer.search.shedding import shed
from optimizer.stop import MaxRuntime
from optimizer.validation import violations
from tests.optimizer.small_problems import capacities, grid_3x3, line_of_four

WORKLOAD = 1


def over_by(problem: Problem, alignment: Alignment) -> float:
    """Return the sum of loads beyond maximums."""
    over: float = np.maximum(loads(problem, alignment) - problem.capacity_max, 0.0).sum()
    return over


def test_the_smallest_account_that_ends_the_excess_leaves() -> None:
    """One rep has all four accounts and may carry all but a little: one account leaves, and no more."""
    problem = line_of_four()
    alignment = Alignment(rep=np.zeros(4, dtype=np.int32))
    size = problem.amount[:, WORKLOAD]
    most = float(size.sum() - size.min())
    limited = problem.replace(capacity_max=capacities(2, WORKLOAD, [most, np.inf], default=np.inf))
    left = shed(limited, Criteria(), alignment)
    assert np.flatnonzero(left.rep == UNASSIGNED).tolist() == [int(np.argmin(size))]
    assert (left.rep[left.rep != UNASSIGNED] == 0).all()
    given = shed(limited, Criteria(), alignment, goals=[1])
    assert np.flatnonzero(given.rep == 1).tolist() == [int(np.argmin(size))]


def test_who_takes_gets_what_the_band_asks_for() -> None:
    """A new rep who took too little for its band gets the nearest accounts that others can spare."""
    problem = grid_3x3()
    criteria = Criteria(balance=(Balance(measure="workload", tolerance=0.4, hard=True),), travel_weight=1.0)
    alignment = Alignment(rep=np.array([0, 0, 0, 0, 0, 1, 1, 1, 1], dtype=np.int32))
    limited = problem.replace(capacity_max=capacities(3, WORKLOAD, [4.0, 4.0, 4.0], default=np.inf))
    found = shed(limited, criteria, alignment, goals=[2])
    assert loads(problem, found)[:, WORKLOAD].tolist() == [4.0, 3.0, 2.0]
    assert violations(limited, criteria, found) == ()


def test_what_is_held_stays() -> None:
    """A locked account and one whose goal is forbidden stay, even where the rep remains over-full."""
    problem = line_of_four()
    limited = problem.replace(capacity_max=capacities(2, WORKLOAD, [0.0, np.inf], default=np.inf))
    alignment = Alignment(rep=np.zeros(4, dtype=np.int32))
    criteria = Criteria(locks=((0, 0),), forbid=((1, 1),))
    assert shed(limited, criteria, alignment, goals=[1]).rep.tolist() == [0, 0, 1, 1]
    assert shed(limited, criteria, alignment).rep.tolist() == [0, UNASSIGNED, UNASSIGNED, UNASSIGNED]


@pytest.mark.parametrize("seed", range(3))
def test_remedies_of_large_problems_begin_with_the_first_one(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no time for a search each, reps added and accounts left out come from the raised maximums."""
    monkeypatch.setattr(remedies_module, "LARGE_PAIRS", 0)
    question = planted("total above capacities", seed)
    problem, criteria = question.problem, question.criteria
    found = remedies(
        problem,
        criteria,
        conflicts(problem, criteria),
        stop=MaxRuntime(3.0),
        clock=Clock(by_work=True),
        params=SolveParams(deterministic=True),
    )
    assert len({relaxation.kind for relaxation in found}) >= 2
    for relaxation in found:
        assert violations(*apply_relaxation(problem, criteria, relaxation), relaxation.alignment) == ()
