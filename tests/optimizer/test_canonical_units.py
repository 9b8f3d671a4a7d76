"""Units in an order that depends on their accounts and neighbors alone."""

from itertools import permutations

import numpy as np

from optimizer.canonical import canonical_order, canonical_units
from optimizer.criteria import Criteria
from optimizer.units import Units
from tests.optimizer.small_problems import problem_of


def ladder() -> Units:
    """Return two rows of four units: accounts in the corners and one in the middle, the others empty."""
    first = [0, 1, 2, 4, 5, 6, 0, 1, 2, 3]
    second = [1, 2, 3, 5, 6, 7, 4, 5, 6, 7]
    return Units(
        num_units=8,
        unit=np.array([0, 3, 4, 7, 5], dtype=np.int32),
        first=np.array(first, dtype=np.int32),
        second=np.array(second, dtype=np.int32),
    )


def test_renumbered_units_are_the_same() -> None:
    """Units with other numbers, pairs in another order and turned around: the canonical ones are equal to the bit."""
    units = ladder()
    accounts = np.array([2, 0, 1, 4, 3])
    expected = canonical_units(units, accounts)
    rng = np.random.default_rng(1)
    number, edges = rng.permutation(8), rng.permutation(10)
    other = Units(
        num_units=8,
        unit=number[units.unit].astype(np.int32),
        first=number[units.second][edges].astype(np.int32),
        second=number[units.first][edges].astype(np.int32),
    )
    found = canonical_units(other, accounts)
    for name in ("unit", "first", "second"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


def test_accounts_without_a_unit_stay_without() -> None:
    """The mark of no unit survives."""
    units = Units(
        num_units=2,
        unit=np.array([-1, 1], dtype=np.int32),
        first=np.array([0], dtype=np.int32),
        second=np.array([1], dtype=np.int32),
    )
    assert canonical_units(units, np.array([1, 0])).unit.tolist() == [0, -1]


def test_no_units_at_all() -> None:
    """A problem whose units are none stays one."""
    nothing = np.zeros(0, dtype=np.int32)
    units = Units(num_units=0, unit=np.array([-1, -1], dtype=np.int32), first=nothing, second=nothing)
    assert canonical_units(units, np.array([1, 0])).unit.tolist() == [-1, -1]


def test_units_tell_accounts_apart() -> None:
    """1 1 1 5 in a row without travel: in any order of the accounts the canonical problem has the same units."""
    workload = np.array([1.0, 1.0, 1.0, 5.0])
    found = set()
    for order in permutations(range(4)):
        units = Units(
            num_units=4,
            unit=np.array(order),
            first=np.arange(3, dtype=np.int32),
            second=np.arange(1, 4, dtype=np.int32),
        )
        problem = problem_of(workload[list(order)], num_reps=2, units=units)
        canonical, _ = canonical_order(problem, Criteria()).apply(problem, Criteria())
        assert canonical.units is not None
        found.add(tuple(tuple(values.tolist()) for values in (canonical.amount[:, 1], *_arrays(canonical.units))))
    assert len(found) == 1


def _arrays(units: Units) -> tuple[np.ndarray, ...]:
    return units.unit, units.first, units.second
