"""Build the model: every limit becomes a row on a load, every aim a cost or a convex penalty.

Owns the translation and nothing else. What the numbers mean is fixed by :func:`optimizer.score` and
:func:`optimizer.violations`; the model's limits contain half of the float noise that those forgive.
"""

from dataclasses import dataclass

import numpy as np

from optimizer.consistency import check_fit
from optimizer.criteria import Balance, Budget, BudgetScope, Criteria
from optimizer.items import Items, items_of
from optimizer.measures import Float64Array, serves_today
from optimizer.permissions import Permissions, chunks, columns_by_rep, permissions_of
from optimizer.problem import FloatArray, IntArray, Problem
from optimizer.references import References, references_of
from optimizer.search.model import Corrections, LoadName, Model, SoftBalance
from optimizer.targets import has_moving_total, target_loads, target_share
from optimizer.tolerances import MODEL_PART, RELATIVE, SUM_NOISE, slack


@dataclass(frozen=True, eq=False, kw_only=True)
class _Ground:
    """What every part of the translation looks at."""

    problem: Problem
    criteria: Criteria
    items: Items
    permissions: Permissions
    column_of_rep: IntArray

    @property
    def reps(self) -> IntArray:
        return self.permissions.reps

    @property
    def num_columns(self) -> int:
        return len(self.permissions.column_rep)


@dataclass(frozen=True, eq=False, kw_only=True)
class _Limits:
    """Limits of all loads while they are gathered; fields as in :class:`Model`."""

    lower: Float64Array
    upper: Float64Array
    share_lower: Float64Array
    share_upper: Float64Array
    total_upper: Float64Array


def build_model(problem: Problem, criteria: Criteria) -> Model:
    """Translate a problem and criteria into the formulation that the search works on.

    The costs are float32 where the travel matrix is, else float64. Dense arithmetic goes block by block: beside the
    input there is one cost matrix and one of permissions.

    Raises
    ------
    InvalidCriteria
        When the criteria do not fit the problem (:func:`optimizer.consistency.check_fit`).
    """
    check_fit(problem, criteria)
    items = items_of(problem, criteria)
    permissions = permissions_of(problem, criteria, items)
    ground = _Ground(
        problem=problem,
        criteria=criteria,
        items=items,
        permissions=permissions,
        column_of_rep=columns_by_rep(permissions.column_rep, num_reps=problem.num_reps),
    )
    names = _load_names(problem, criteria)
    limits = _limits(ground, names)
    return Model(
        item_of_account=items.item_of_account,
        column_rep=permissions.column_rep,
        cost=_cost(ground, references_of(problem, items, permissions)),
        current=_current(ground),
        loads=names,
        amount=_amount(ground, names),
        corrections=_corrections(ground, names),
        lower=limits.lower,
        upper=limits.upper,
        share_lower=limits.share_lower,
        share_upper=limits.share_upper,
        total_upper=limits.total_upper,
        counts_unassigned=np.array([name.kind == "moved_in" for name in names], dtype=np.bool_),
        soft=_soft(ground, names),
    )


def _load_names(problem: Problem, criteria: Criteria) -> tuple[LoadName, ...]:
    """Return the loads that some limit or penalty speaks of, measures first."""
    balanced = {balance.measure for balance in criteria.balance if balance.hard or balance.weight > 0}
    has_limit = (problem.capacity_min[problem.active] > 0) | np.isfinite(problem.capacity_max[problem.active])
    names = [
        LoadName(kind="measure", measure=name)
        for measure, name in enumerate(problem.measures)
        if name in balanced or has_limit[:, measure].any()
    ]
    for kind, scopes in (("moved_in", (BudgetScope.TOTAL, BudgetScope.IN)), ("stay", (BudgetScope.OUT,))):
        measures = {budget.measure for budget in criteria.disruption.budgets if budget.scope in scopes}
        names += [LoadName(kind=kind, measure=measure) for measure in problem.measures if measure in measures]
    return tuple(names)


