"""Limits that may give way, written into the search's own formulation: pairs and loads at a price instead of never.

Owns the translation of kinds of change into prices on the model that every algorithm of the pipeline works on, so
that problems of any size can be asked for their cheapest relaxation. A broken wish on a pair costs at the pair; a
limit on loads becomes a penalty on what lies beyond it. Travel and moves stay with a small weight, so that of two
equally cheap relaxations the better alignment is taken.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from optimizer.change_prices import Prices
from optimizer.criteria import Balance, Budget, BudgetScope, Criteria, Disruption, Eligibility, Target, Unassigned
from optimizer.measures import Float64Array, serves_today
from optimizer.permissions import required_reps
from optimizer.problem import ACCOUNTS, FloatArray, IntArray, Problem
from optimizer.search.model import LoadName, Model, SoftBalance
from optimizer.search.rows import build_model
from optimizer.targets import target_loads

SCALE: Final = 100.0
"""Objective units of an average territory; travel and moves together are about one unit."""
DUMMY: Final = 1e-9
"""Weight of a balance that is there to name a load; its penalty is replaced."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ElasticQuestion:
    """A question in which some wishes have become prices.

    Attributes
    ----------
    problem, criteria
        Without the wishes that may give way.
    model
        Their formulation, with the prices.
    """

    problem: Problem
    criteria: Criteria
    model: Model


def elastic_question(problem: Problem, criteria: Criteria, *, kinds: frozenset[str], prices: Prices) -> ElasticQuestion:
    """Return a question that breaks wishes of some kinds at a price; all others stay hard."""
    loose, wishes = _loosened(problem, criteria, kinds, prices)
    model = build_model(loose, wishes)
    cost = _priced_pairs(model, problem, criteria, kinds=kinds, prices=prices)
    model = _with_penalties(replace(model, cost=cost), problem, criteria, kinds=kinds)
    return ElasticQuestion(problem=loose, criteria=wishes, model=model)


def _loosened(problem: Problem, criteria: Criteria, kinds: frozenset[str], prices: Prices) -> tuple[Problem, Criteria]:
    """Return the question without the wishes that may give way, their prices where the criteria can name them."""
    budgets = criteria.disruption.budgets
    wishes = criteria.replace(
        balance=tuple(_balances(problem, criteria, kinds)),
        travel_weight=0.0 if problem.travel is None else 1.0,
        compactness_weight=0.0,
        disruption=Disruption(weight=0.2, measure=ACCOUNTS, budgets=budgets),
    )
    num_accounts, num_reps = problem.num_accounts, max(1, int(problem.active.sum()))
    if "budget" in kinds:
        total = next((budget for budget in budgets if budget.scope is BudgetScope.TOTAL), None)
        kept = tuple(replace(budget, limit=np.inf) for budget in budgets if budget.scope is not BudgetScope.TOTAL)
        wishes = wishes.replace(disruption=replace(wishes.disruption, budgets=kept))
        if total is not None:
            dear = Disruption(weight=SCALE * num_reps, measure=total.measure, budgets=kept)
            wishes = wishes.replace(disruption=dear)
    if "eligibility" in kinds:
        wishes = wishes.replace(eligibility=Eligibility(hard=False, weight=SCALE * prices.eligibility * num_accounts))
    if "unassigned" in kinds:
        wishes = wishes.replace(unassigned=Unassigned(allowed=True, weight=SCALE * prices.unassigned * num_accounts))
    if "lock" in kinds:
        wishes = wishes.replace(locks=())
        problem = problem.replace(locked=np.zeros(num_accounts, dtype=np.bool_))
    if "forbid" in kinds:
        wishes = wishes.replace(forbid=())
    if "frozen" in kinds:
        wishes = wishes.replace(frozen_reps=())
    problem = _with_given_targets(problem, criteria)
    if "capacity_max" in kinds:
        problem = problem.replace(capacity_max=np.full_like(problem.capacity_max, np.inf))
    if "capacity_min" in kinds:
        problem = problem.replace(capacity_min=np.zeros_like(problem.capacity_min))
    return problem, wishes


