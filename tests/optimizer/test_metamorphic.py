"""Said in another way, a problem has the same answer: deterministic mode on small problems with everything mixed."""

import numpy as np
import pytest

from optimizer.canonical import canonical_order
from optimizer.criteria import Criteria
from optimizer.params import SolveParams
from optimizer.problem import Problem
from optimizer.result import Outcome
from optimizer.solve import solve
from optimizer.stop import AnyOf, GapBelow, MaxRuntime
from tests.optimizer.metamorphic import Retold, in_another_unit, shuffled, with_noise
from tests.optimizer.random_problems import random_problem
from tests.optimizer.test_solve import team

FEASIBLE = (0, 1, 2, 4, 5, 8, 9, 10, 13, 16)
"""Seeds of random problems that have an alignment."""


def retellings(problem: Problem, criteria: Criteria) -> dict[str, Retold]:
    """Return a problem in other words: shuffled and renamed, in two other units, with other last bits."""
    return {
        "shuffled": shuffled(problem, criteria, seed=1),
        "minutes": in_another_unit(problem, criteria, measure="workload", factor=60.0),
        "thousands": in_another_unit(problem, criteria, measure="potential", factor=0.001),
        "noise": with_noise(problem, criteria, seed=2),
    }


def answered(problem: Problem, criteria: Criteria) -> tuple[Outcome, float | None, np.ndarray | None]:
    """Solve in deterministic mode."""
    stop = AnyOf((MaxRuntime(3.0), GapBelow(0.0)))
    result = solve(problem, criteria, stop, params=SolveParams(deterministic=True))
    return result.outcome, result.objective, None if result.alignment is None else result.alignment.rep


@pytest.mark.parametrize("seed", FEASIBLE)
def test_the_answer_does_not_depend_on_how_it_is_asked(seed: int) -> None:
    """Shuffled rows, other numbers, another unit or other last bits: the same outcome, objective and alignment."""
    problem, criteria = random_problem(seed)
    outcome, objective, rep = answered(problem, criteria)
    assert rep is not None
    for name, retold in retellings(problem, criteria).items():
        other = solve(retold.problem, retold.criteria, MaxRuntime(3.0), params=SolveParams(deterministic=True))
        assert other.outcome is outcome, name
        assert other.objective == pytest.approx(objective, rel=1e-9, abs=1e-12), name
        assert other.alignment is not None
        assert retold.in_first_words(other.alignment).tolist() == rep.tolist(), name


@pytest.mark.parametrize("seed", [4, 5])
def test_the_canonical_order_survives_another_unit_and_other_bits(seed: int) -> None:
    """Accounts and reps stand at the same places however a team of hundreds is told."""
    problem, criteria = team(seed=seed)
    first = canonical_order(problem, criteria)
    for name, retold in retellings(problem, criteria).items():
        order = canonical_order(retold.problem, retold.criteria)
        assert retold.accounts[order.accounts].tolist() == first.accounts.tolist(), name
        assert retold.reps[order.reps].tolist() == first.reps.tolist(), name
