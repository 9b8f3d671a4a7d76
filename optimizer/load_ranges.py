"""What the loads can and must be, before any alignment is known: the ground of all proofs by arithmetic.

Owns the limits of every active rep and measure, from capacity and from hard balance, and what items bring at least
and at most. All numbers are safe sides: a limit is never tighter, an amount never more certain than it is.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from optimizer.criteria import Criteria
from optimizer.items import Items, items_of
from optimizer.measures import Float64Array, Positions
from optimizer.permissions import Permissions, chunks, columns_by_rep, permissions_of
from optimizer.problem import BoolArray, FloatArray, IntArray, Problem
from optimizer.targets import has_moving_total, target_loads, target_share
from optimizer.tolerances import slack


@dataclass(frozen=True, eq=False, kw_only=True)
class LoadRanges:
    """Items, permissions and what they mean for loads; columns are the active reps.

    Attributes
    ----------
    problem, criteria, items, permissions
        What is looked at.
    capacity_min, capacity_max
        Limits by capacity. Shape ``(active reps, measures)``.
    band_min, band_max
        Limits by hard balance; 0 and infinity where there is none. Shape ``(active reps, measures)``.
    least, most
        What each item brings at least and at most when a rep serves it. Shape ``(items, measures)``.
    """

    problem: Problem
    criteria: Criteria
    items: Items
    permissions: Permissions
    capacity_min: Float64Array
    capacity_max: Float64Array
    band_min: Float64Array
    band_max: Float64Array
    least: Float64Array
    most: Float64Array

    @property
    def reps(self) -> IntArray:
        """The active reps. Shape ``(active reps,)``."""
        return self.permissions.reps

    @cached_property
    def allowed(self) -> BoolArray:
        """Which active rep may serve an item. Shape ``(items, active reps)``."""
        return self.permissions.allowed[:, : len(self.reps)]

    @cached_property
    def must_assign(self) -> BoolArray:
        """Which items may not stay unassigned. Shape ``(items,)``."""
        if len(self.permissions.column_rep) == len(self.reps):
            return np.ones(self.items.num_items, dtype=np.bool_)
        return ~self.permissions.allowed[:, -1]

    @cached_property
    def num_allowed(self) -> IntArray:
        """How many active reps may serve each item. Shape ``(items,)``."""
        count: IntArray = self.allowed.sum(axis=1, dtype=np.int32)
        return count

    @property
    def highest(self) -> Float64Array:
        """The tighter of the upper limits. Shape ``(active reps, measures)``."""
        return np.minimum(self.capacity_max, self.band_max)

    @property
    def lowest(self) -> Float64Array:
        """The tighter of the lower limits. Shape ``(active reps, measures)``."""
        return np.maximum(self.capacity_min, self.band_min)

    @cached_property
    def reachable(self) -> Float64Array:
        """The load of each rep if it got all it may serve. Shape ``(active reps, measures)``."""
        total = np.zeros((len(self.reps), self.least.shape[1]))
        for first, last in chunks(self.items.num_items, width=len(self.reps)):
            total += self.allowed[first:last].T.astype(np.float64) @ self.most[first:last]
        return total

    def accounts_of(self, items: Positions) -> tuple[int, ...]:
        """Return the accounts of several items, ascending."""
        chosen = np.zeros(self.items.num_items, dtype=np.bool_)
        chosen[items] = True
        return tuple(np.flatnonzero(chosen[self.items.item_of_account]).tolist())

    def amount_at(self, items: Positions, column: int, measure: int) -> Float64Array:
        """Return what items bring to one rep, pair amounts included. Shape ``(items,)``."""
        return self.items.sum(amount_at_rep(self.problem, int(self.reps[column]), measure))[items]


def is_minimal(amount: FloatArray, *, demand: float, capacity: float) -> bool:
    """Tell whether a demand would be met without any one of the amounts that make it up. Shape ``(parts,)``."""
    return len(amount) > 0 and bool((demand - amount <= capacity + slack(capacity)).all())


def amount_at_rep(problem: Problem, rep: int, measure: int) -> Float64Array:
    """Return what every account would bring to one rep. Shape ``(accounts,)``."""
    amount = problem.amount[:, measure].astype(np.float64)
    pairs = problem.pair_amounts
    if pairs is not None:
        chosen = (pairs.rep == rep) & ~np.isnan(pairs.amount[:, measure])
        amount[pairs.account[chosen]] = pairs.amount[chosen, measure]
    return amount


def load_ranges(problem: Problem, criteria: Criteria) -> LoadRanges:
    """Return what loads can and must be under criteria that fit the problem."""
    items = items_of(problem, criteria)
    permissions = permissions_of(problem, criteria, items)
    least, most = _amount_range(problem, items, permissions)
    reps = permissions.reps
    without = len(permissions.column_rep) > len(reps)
    forced = ~permissions.allowed[:, -1] if without else np.ones(items.num_items, dtype=np.bool_)
    band_min, band_max = _bands(problem, criteria, reps, least=least[forced].sum(axis=0), most=most.sum(axis=0))
    return LoadRanges(
        problem=problem,
        criteria=criteria,
        items=items,
        permissions=permissions,
        capacity_min=problem.capacity_min[reps].astype(np.float64),
        capacity_max=problem.capacity_max[reps].astype(np.float64),
        band_min=band_min,
        band_max=band_max,
        least=least,
        most=most,
    )


def _amount_range(problem: Problem, items: Items, permissions: Permissions) -> tuple[Float64Array, Float64Array]:
    """Return what an item brings at least and at most, over all reps that have a column."""
    own = problem.amount.astype(np.float64)
    least, most = own.copy(), own.copy()
    pairs = problem.pair_amounts
    if pairs is not None and len(pairs.account):
        known = columns_by_rep(permissions.column_rep, num_reps=problem.num_reps)[pairs.rep] >= 0
        account = pairs.account[known]
        amount = np.where(np.isnan(pairs.amount[known]), own[account], pairs.amount[known])
        np.minimum.at(least, account, amount)
        np.maximum.at(most, account, amount)
    return items.sum(least), items.sum(most)


def _bands(
    problem: Problem, criteria: Criteria, reps: IntArray, *, least: Float64Array, most: Float64Array
) -> tuple[Float64Array, Float64Array]:
    """Return the bands of hard balance; a moving total is taken at its least and at its most."""
    shape = (len(reps), len(problem.measures))
    lowest, highest = np.zeros(shape), np.full(shape, np.inf)
    for balance in criteria.balance:
        if not balance.hard:
            continue
        measure = problem.measure_index(balance.measure)
        smallest = largest = float(problem.amount[:, measure].sum())
        if target_share(problem, balance) is not None and has_moving_total(problem, criteria, balance.measure):
            smallest, largest = float(least[measure]), float(most[measure])
        lowest[:, measure] = (1 - balance.tolerance) * target_loads(problem, balance, total=smallest)[reps]
        highest[:, measure] = (1 + balance.tolerance) * target_loads(problem, balance, total=largest)[reps]
    return lowest, highest