def _balances(problem: Problem, criteria: Criteria, kinds: frozenset[str]) -> Iterator[Balance]:
    """Yield hard balance, soft where it may give way, and a nameless one for loads whose limits become penalties."""
    num_reps = max(1, int(problem.active.sum()))
    named = set()
    for wish in criteria.balance:
        if not wish.hard:
            continue
        named.add(wish.measure)
        fixed = replace(wish, target=Target.GIVEN) if wish.target is Target.CAPACITY else wish
        yield replace(fixed, hard=False, weight=SCALE * num_reps) if "tolerance" in kinds else fixed
    for measure, name in enumerate(problem.measures):
        if name not in named and _softened(problem, measure, kinds):
            yield Balance(measure=name, target=Target.EQUAL, hard=False, weight=DUMMY)


def _softened(problem: Problem, measure: int, kinds: frozenset[str]) -> bool:
    active = problem.active
    has_most = bool(np.isfinite(problem.capacity_max[active, measure]).any())
    has_least = bool((problem.capacity_min[active, measure] > 0).any())
    return ("capacity_max" in kinds and has_most) or ("capacity_min" in kinds and has_least)


def _with_given_targets(problem: Problem, criteria: Criteria) -> Problem:
    """Return the problem with targets by capacity written down, so that they stay where capacities give way."""
    followed = [wish for wish in criteria.balance if wish.hard and wish.target is Target.CAPACITY]
    if not followed:
        return problem
    target = problem.target.copy()
    for wish in followed:
        measure = problem.measure_index(wish.measure)
        target[:, measure] = target_loads(problem, wish, total=float(problem.amount[:, measure].sum()))
    return problem.replace(target=target)


def _priced_pairs(
    model: Model, problem: Problem, criteria: Criteria, *, kinds: frozenset[str], prices: Prices
) -> FloatArray:
    """Return the costs with what broken locks, forbidden pairs and frozen reps cost. Shape ``(items, columns)``."""
    if not kinds & {"lock", "forbid", "frozen"}:
        return model.cost
    cost = np.array(model.cost)
    column = np.full(problem.num_reps, -1, dtype=np.int32)
    column[model.column_rep[model.column_rep >= 0]] = np.flatnonzero(model.column_rep >= 0)
    if "lock" in kinds:
        account, rep = required_reps(problem, criteria.replace(frozen_reps=()))
        _price_leaving(cost, model.item_of_account[account], column[rep], SCALE * prices.lock)
    if "forbid" in kinds and criteria.forbid:
        pairs = np.array(criteria.forbid, dtype=np.int64)
        pairs = pairs[column[pairs[:, 1]] >= 0]
        np.add.at(cost, (model.item_of_account[pairs[:, 0]], column[pairs[:, 1]]), SCALE * prices.forbid)
    if "frozen" in kinds:
        for frozen in sorted(set(criteria.frozen_reps)):
            own = np.flatnonzero(problem.current == frozen)
            # a frozen rep is released once, whatever passes: the price is shared out over what it has today
            price = SCALE * prices.frozen / max(1, len(own))
            _price_leaving(cost, model.item_of_account[own], np.full(len(own), column[frozen]), price)
            if column[frozen] >= 0:
                others = np.bincount(model.item_of_account[problem.current != frozen], minlength=model.num_items)
                cost[:, column[frozen]] += (price * others).astype(cost.dtype)
    return cost


def _price_leaving(cost: FloatArray, item: IntArray, column: IntArray, price: float) -> None:
    """Charge items for every column but the one where each of their accounts should stay."""
    count = np.bincount(item, minlength=len(cost))
    charged = np.flatnonzero(count)
    cost[charged] += (price * count[charged]).astype(cost.dtype)[:, None]
    known = column >= 0
    np.subtract.at(cost, (item[known], column[known]), np.asarray(price, dtype=cost.dtype))


