"""A model whose columns have one limit each, in the form that the knapsack kernels like.

Owns the decision whether a model is of that form: no soft balance, no shares of totals, no limits on totals, nothing
unassigned, and at each column at most one load that is limited. Amounts may depend on the pair.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from optimizer.problem import BoolArray, FloatArray
from optimizer.search.candidates import pair_amounts
from optimizer.search.integral_bound import objective_unit
from optimizer.search.model import Model
from optimizer.search.pattern_kernels import Knapsacks
from optimizer.search.subproblem import Positions

DECIMALS: Final = 3
"""Decimal places up to which amounts are taken as exact."""
WHOLE: Final = 1e-9
"""Distance from a whole number up to which a scaled amount is one."""
MOST_ROOM: Final = 4_000
"""Largest room of a column in exact units; amounts that need more are rounded down to coarser ones."""
MOST_CELLS: Final = 200_000_000
"""Largest tables of all columns: what one bound may cost."""
SMALLEST_STEP: Final = 1e-7
"""What a better alignment gains at least where costs have no common unit, relative to an item's mean cost."""


@dataclass(frozen=True, eq=False, kw_only=True)
class KnapsackModel:
    """Columns as knapsacks; costs in multiples of ``unit``.

    Attributes
    ----------
    knapsacks
        What the kernels take.
    unit
        Objective units of one unit of cost.
    step
        What a better alignment gains at least, in units of cost: 1 where costs are whole.
    is_integral
        True where all costs are whole multiples of the unit.
    need
        Amounts in whole units rounded up: what fits in needs fits in truth. Shape ``(columns, items)``.
    """

    knapsacks: Knapsacks
    need: Positions
    unit: float
    step: float
    is_integral: bool

    @property
    def cells(self) -> int:
        """Work of filling every knapsack once."""
        return int(self.knapsacks.cost.shape[1] * (self.knapsacks.room + 1).sum())


def knapsack_model(model: Model) -> KnapsackModel | None:
    """Return a model as knapsacks, or None where it is not of that form."""
    limited: BoolArray = np.asarray(np.isfinite(model.lower) | np.isfinite(model.upper))
    shares = np.isfinite(model.share_lower) | np.isfinite(model.share_upper)
    if model.soft or model.has_unassigned or shares.any() or np.isfinite(model.total_upper).any():
        return None
    if (limited.sum(axis=0) > 1).any() or not limited.any() or model.num_columns < 2:
        return None
    amount, limit = _amounts(model, limited)
    allowed = np.isfinite(model.cost.T)
    if (amount[allowed] < 0).any():
        return None
    units, need, room, spare = _in_units(amount, limit, allowed)
    if model.num_items * float((room + 1).sum()) > MOST_CELLS:
        return None
    unit = objective_unit(model)
    scale = unit if unit is not None else max(float(np.abs(model.cost[allowed.T]).mean()), 1e-300)
    cost = np.where(allowed, model.cost.T.astype(np.float64) / scale, 0.0)
    cost = np.rint(cost) if unit is not None else cost
    kernel = Knapsacks(cost=np.ascontiguousarray(cost), units=units, amount=amount, room=room, spare=spare, limit=limit)
    step = 1.0 if unit is not None else SMALLEST_STEP
    return KnapsackModel(knapsacks=kernel, need=need, unit=scale, step=step, is_integral=unit is not None)


def _amounts(model: Model, limited: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Return what each pair brings to its column's limited load, and the limits; a column without one takes all.

    Shapes ``(columns, items)`` and ``(columns, 2)``.
    """
    amount = np.zeros((model.num_columns, model.num_items))
    limit = np.column_stack([np.zeros(model.num_columns), np.full(model.num_columns, np.inf)])
    items, load = np.arange(model.num_items), limited.argmax(axis=0)
    for column in np.flatnonzero(limited.any(axis=0)):
        amount[column] = pair_amounts(model, items, np.full(model.num_items, column))[:, load[column]]
        limit[column] = max(model.lower[load[column], column], 0.0), model.upper[load[column], column]
        if np.isinf(limit[column, 1]):
            limit[column, 1] = float(amount[column].sum())
    return amount, limit


def _in_units(
    amount: FloatArray, limit: FloatArray, allowed: BoolArray
) -> tuple[Positions, Positions, Positions, Positions]:
    """Return amounts rounded down and up, room, and largest spare room in whole units.

    Whatever fits in truth fits in units rounded down.
    """
    columns = len(amount)
    units, need = np.empty(amount.shape, dtype=np.int64), np.empty(amount.shape, dtype=np.int64)
    room, spare = np.zeros(columns, dtype=np.int64), np.zeros(columns, dtype=np.int64)
    for column in range(columns):
        least, most = limit[column]
        if np.isinf(most):
            units[column] = need[column] = 0
        else:
            factor, exact = _scale(amount[column][allowed[column]], most)
            scaled = amount[column] * factor
            units[column] = np.rint(scaled) if exact else np.floor(scaled)
            need[column] = units[column] if exact else np.ceil(scaled - WHOLE)
            room[column] = spare[column] = int(np.floor(most * factor + WHOLE))
            if exact and least > 0:
                spare[column] -= int(np.ceil(least * factor - WHOLE))
        units[column][~allowed[column]] = need[column][~allowed[column]] = room[column] + 1
    return np.minimum(units, room[:, None] + 1), np.minimum(need, room[:, None] + 1), room, spare


def _scale(amount: FloatArray, most: float) -> tuple[float, bool]:
    """Return units per unit of load, and whether all amounts are whole in them."""
    for decimals in range(DECIMALS + 1):
        factor = 10.0**decimals
        if most * factor > MOST_ROOM:
            break
        scaled = amount * factor
        if bool((np.abs(scaled - np.rint(scaled)) <= WHOLE * np.maximum(1.0, scaled)).all()):
            return factor, True
    return MOST_ROOM / max(most, 1e-300), False
