"""Connected territories that cannot be, drawn on lines and grids of units."""

from itertools import product
from typing import Any

import numpy as np
import pytest

from optimizer.alignment import Alignment
from optimizer.conflicts import conflicts
from optimizer.contiguity_conflicts import CODE
from optimizer.criteria import Balance, Contiguity, Criteria, Target
from optimizer.params import SolveParams
from optimizer.problem import ACCOUNTS, Problem
from optimizer.result import Conflict, Outcome
from optimizer.solve import solve
from optimizer.stop import MaxRuntime
from optimizer.units import Units
from optimizer.validation import violations

ROOK = Criteria(contiguity=Contiguity.ROOK, travel_weight=1.0)


def line(num_units: int, *, accounts: list[int] | None = None, num_reps: int = 2, **more: Any) -> Problem:
    """Return units in a row, an account in each of some of them (all where not said), and reps who are alike."""
    unit = np.array(range(num_units) if accounts is None else accounts, dtype=np.int32)
    links = more.pop("links", [(one, one + 1) for one in range(num_units - 1)])
    first, second = (np.array(side, dtype=np.int32) for side in zip(*links, strict=True))
    size = len(unit)
    return Problem(
        measures=(ACCOUNTS,),
        amount=np.ones((size, 1)),
        current=np.full(size, -1, dtype=np.int32),
        family=np.arange(size, dtype=np.int32),
        locked=np.zeros(size, dtype=np.bool_),
        fte=np.ones(num_reps),
        active=np.ones(num_reps, dtype=np.bool_),
        capacity_min=np.zeros((num_reps, 1)),
        capacity_max=np.full((num_reps, 1), np.inf),
        target=np.full((num_reps, 1), np.nan),
        travel=np.ones((size, num_reps)),
        units=Units(num_units=num_units, unit=unit, first=first, second=second),
        **more,
    )


def told(problem: Problem, criteria: Criteria = ROOK) -> list[Conflict]:
    """Return the conflicts of contiguity."""
    return [conflict for conflict in conflicts(problem, criteria) if conflict.code == CODE]


def test_a_lock_between_two_locks_parts_a_territory() -> None:
    """``A . B . A`` in a row: A's two units have no way past B's, and both are named."""
    found = told(line(5), ROOK.replace(locks=((0, 0), (4, 0), (2, 1))))
    assert [(conflict.accounts, conflict.reps, conflict.demand) for conflict in found] == [((0, 4), (0,), 2.0)]
    assert found[0].cause is not None
    assert found[0].cause.kind == "apart"


def test_without_the_lock_between_them_they_can_be_joined() -> None:
    """``A . . . A`` in a row is no conflict."""
    assert told(line(5), ROOK.replace(locks=((0, 0), (4, 0)))) == []


def test_a_unit_without_accounts_joins() -> None:
    """An empty unit belongs to whoever needs it, so a map of three with an empty middle parts nobody."""
    assert told(line(3, accounts=[0, 2]), ROOK.replace(locks=((0, 0), (1, 0)))) == []


def test_what_lies_behind_another_territory_has_nobody() -> None:
    """``A B .`` in a row where B may not have the last unit: A would have to go around."""
    found = told(line(3), ROOK.replace(locks=((0, 0), (1, 1)), forbid=((2, 1),)))
    assert len(found) == 1
    assert found[0].accounts in ((2,), (0, 2))


def test_a_part_of_the_map_too_small_for_anybody() -> None:
    """Two units that stand alone hold 2 of the 5 that each rep must have."""
    band = Balance(measure=ACCOUNTS, target=Target.EQUAL, tolerance=0.2, hard=True)
    links = [(0, 1), *((one, one + 1) for one in range(2, 9))]
    found = told(line(10, links=links), ROOK.replace(balance=(band,)))
    assert [(conflict.accounts, conflict.demand, conflict.capacity) for conflict in found] == [((0, 1), 4.0, 2.0)]


def test_a_rep_whose_connected_units_hold_too_little() -> None:
    """A may have both ends of a row and not the middle: either end alone is less than A must have."""
    problem = line(7).replace(capacity_min=np.array([[4.0], [0.0]]))
    found = told(problem, ROOK.replace(forbid=((3, 0),)))
    assert [(conflict.reps, conflict.demand, conflict.capacity) for conflict in found] == [((0,), 4.0, 3.0)]


def test_no_contiguity_no_conflict() -> None:
    """The same locks are no conflict where territories need not be connected."""
    assert conflicts(line(5), Criteria(travel_weight=1.0, locks=((0, 0), (4, 0), (2, 1)))) == ()


def test_the_answer_offers_territories_in_pieces() -> None:
    """A question that is impossible by contiguity is infeasible, with an alignment that is right without it."""
    asked = ROOK.replace(locks=((0, 0), (4, 0), (2, 1)))
    problem = line(5)
    result = solve(problem, asked, MaxRuntime(20), params=SolveParams(threads=1, deterministic=True))
    assert result.outcome is Outcome.INFEASIBLE
    assert {conflict.code for conflict in result.conflicts} == {CODE}
    eased = [relaxation for relaxation in result.relaxations if relaxation.kind == "contiguity"]
    assert len(eased) == 1
    assert violations(problem, asked.replace(contiguity=Contiguity.OFF), eased[0].alignment) == ()


@pytest.mark.parametrize("seed", range(40))
def test_what_is_called_impossible_is_impossible(seed: int) -> None:
    """On random small maps with random bans, locks and limits every conflict is confirmed by trying all alignments."""
    rng = np.random.default_rng(seed)
    units = 6
    links = [(one, other) for one in range(units) for other in range(one) if rng.random() < 0.35] or [(0, 1)]
    accounts = np.sort(rng.choice(units, size=int(rng.integers(3, units + 1)), replace=False)).tolist()
    problem = line(units, accounts=accounts, links=links, num_reps=2)
    if rng.random() < 0.6:
        problem = problem.replace(capacity_min=rng.integers(0, 4, (2, 1)).astype(float))
    bans = tuple((one, rep) for one in range(len(accounts)) for rep in range(2) if rng.random() < 0.2)
    asked = ROOK.replace(forbid=bans)
    if not told(problem, asked):
        return
    for choice in product(range(2), repeat=len(accounts)):
        assert violations(problem, asked, Alignment(np.array(choice, dtype=np.int32)))