def _amount(ground: _Ground, names: tuple[LoadName, ...]) -> Float64Array:
    """Return what each item brings wherever it goes: its amounts; as `moved_in` those of members served today."""
    problem = ground.problem
    own = problem.amount[:, [problem.measure_index(name.measure) for name in names]].astype(np.float64)
    kinds = np.array([name.kind for name in names])
    own[:, kinds == "stay"] = 0.0
    own[np.ix_(~serves_today(problem), kinds == "moved_in")] = 0.0
    return ground.items.sum(own)


def _corrections(ground: _Ground, names: tuple[LoadName, ...]) -> Corrections:
    """Return what differs by column: amounts of pairs, and members that stay with their current rep."""
    account, column, delta = _staying(ground, names)
    pairs = _pair_deltas(ground, names)
    account, column = np.concatenate([account, pairs[0]]), np.concatenate([column, pairs[1]])
    delta = np.concatenate([delta, pairs[2]])
    matters = (delta != 0).any(axis=1)
    key = ground.items.item_of_account[account[matters]].astype(np.int64) * ground.num_columns + column[matters]
    cell, position = np.unique(key, return_inverse=True)
    total = np.zeros((len(cell), len(names)))
    np.add.at(total, position, delta[matters])
    item = cell // max(1, ground.num_columns)
    start = np.searchsorted(item, np.arange(ground.items.num_items + 1)).astype(np.int32)
    return Corrections(start=start, column=(cell % max(1, ground.num_columns)).astype(np.int32), delta=total)


def _staying(ground: _Ground, names: tuple[LoadName, ...]) -> tuple[IntArray, IntArray, Float64Array]:
    """Return the corrections of the budgets' loads at current reps: account, column and delta."""
    problem = ground.problem
    sign = np.array([{"moved_in": -1.0, "stay": 1.0}.get(name.kind, 0.0) for name in names])
    account = np.flatnonzero(serves_today(problem)) if sign.any() else np.zeros(0, dtype=np.int64)
    measure = [problem.measure_index(name.measure) for name in names]
    delta = problem.amount[account][:, measure] * sign
    return account.astype(np.int32), ground.column_of_rep[problem.current[account]], delta


def _pair_deltas(ground: _Ground, names: tuple[LoadName, ...]) -> tuple[IntArray, IntArray, Float64Array]:
    """Return the corrections of pairs with amounts of their own: account, column and delta."""
    problem = ground.problem
    pairs = problem.pair_amounts
    if pairs is None:
        return np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int32), np.zeros((0, len(names)))
    known = problem.active[pairs.rep]
    account, column = pairs.account[known], ground.column_of_rep[pairs.rep[known]]
    delta = np.zeros((len(account), len(names)))
    for load, name in enumerate(names):
        if name.kind == "measure":
            measure = problem.measure_index(name.measure)
            amount = pairs.amount[known, measure]
            delta[:, load] = np.where(np.isnan(amount), 0.0, amount - problem.amount[account, measure])
    return account, column, delta


def _limits(ground: _Ground, names: tuple[LoadName, ...]) -> _Limits:
    shape = (len(names), ground.num_columns)
    limits = _Limits(
        lower=np.full(shape, -np.inf),
        upper=np.full(shape, np.inf),
        share_lower=np.full(shape, -np.inf),
        share_upper=np.full(shape, np.inf),
        total_upper=np.full(len(names), np.inf),
    )
    position = {name: load for load, name in enumerate(names)}
    for name, load in position.items():
        if name.kind == "measure":
            _limit_capacity(limits, ground, name.measure, load=load)
    for balance in ground.criteria.balance:
        if balance.hard:
            _limit_balance(limits, ground, balance, load=position[LoadName(kind="measure", measure=balance.measure)])
    for budget in ground.criteria.disruption.budgets:
        kind = "stay" if budget.scope is BudgetScope.OUT else "moved_in"
        _limit_moves(limits, ground, budget, load=position[LoadName(kind=kind, measure=budget.measure)])
    return limits


