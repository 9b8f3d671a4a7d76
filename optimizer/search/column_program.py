"""What one column costs at least, solved as an integer program: where sets are too many to list."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from optimizer.problem import FloatArray
from optimizer.search.cp_sat import CpSatModel
from optimizer.search.exchange_sets import Space
from optimizer.search.model import SoftBalance
from optimizer.search.solver_answer import Effort
from optimizer.search.subproblem import Subproblem

WORK: Final = 1.0
"""Deterministic time of one program."""


@dataclass(frozen=True, kw_only=True)
class LeastCost:
    """What a program proved.

    Attributes
    ----------
    bound
        No set of the items costs less; minus infinity where nothing was proved.
    work
        Deterministic time that it took.
    """

    bound: float
    work: float


def least_cost(
    space: Space, column: int, *, worth: FloatArray, amount: FloatArray, seconds: float, seed: int
) -> LeastCost:
    """Return a lower bound of the cheapest set of some items within a column's limits.

    A set costs what its items are worth, and what the column's limits lose (:func:`value_of` of the kernels of
    exchanges). Rounded so that nothing feasible is excluded.

    Parameters
    ----------
    worth
        Shape ``(items,)``, finite.
    amount
        What the items bring to the column. Shape ``(items, loads)``.
    """
    count, loads = amount.shape
    amounts = np.zeros((count, 2, loads))
    amounts[:, 0] = amount
    cost = np.zeros((count, 2))
    cost[:, 0] = worth - amount @ space.price[column]
    never = np.full((loads, 2), np.inf)
    part = Subproblem(
        items=np.arange(count),
        columns=np.arange(2),
        pair_item=np.repeat(np.arange(count), 2),
        pair_column=np.tile(np.arange(2), count),
        cost=cost.ravel(),
        amount=amounts.reshape(2 * count, loads),
        base=np.zeros((loads, 2)),
        lower=np.column_stack([space.lower[column], -never[:, 0]]),
        upper=np.column_stack([space.upper[column], never[:, 0]]),
        share_lower=-never,
        share_upper=never,
        outside=np.zeros(loads),
        total_lower=-never[:, 0],
        total_upper=never[:, 0],
        counted=np.zeros((loads, 2), dtype=np.bool_),
        soft=_soft(space, column),
        current=np.full(count, -1),
    )
    answer = CpSatModel(part, outer=True).solve(Effort(work=WORK, seconds=seconds, gap=0.0, seed=seed))
    proven = -np.inf if answer.lower_bound is None else answer.lower_bound
    return LeastCost(bound=proven - float(space.least[column].sum()), work=answer.work)


def _soft(space: Space, column: int) -> tuple[SoftBalance, ...]:
    """Return the soft balance of a column, and none of everything else."""
    return tuple(
        SoftBalance(
            load=kind,
            tolerance=float(space.soft_tolerance[kind]),
            price=float(space.soft_price[kind]),
            target=np.array([space.soft_target[column, kind], 0.0]),
        )
        for kind in np.flatnonzero((space.soft_price > 0) & (space.soft_target[column] > 0)).tolist()
    )