def _with_penalties(model: Model, problem: Problem, criteria: Criteria, *, kinds: frozenset[str]) -> Model:
    """Return the model with a penalty for each limit that may give way, one a load."""
    reps = model.column_rep[model.column_rep >= 0]
    position = {name: load for load, name in enumerate(model.loads)}
    made = [soft for soft in model.soft if soft.price > DUMMY]
    for measure, name in enumerate(problem.measures):
        load = position.get(LoadName(kind="measure", measure=name))
        unit = SCALE * len(reps) / (float(problem.amount[:, measure].sum()) or 1.0)
        largest, smallest = problem.capacity_max[reps, measure], problem.capacity_min[reps, measure]
        for kind, limits, has_any in (
            ("capacity_max", largest, np.isfinite(largest).any()),
            ("capacity_min", smallest, (smallest > 0).any()),
        ):
            if load is None or kind not in kinds or not has_any:
                continue
            if any(soft.load == load for soft in made):
                model, load = _doubled(model, load)
            made.append((_beyond if kind == "capacity_max" else _below)(model, load, limits, unit))
    if "budget" in kinds:
        made += [
            _beyond_budget(model, problem, budget, position)
            for budget in criteria.disruption.budgets
            if budget.scope is not BudgetScope.TOTAL
        ]
    return replace(model, soft=tuple(made))


def _doubled(model: Model, load: int) -> tuple[Model, int]:
    """Return the model with a load once more, without limits: a load carries one penalty."""
    columns = (1, model.num_columns)
    delta = model.corrections.delta
    doubled = replace(
        model,
        loads=(*model.loads, model.loads[load]),
        amount=np.hstack([model.amount, model.amount[:, [load]]]),
        corrections=replace(model.corrections, delta=np.hstack([delta, delta[:, [load]]])),
        lower=np.vstack([model.lower, np.full(columns, -np.inf)]),
        upper=np.vstack([model.upper, np.full(columns, np.inf)]),
        share_lower=np.vstack([model.share_lower, np.full(columns, -np.inf)]),
        share_upper=np.vstack([model.share_upper, np.full(columns, np.inf)]),
        total_upper=np.append(model.total_upper, np.inf),
        counts_unassigned=np.append(model.counts_unassigned, model.counts_unassigned[load]),
    )
    return doubled, model.num_loads


def _beyond_budget(model: Model, problem: Problem, budget: Budget, position: dict[LoadName, int]) -> SoftBalance:
    reps = model.column_rep[model.column_rep >= 0]
    own = np.where(serves_today(problem), problem.amount[:, problem.measure_index(budget.measure)], 0.0)
    unit = SCALE * len(reps) / (float(own.sum()) or 1.0)
    if budget.scope is BudgetScope.IN:
        load = position[LoadName(kind="moved_in", measure=budget.measure)]
        smallest = 1e-6 * (float(own.sum()) or 1.0)
        return _beyond(model, load, np.full(len(reps), max(budget.limit, smallest)), unit)
    load = position[LoadName(kind="stay", measure=budget.measure)]
    served = np.flatnonzero(serves_today(problem))
    today = np.bincount(problem.current[served], weights=own[served], minlength=problem.num_reps)[reps]
    return _below(model, load, np.maximum(today - budget.limit, 0.0), unit)


def _beyond(model: Model, load: int, limit: Float64Array, unit: float) -> SoftBalance:
    """Return the penalty of loads above a limit: a band from 0 to the limit around its middle."""
    target = np.zeros(model.num_columns)
    target[: len(limit)] = np.where(np.isfinite(limit), limit / 2, 0.0)
    return SoftBalance(load=load, tolerance=1.0, price=unit * _typical(target), target=target)


def _below(model: Model, load: int, limit: Float64Array, unit: float) -> SoftBalance:
    """Return the penalty of loads below a limit: a band whose upper end no load can reach."""
    least = float(limit[limit > 0].min(initial=np.inf))
    most = float(model.amount[:, load].sum() + np.abs(model.corrections.delta[:, load]).sum())
    share = min(0.5, least / max(most, least)) if np.isfinite(least) else 0.5
    target = np.zeros(model.num_columns)
    target[: len(limit)] = limit / share
    return SoftBalance(load=load, tolerance=1.0 - share, price=unit * _typical(target), target=target)


def _typical(target: Float64Array) -> float:
    positive = target[target > 0]
    return float(np.median(positive)) if len(positive) else 1.0