def _limit_capacity(limits: _Limits, ground: _Ground, measure: str, *, load: int) -> None:
    problem, reps = ground.problem, ground.reps
    index = problem.measure_index(measure)
    smallest, largest = problem.capacity_min[reps, index], problem.capacity_max[reps, index]
    limits.upper[load, : len(reps)] = largest + MODEL_PART * slack(largest)
    limits.lower[load, : len(reps)] = np.where(smallest > 0, smallest - MODEL_PART * slack(smallest), -np.inf)


def _limit_balance(limits: _Limits, ground: _Ground, balance: Balance, *, load: int) -> None:
    """Write a hard band around the targets: as loads where these are constant, else as shares of the total."""
    problem, reps = ground.problem, ground.reps
    share = target_share(problem, balance)
    num_reps = len(reps)
    if share is not None and has_moving_total(problem, ground.criteria, balance.measure):
        forgiven = MODEL_PART * RELATIVE
        limits.share_upper[load, :num_reps] = (1 + balance.tolerance) * share[reps] * (1 + forgiven)
        limits.share_lower[load, :num_reps] = (1 - balance.tolerance) * share[reps] * (1 - forgiven)
        return
    total = float(problem.amount[:, problem.measure_index(balance.measure)].sum())
    target = target_loads(problem, balance, total=total)[reps]
    highest, lowest = (1 + balance.tolerance) * target, (1 - balance.tolerance) * target
    upper, lower = limits.upper[load, :num_reps], limits.lower[load, :num_reps]
    np.minimum(upper, highest + MODEL_PART * slack(highest), out=upper)
    np.maximum(lower, np.where(lowest > 0, lowest - MODEL_PART * slack(lowest), -np.inf), out=lower)


def _limit_moves(limits: _Limits, ground: _Ground, budget: Budget, *, load: int) -> None:
    problem, num_reps = ground.problem, len(ground.reps)
    limit = budget.limit + MODEL_PART * slack(budget.limit)
    if budget.scope is BudgetScope.TOTAL:
        limits.total_upper[load] = min(limits.total_upper[load], limit)
    elif budget.scope is BudgetScope.IN:
        upper = limits.upper[load, :num_reps]
        np.minimum(upper, limit, out=upper)
    else:
        served = serves_today(problem)
        amount = problem.amount[served, problem.measure_index(budget.measure)]
        today = np.bincount(problem.current[served], weights=amount, minlength=problem.num_reps)[ground.reps]
        least = today - limit - SUM_NOISE * today
        lower = limits.lower[load, :num_reps]
        np.maximum(lower, np.where(least > 0, least, -np.inf), out=lower)


def _soft(ground: _Ground, names: tuple[LoadName, ...]) -> tuple[SoftBalance, ...]:
    problem, reps = ground.problem, ground.reps
    result = []
    for balance in ground.criteria.balance:
        if balance.hard or balance.weight == 0 or not len(reps):
            continue
        total = float(problem.amount[:, problem.measure_index(balance.measure)].sum())
        target, shares = np.zeros(ground.num_columns), np.zeros(ground.num_columns)
        target[: len(reps)] = target_loads(problem, balance, total=total)[reps]
        share = target_share(problem, balance)
        is_moving = share is not None and has_moving_total(problem, ground.criteria, balance.measure)
        if share is not None:
            shares[: len(reps)] = share[reps]
        result.append(
            SoftBalance(
                load=names.index(LoadName(kind="measure", measure=balance.measure)),
                tolerance=balance.tolerance,
                price=balance.weight / len(reps),
                target=target,
                target_share=shares if is_moving else None,
            )
        )
    return tuple(result)


