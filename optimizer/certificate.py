"""Hand out what proves the bound: prices of the published rows, as plain data.

The rows are those that an independent checker knows: capacities, balance, soft balance and budgets, by rep and
measure, never the model's own loads. Which integers the prices become, and what bound follows in integer arithmetic
from the raw data, is the checker's business; so is the refusal of a price that the raw data do not support.

=============== ================ ===========================================================
kind            side             of the model
=============== ================ ===========================================================
load            max, min         limits of a measure where the capacity is the tighter one
balance         max, min         limits of a measure where hard balance is; limits by share
soft_balance    equal            the equation of a load in soft balance
max_moved       max              the limit on the total of what moves
max_in          max              the upper limit of what moves in
max_out         max              the lower limit of what stays
=============== ================ ===========================================================
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from optimizer.criteria import Balance, Criteria
from optimizer.problem import FloatArray, Problem
from optimizer.search.bound import valid_multipliers
from optimizer.search.model import LoadName, Model, Multipliers
from optimizer.targets import has_moving_total, target_loads, target_share

PricedRow = dict[str, Any]
"""``{"row": {"kind", "measure", "rep"?}, "side", "price"}``: rep by position, objective units per unit of measure."""


def certify(problem: Problem, criteria: Criteria, model: Model, multipliers: Multipliers) -> list[PricedRow]:
    """Return the priced rows that prove the bound of the multipliers, without those priced at 0.

    Multipliers of soft balance whose targets move with the total have no published row and are left out: the bound
    that follows is then another, valid one.
    """
    valid = valid_multipliers(model, multipliers)
    rows: list[PricedRow] = []
    for load, name in enumerate(model.loads):
        if name.kind == "measure":
            rows += _measure_rows(problem, criteria, model, valid, load=load)
        elif name.kind == "moved_in":
            rows += _rep_rows(model, "max_in", name, "max", valid.upper[load])
            rows += [_row("max_moved", name.measure, "max", float(valid.total[load]))]
        else:
            rows += _rep_rows(model, "max_out", name, "max", valid.lower[load])
    for soft, price in zip(model.soft, valid.soft, strict=True):
        if soft.target_share is None:
            rows += _rep_rows(model, "soft_balance", model.loads[soft.load], "equal", price)
    return [row for row in rows if row["price"] != 0]


def _measure_rows(
    problem: Problem, criteria: Criteria, model: Model, multipliers: Multipliers, *, load: int
) -> Iterator[PricedRow]:
    """Return the rows of a measure's limits, each under the wish that made it."""
    name = model.loads[load]
    band = _band(problem, criteria, model, name.measure)
    measure = problem.measure_index(name.measure)
    reps = model.column_rep[model.column_rep >= 0]
    for side, price, capacity, limit in (
        ("max", multipliers.upper[load], problem.capacity_max[reps, measure], band[1]),
        ("min", multipliers.lower[load], -problem.capacity_min[reps, measure], -band[0]),
    ):
        is_balance = limit < capacity
        own = price[: len(reps)]
        yield from _rep_rows(model, "balance", name, side, np.where(is_balance, own, 0.0))
        yield from _rep_rows(model, "load", name, side, np.where(is_balance, 0.0, own))
    yield from _rep_rows(model, "balance", name, "max", multipliers.share_upper[load])
    yield from _rep_rows(model, "balance", name, "min", multipliers.share_lower[load])


def _band(problem: Problem, criteria: Criteria, model: Model, measure: str) -> FloatArray:
    """Return the loads that a hard balance with a fixed total allows, infinite without. Shape ``(2, reps)``."""
    reps = model.column_rep[model.column_rep >= 0]
    balance = next((entry for entry in criteria.balance if entry.measure == measure and entry.hard), None)
    if balance is None or _is_moving(problem, criteria, balance):
        return np.array([np.full(len(reps), -np.inf), np.full(len(reps), np.inf)])
    total = float(problem.amount[:, problem.measure_index(measure)].sum())
    target = target_loads(problem, balance, total=total)[reps]
    return np.array([(1 - balance.tolerance) * target, (1 + balance.tolerance) * target])


def _is_moving(problem: Problem, criteria: Criteria, balance: Balance) -> bool:
    return target_share(problem, balance) is not None and has_moving_total(problem, criteria, balance.measure)


def _rep_rows(model: Model, kind: str, name: LoadName, side: str, price: FloatArray) -> list[PricedRow]:
    """Return one row for every rep column that has a price."""
    return [
        _row(kind, name.measure, side, float(price[column]), rep=int(model.column_rep[column]))
        for column in np.flatnonzero(price)
        if model.column_rep[column] >= 0
    ]


def _row(kind: str, measure: str, side: str, price: float, *, rep: int | None = None) -> PricedRow:
    row: dict[str, Any] = {"kind": kind, "measure": measure}
    if rep is not None:
        row["rep"] = rep
    return {"row": row, "side": side, "price": price}