def _current(ground: _Ground) -> IntArray:
    """Return the column that serves all members of an item today, −1 where there is none."""
    problem, items = ground.problem, ground.items
    column = np.where(problem.current >= 0, ground.column_of_rep[problem.current], -1)[items.account]
    lowest = np.minimum.reduceat(column, items.start[:-1])
    highest = np.maximum.reduceat(column, items.start[:-1])
    return np.where(lowest == highest, lowest, -1).astype(np.int32)


def _cost(ground: _Ground, references: References) -> FloatArray:
    """Return the linear part of the objective, infinite where not allowed. Shape ``(items, columns)``."""
    problem, criteria, items = ground.problem, ground.criteria, ground.items
    dtype = np.float32 if problem.travel is not None and problem.travel.dtype == np.float32 else np.float64
    cost = np.zeros((items.num_items, ground.num_columns), dtype=dtype)
    parts: list[tuple[FloatArray, float]] = []
    if problem.travel is not None and criteria.travel_weight > 0:
        parts.append((problem.travel, criteria.travel_weight / references.travel))
    if problem.inertia is not None and criteria.compactness_weight > 0:
        parts.append((problem.inertia, criteria.compactness_weight / references.compactness))
    moves = _move_price(ground)
    num_reps = len(ground.reps)
    for first, last in chunks(items.num_items, width=ground.num_columns):
        block = cost[first:last]
        for matrix, factor in parts:
            _add_scaled(block[:, :num_reps], items.block(matrix, ground.reps, first, last), factor)
        _add_mismatches(block[:, :num_reps], ground, first=first, last=last)
        block += moves[first:last, None].astype(dtype)
    _discount_staying(cost, ground)
    if ground.num_columns > num_reps:
        cost[:, num_reps] += (criteria.unassigned.weight / problem.num_accounts * items.size).astype(dtype)
    for first, last in chunks(items.num_items, width=ground.num_columns):
        np.copyto(cost[first:last], np.inf, where=~ground.permissions.allowed[first:last])
    return cost


def _add_scaled(target: FloatArray, block: FloatArray, factor: float) -> None:
    np.multiply(block, np.asarray(factor, dtype=block.dtype), out=block)
    target += block.astype(target.dtype, copy=False)


def _add_mismatches(target: FloatArray, ground: _Ground, *, first: int, last: int) -> None:
    """Add the price of soft eligibility: per account, relative to the number of accounts."""
    problem, eligibility = ground.problem, ground.criteria.eligibility
    if problem.mismatch is None or eligibility.hard or eligibility.weight == 0:
        return
    count = ground.items.block(problem.mismatch.view(np.uint8).astype(np.int32), ground.reps, first, last)
    target += (count * (eligibility.weight / problem.num_accounts)).astype(target.dtype)


def _unit_price(ground: _Ground) -> Float64Array:
    """Return what moving each account costs, 0 where it has no active current rep. Shape ``(accounts,)``."""
    problem, disruption = ground.problem, ground.criteria.disruption
    amount = problem.amount[:, problem.measure_index(disruption.measure)].astype(np.float64)
    total = float(amount.sum())
    price: Float64Array = amount * (disruption.weight / (total if total > 0 else 1.0))
    price[~serves_today(problem)] = 0.0
    return price


def _move_price(ground: _Ground) -> Float64Array:
    """Return what each item costs when all its members move. Shape ``(items,)``."""
    return ground.items.sum(_unit_price(ground))


def _discount_staying(cost: FloatArray, ground: _Ground) -> None:
    """Take back the price of moving at the current rep of each member."""
    problem = ground.problem
    if ground.criteria.disruption.weight == 0:
        return
    account = np.flatnonzero(serves_today(problem))
    item, column = ground.items.item_of_account[account], ground.column_of_rep[problem.current[account]]
    np.subtract.at(cost, (item, column), _unit_price(ground)[account].astype(cost.dtype))
